"""`lrfind train`: one real training, with a diagnosis."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lrfind.cli import options as shared
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
            parser=shared.named,
            metavar="RUN",
        ),
    ] = None,
    schedule: Annotated[
        str | None, typer.Option("--schedule", help="Override train.schedule by a name.", show_default=False)
    ] = None,
    steps: Annotated[int | None, typer.Option("--steps", help="Override train.steps.", show_default=False)] = None,
    fail_on: shared.FailOn = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Overwrite another config's run in --out.")] = False,
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
    """Train once at a rate and schedule, and say what the training shows.

    Leaves plot.png, train.json, train.csv and journal.jsonl in the run directory.

    Example: lrfind train config.yaml --use lrfind-runs/config
    """
    from lrfind.cli.measure_options import given
    from lrfind.cli.outputs import to_file
    from lrfind.cli.train_command import TrainJob, TrainWishes

    wishes = TrainWishes(
        overrides=settings or [],
        flags=given(lr=lr, schedule=schedule, steps=steps, seed=seed),
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
