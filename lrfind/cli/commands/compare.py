"""`lrfind compare`: runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lrfind.cli import options
from lrfind.cli.options import Effort, Format


def compare(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN|CONFIG...", help="Run directories, result.json files, configs.", show_default=False
        ),
    ],
    optimizers: Annotated[
        str | None,
        typer.Option("--optimizers", metavar="A,B", help="Sweep the config with each of these.", show_default=False),
    ] = None,
    batch_sizes: Annotated[
        str | None,
        typer.Option("--batch-sizes", metavar="N,M", help="Sweep the config with each of these.", show_default=False),
    ] = None,
    min_lr: options.MinLr = None,
    max_lr: options.MaxLr = None,
    steps: options.Steps = None,
    seeds: options.Seeds = None,
    method: options.Method = None,
    effort: options.EffortOption = Effort.standard,
    confirm: options.Confirm = None,
    exit_zero: options.ExitZero = False,
    fresh: options.Fresh = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Folder of the runs. [default: lrfind-runs/NAME-compare]",
            show_default=False,
            **options.PATH,
        ),
    ] = None,
    settings: options.Set = None,
    seed: options.Seed = None,
    form: options.FormatOption = Format.text,
    as_json: options.Json = False,
    output: options.Output = None,
    plot: options.Plot = None,
    no_plot: options.NoPlot = False,
    quiet: options.Quiet = False,
    no_color: options.NoColor = False,
    device: options.DeviceOption = None,
    dry_run: options.DryRun = False,
    allow_import: options.AllowImport = None,
    allow_code: options.AllowCode = None,
    no_cache: options.NoCache = False,
    debug: options.Debug = False,
) -> None:
    """Put runs side by side: rates, intervals and judged losses in one table, the curves in one figure (--plot).

    Finished runs, of sweeps or of trainings, are read, without JAX; configs are swept. With --optimizers or
    --batch-sizes one config is swept once for each of them.

    Example: lrfind compare config.yaml --optimizers sgd,momentum,adam --plot optimizers.png
    """
    from lrfind.cli.compare_command import CompareJob
    from lrfind.cli.measure_options import EFFORTS, MeasureOptions, set_options
    from lrfind.cli.outputs import to_file

    wishes = MeasureOptions(
        overrides=[*EFFORTS[effort], *(settings or [])],
        flags=set_options(
            min_lr=min_lr, max_lr=max_lr, steps=steps, seeds=seeds, method=method, seed=seed, confirm=confirm
        ),
        form=Format.json if as_json else form,
        output=to_file(output),
        out=out,
        fresh=fresh,
        exit_zero=exit_zero,
        plot=plot,
        draws=not no_plot,
        quiet=quiet,
        color=not no_color,
        device=device and device.value,
        dry_run=dry_run,
        packages=allow_import or [],
        code_folders=allow_code or [],
        cache=not no_cache,
        debug=debug,
    )
    raise typer.Exit(CompareJob(sources, wishes, optimizers, batch_sizes).run())
