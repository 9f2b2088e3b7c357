"""`lrfind check`: the gate for CI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lrfind.cli import options
from lrfind.cli.options import Effort, Format


def check(
    configs: options.Configs,
    run: Annotated[
        Path | None,
        typer.Option(
            "--run",
            help="Judge this finished run, without JAX; of several configs: the folder of their runs.",
            show_default=False,
            **options.PATH,
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            help="An earlier result.json, or its run directory, to hold the recommendation against; of several "
            "configs: the folder of their runs.",
            show_default=False,
            **options.PATH,
        ),
    ] = None,
    max_drift: Annotated[
        float | None,
        typer.Option(
            "--max-drift",
            help="Factor by which the recommendation may move from the baseline. [default: 3]",
            show_default=False,
        ),
    ] = None,
    warn: Annotated[
        list[str] | None,
        typer.Option("--warn", metavar="ID", help="Let this verdict warn where it would fail; repeatable."),
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", metavar="ID", help="Leave this verdict out; repeatable.")
    ] = None,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit 0 where the gate fails: report only.")] = False,
    min_lr: options.MinLr = None,
    max_lr: options.MaxLr = None,
    steps: options.Steps = None,
    seeds: options.Seeds = None,
    method: options.Method = None,
    effort: options.EffortOption = Effort.standard,
    confirm: options.Confirm = None,
    fresh: options.Fresh = False,
    out: options.Out = None,
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
    """Judge whether the configured learning rate is usable and the model learns at all: a gate for CI.

    Sweeps, or judges a finished run (--run), and leaves check.json in the run directory. `lrfind explain` says what
    each verdict means. Exits 1 where one fails.

    Example: lrfind check config.yaml --format github
    """
    from lrfind.cli.check_command import Gate, GateJob
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
    gate = Gate(run, baseline, max_drift, tuple(warn or ()), tuple(ignore or ()))
    raise typer.Exit(GateJob(configs, wishes, gate).run())
