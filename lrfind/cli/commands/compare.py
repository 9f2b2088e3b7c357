"""`lrfind compare`: runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lrfind.cli import options as shared
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
    min_lr: shared.MinLr = None,
    max_lr: shared.MaxLr = None,
    steps: shared.Steps = None,
    seeds: shared.Seeds = None,
    method: shared.Method = None,
    effort: shared.EffortOption = Effort.standard,
    confirm: shared.Confirm = None,
    exit_zero: shared.ExitZero = False,
    fresh: shared.Fresh = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Folder of the runs. [default: lrfind-runs/NAME-compare]",
            show_default=False,
            **shared.PATH,
        ),
    ] = None,
    settings: shared.Set = None,
    seed: shared.Seed = None,
    form: shared.FormatOption = Format.text,
    as_json: shared.Json = False,
    output: shared.Output = None,
    plot: shared.Plot = None,
    no_plot: shared.NoPlot = False,
    quiet: shared.Quiet = False,
    no_color: shared.NoColor = False,
    device: shared.DeviceOption = None,
    dry_run: shared.DryRun = False,
    allow_import: shared.AllowImport = None,
    allow_code: shared.AllowCode = None,
    no_cache: shared.NoCache = False,
    debug: shared.Debug = False,
) -> None:
    """Put runs side by side: rates, intervals and judged losses in one table, the curves in one figure (--plot).

    Finished runs, of sweeps or of trainings, are read, without JAX; configs are swept. With --optimizers or
    --batch-sizes one config is swept once for each of them.

    Example: lrfind compare config.yaml --optimizers sgd,momentum,adam --plot optimizers.png
    """
    from lrfind.cli.compare_command import CompareJob
    from lrfind.cli.measure_options import EFFORTS, Wishes, given
    from lrfind.cli.outputs import to_file

    wishes = Wishes(
        overrides=[*EFFORTS[effort], *(settings or [])],
        flags=given(min_lr=min_lr, max_lr=max_lr, steps=steps, seeds=seeds, method=method, seed=seed, confirm=confirm),
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
