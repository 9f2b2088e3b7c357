"""`lrfind sweep`: the main job."""

from __future__ import annotations

from typing import Annotated

import typer

from lrfind.cli import options as shared
from lrfind.cli.options import Effort, Format


def sweep(
    configs: shared.Configs,
    min_lr: shared.MinLr = None,
    max_lr: shared.MaxLr = None,
    steps: shared.Steps = None,
    seeds: shared.Seeds = None,
    method: shared.Method = None,
    effort: shared.EffortOption = Effort.standard,
    confirm: shared.Confirm = None,
    write: Annotated[bool, typer.Option("--write", help="Put the rate into the config, comments kept.")] = False,
    exit_zero: shared.ExitZero = False,
    advice: shared.Advice = False,
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
    allow_import: shared.AllowImport = None,
    allow_code: shared.AllowCode = None,
    dry_run: shared.DryRun = False,
    no_cache: shared.NoCache = False,
    debug: shared.Debug = False,
) -> None:
    """Raise the learning rate step by step, record the loss, and recommend a rate.

    Leaves plot.png, result.json, curve.csv and journal.jsonl in the run directory. The same command again carries an
    unfinished run on.

    Example: lrfind sweep config.yaml --json | jq .recommendation.learning_rate
    """
    from lrfind.cli.command import Job
    from lrfind.cli.measure_options import EFFORTS, Wishes, given
    from lrfind.cli.outputs import to_file

    wishes = Wishes(
        overrides=[*EFFORTS[effort], *(settings or [])],
        flags=given(min_lr=min_lr, max_lr=max_lr, steps=steps, seeds=seeds, method=method, seed=seed, confirm=confirm),
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
