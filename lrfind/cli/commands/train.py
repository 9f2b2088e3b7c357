"""`lrfind train`: one real training, with a diagnosis."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lrfind.cli import options
from lrfind.cli.options import Format


def train(
    config: Annotated[str, typer.Argument(help="A YAML file; - reads it from standard input.", show_default=False)],
    lr: Annotated[
        float | None,
        typer.Option("--lr", help="Rate to train at. [default: the config's learning_rate]", show_default=False),
    ] = None,
    use: Annotated[
        Path | None,
        typer.Option(
            "--use",
            help="Take the rate that a finished run recommends.",
            show_default=False,
            parser=options.named,
            metavar="RUN",
        ),
    ] = None,
    schedule: Annotated[
        str | None, typer.Option("--schedule", help="Override train.schedule by a name.", show_default=False)
    ] = None,
    steps: Annotated[int | None, typer.Option("--steps", help="Override train.steps.", show_default=False)] = None,
    fail_on: options.FailOn = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Overwrite another config's run in --out.")] = False,
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
    """Train once at a rate and schedule, and say what the training shows.

    Leaves plot.png, train.json, train.csv and journal.jsonl in the run directory.

    Example: lrfind train config.yaml --use lrfind-runs/config
    """
    from lrfind.cli.measure_options import set_options
    from lrfind.cli.outputs import to_file
    from lrfind.cli.train_command import TrainJob, TrainWishes

    wishes = TrainWishes(
        overrides=settings or [],
        flags=set_options(lr=lr, schedule=schedule, steps=steps, seed=seed),
        use=use,
        fail_on=fail_on or [],
        form=Format.json if as_json else form,
        output=to_file(output),
        out=out,
        fresh=fresh,
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
    raise typer.Exit(TrainJob(config, wishes).run())
