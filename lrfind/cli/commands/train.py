"""`lrfind train`: one real training, with a diagnosis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from lrfind.cli.commands.diagnose import exit_code, ids
from lrfind.cli.options import TrainOptions
from lrfind.cli.spread import spread

if TYPE_CHECKING:
    from lrfind.cli.command import Session
    from lrfind.cli.sources import CommandSource, ConfigLoader
    from lrfind.config.load import Loaded
    from lrfind.core.errors import ExitCode
    from lrfind.core.training import Training
    from lrfind.report.render import Document
    from lrfind.runs.callbacks import Timer
    from lrfind.runs.train import Peak


@spread
def train(
    config: Annotated[str, typer.Argument(help="A YAML file; - reads it from standard input.", show_default=False)],
    options: TrainOptions,
) -> None:
    """Train once at a rate and schedule, and say what the training shows.

    Leaves plot.png, train.json, train.csv and journal.jsonl in the run directory.

    Example: lrfind train config.yaml --use lrfind-runs/config
    """
    from lrfind.cli.command import CI_FORMATS, Command, run

    command = Command(
        title="lrfind train",
        prepare=lambda loader: prepare(config, options, loader),
        execute=dry_run if options.dry_run else measure,
        conclude=conclude,
        look={"fail_on": options.fail_on or ()},
        failure_formats=CI_FORMATS,
        refused=config,
        summarises=not options.dry_run,
    )
    raise typer.Exit(run(command, options))


def prepare(config: str, options: TrainOptions, loader: ConfigLoader) -> Sequence[CommandSource]:
    """Return the config with its run directory.

    Raises:
        InputError: an output may not be written, or options are unknown or contradict each other.
    """
    from lrfind.cli.outputs import check_files
    from lrfind.cli.sources import check_sources, output_files, sources_of
    from lrfind.core.errors import InputError

    ids(options.fail_on or ())
    if options.use is not None and options.lr is not None:
        raise InputError("--use and --lr both name a rate; leave one out")
    sources = sources_of([config], options, loader)
    check_files(output_files(options), [*filter(None, [options.use])], "what is read")
    check_sources(sources, options, loader)
    return sources


def measure(source: CommandSource, loaded: Loaded, session: Session) -> Training:
    """Return the training of a config, and print where the measurements are if a signal came.

    Raises:
        LrfindError: the run failed.
    """
    from lrfind.cli.measure import run_options
    from lrfind.cli.terminal import say
    from lrfind.runs.callbacks import Timer
    from lrfind.runs.train import train

    options = session.options
    assert isinstance(options, TrainOptions)
    peak = peak_of(loaded, options)
    with session.narrate(f"{loaded.name}-train", named=options.out is not None) as narration:
        training, session.files = train(
            loaded.config,
            loaded.name,
            peak,
            lambda training, timer: render(training, timer, session),
            run_options(source, loaded, session),
            narration,
            Timer(),
        )
    if training.status == "interrupted":
        say(f"lrfind: interrupted; what was measured is in {narration.path}")
    session.interruption.confirm(training.status)
    return training


def peak_of(loaded: Loaded, options: TrainOptions) -> Peak:
    """Return the rate to train at: of the run that --use names, or of the config.

    Raises:
        InputError: there is no rate.
    """
    from lrfind.core.errors import InputError
    from lrfind.runs.train import Peak

    if options.use is not None:
        return recommended(options)
    rate = loaded.config.optimizer.learning_rate
    if rate is None:
        raise InputError(
            "the config has no optimizer.learning_rate to train at; set it, or use --lr, or --use with a run of "
            "`lrfind sweep`",
            key="optimizer",
        )
    return Peak(rate, "optimizer.learning_rate" if options.lr is None else "--lr")


def recommended(options: TrainOptions) -> Peak:
    """Return the rate that the finished run of --use recommends.

    Raises:
        InputError: there is no run, or it recommends none.
    """
    from lrfind.core.errors import InputError
    from lrfind.runs.train import Peak
    from lrfind.storage.layout import RESULT
    from lrfind.storage.open_result import stored_result

    assert options.use is not None
    run = options.use
    try:
        recommendation = stored_result(run).recommendation
    except InputError as error:
        raise InputError(f"--use {error}") from None
    except OSError as error:
        name = RESULT if run.is_dir() else run.name
        raise InputError(
            f"--use {run}: {name} cannot be read: {error.strerror}; name the run directory of `lrfind sweep`"
        ) from None
    rate = recommendation.learning_rate
    if rate is None:
        raise InputError(f"--use {run}: that run recommends no rate: {recommendation.reason}")
    return Peak(rate, f"the run in {run}", recommendation.high if recommendation.confirmed else None)


def render(training: Training, timer: Timer, session: Session) -> tuple[Training, dict[str, bytes]]:
    """Return the files of a training; train.json comes last, as the sign that all are there."""
    from lrfind.cli.commands.report import contents_of
    from lrfind.cli.outputs import figure_format
    from lrfind.report.train import training_report
    from lrfind.storage.layout import TRAIN

    plot = session.options.plot
    with timer("render"):
        files = contents_of(training, session.options.draws)
        if plot is not None:
            from lrfind.report.plots.figures import draw

            session.figure = draw(training, figure_format(plot))
    training = replace(training, timing={**training.timing, "render": timer.spent["render"], "total": timer.total})
    return training, {**files, TRAIN: training_report.to_json(training).encode()}


def conclude(document: Document, source: CommandSource, loaded: Loaded, session: Session) -> ExitCode:
    """Return exit code 1 where a finding of --fail-on was found."""
    from lrfind.core.errors import ExitCode
    from lrfind.core.training import Training

    del source, loaded
    assert isinstance(session.options, TrainOptions)
    if not isinstance(document, Training):
        return ExitCode.DONE
    return exit_code(document.findings, ids(session.options.fail_on or ()))


def dry_run(source: CommandSource, loaded: Loaded, session: Session) -> Document:
    """Check a config and its data without training."""
    from lrfind.cli.measure import narrated_dry_run, run_options
    from lrfind.runs.callbacks import Timer
    from lrfind.runs.dry_run import dry_run

    options = session.options
    assert isinstance(options, TrainOptions)
    return narrated_dry_run(
        loaded,
        session,
        lambda narration: dry_run(
            loaded.config, peak_of(loaded, options), run_options(source, loaded, session), narration, Timer()
        ),
    )
