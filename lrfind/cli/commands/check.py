"""`lrfind check`: the gate for CI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lrfind.cli import options as shared
from lrfind.cli.options import Effort, Format


def check(
    configs: shared.Configs,
    run: Annotated[
        Path | None,
        typer.Option(
            "--run",
            help="Judge this finished run, without JAX; of several configs: the folder of their runs.",
            show_default=False,
            **shared.PATH,
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            help="An earlier result.json, or its run directory, to hold the recommendation against; of several "
            "configs: the folder of their runs.",
            show_default=False,
            **shared.PATH,
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
    min_lr: shared.MinLr = None,
    max_lr: shared.MaxLr = None,
    steps: shared.Steps = None,
    seeds: shared.Seeds = None,
    method: shared.Method = None,
    effort: shared.EffortOption = Effort.standard,
    confirm: shared.Confirm = None,
    fresh: shared.Fresh = False,
    out: shared.Out = None,
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
    """Judge whether the configured learning rate is usable and the model learns at all: a gate for CI.

    Sweeps, or judges a finished run (--run), and leaves check.json in the run directory. `lrfind explain` says what
    each verdict means. Exits 1 where one fails.

    Example: lrfind check config.yaml --format github
    """
    from lrfind.cli.check_command import Gate, GateJob
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
    gate = Gate(run, baseline, max_drift, tuple(warn or ()), tuple(ignore or ()))
    raise typer.Exit(GateJob(configs, wishes, gate).run())
