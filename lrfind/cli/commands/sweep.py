"""`lrfind sweep`: the main job."""

from __future__ import annotations

from typing import Annotated

import typer

from lrfind.cli import options
from lrfind.cli.options import Effort, Format


def sweep(
    configs: options.Configs,
    min_lr: options.MinLr = None,
    max_lr: options.MaxLr = None,
    steps: options.Steps = None,
    seeds: options.Seeds = None,
    method: options.Method = None,
    effort: options.EffortOption = Effort.standard,
    confirm: options.Confirm = None,
    write: Annotated[bool, typer.Option("--write", help="Put the rate into the config, comments kept.")] = False,
    exit_zero: options.ExitZero = False,
    advice: options.Advice = False,
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
    allow_import: options.AllowImport = None,
    allow_code: options.AllowCode = None,
    dry_run: options.DryRun = False,
    no_cache: options.NoCache = False,
    debug: options.Debug = False,
) -> None:
    """Raise the learning rate step by step, record the loss, and recommend a rate.

    Leaves plot.png, result.json, curve.csv and journal.jsonl in the run directory. The same command again carries an
    unfinished run on.

    Example: lrfind sweep config.yaml --json | jq .recommendation.learning_rate
    """
    from lrfind.cli.command import Job
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
        write=write,
        exit_zero=exit_zero,
        advice=advice,
        plot=plot,
        draws=not no_plot,
        quiet=quiet,
        color=not no_color,
        device=device and device.value,
        packages=allow_import or [],
        code_folders=allow_code or [],
        dry_run=dry_run,
        cache=not no_cache,
        debug=debug,
    )
    raise typer.Exit(Job(configs, wishes).run())
