"""`lrfind train`: one real training, with a diagnosis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lrfind.cli.command import CI_FORMATS, Command, Job, Session
from lrfind.cli.commands.diagnose import exit_code, ids
from lrfind.cli.options import TrainOptions
from lrfind.cli.outputs import figure_format
from lrfind.cli.sources import CommandSource, ConfigLoader
from lrfind.cli.terminal import say
from lrfind.config.load import Loaded
from lrfind.core.errors import ExitCode, InputError

if TYPE_CHECKING:  # A config that is wrong is refused before numpy and all that trains are imported.
    from lrfind.analysis.build_result import Peak
    from lrfind.core.training import Training
    from lrfind.report.render import Document
    from lrfind.runs.prepare import RunContext


def run(config: str, options: TrainOptions) -> ExitCode:
    """Train once, and return the exit code."""
    command = Command(
        title="lrfind train",
        prepare=partial(prepare, config, options),
        execute=partial(dry_run if options.dry_run else measure, options),
        conclude=None if options.dry_run else partial(conclude, options),
        look={"fail_on": options.fail_on or ()},
        failure_formats=CI_FORMATS,
        refused=config,
        summarises=not options.dry_run,
    )
    return Session(command, options).run()


def prepare(config: str, options: TrainOptions, loader: ConfigLoader) -> Sequence[CommandSource]:
    """Return the config with its run directory.

    Raises:
        InputError: an output may not be written, or options are unknown or contradict each other.
    """
    ids(options.fail_on)
    if options.use is not None and options.lr is not None:
        raise InputError("--use and --lr both name a rate; leave one out")
    return loader.sources([config], [*filter(None, [options.use])])


def measure(options: TrainOptions, job: Job) -> Training:
    """Return the training of a config, and print where the measurements are if a signal came.

    Raises:
        LrfindError: the run failed.
    """
    from lrfind.cli.measure import run_options
    from lrfind.runs.train import train

    config, name, session = job.loaded.config, job.loaded.name, job.session
    peak = peak_of(job.loaded, options)
    with session.narrate(f"{name}-train", named=options.out is not None) as narration:
        training, session.files = train(config, name, peak, partial(render, session), run_options(job), narration)
    if training.status == "interrupted":
        say(f"lrfind: interrupted; what was measured is in {narration.path}")
    session.interruption.confirm(training.status)
    return training


def dry_run(options: TrainOptions, job: Job) -> Document:
    """Check a config and its data without training."""
    from lrfind.cli.measure import dry_run

    return dry_run(job, peak_of(job.loaded, options))


def peak_of(loaded: Loaded, options: TrainOptions) -> Peak:
    """Return the rate to train at: of the run that --use names, or of the config.

    Raises:
        InputError: there is no rate.
    """
    from lrfind.analysis.build_result import Peak

    if options.use is not None:
        return recommended(options.use)
    rate = loaded.config.optimizer.learning_rate
    if rate is None:
        raise InputError(
            "the config has no optimizer.learning_rate to train at; set it, or use --lr, or --use with a run of "
            "`lrfind sweep`",
            key="optimizer",
        )
    return Peak(rate, "optimizer.learning_rate" if options.lr is None else "--lr")


def recommended(run: Path) -> Peak:
    """Return the rate that a finished run, that of --use, recommends.

    Raises:
        InputError: there is no run, or it recommends none.
    """
    from lrfind.analysis.build_result import Peak
    from lrfind.storage.layout import RESULT, stored_result

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


def render(session: Session, training: Training, context: RunContext) -> tuple[Training, dict[str, bytes]]:
    """Return the files of a training; train.json comes last, as the sign that all are there."""
    from lrfind.cli.commands.report import contents_of
    from lrfind.report.train.training_report import to_json
    from lrfind.storage.layout import TRAIN

    plot = session.options.plot
    with context.timed("render"):
        files = contents_of(training, session.options.draws)
        if plot is not None:
            from lrfind.report.plots.figures import draw

            session.figure = draw(training, figure_format(plot))
    training = replace(training, timing={**training.timing, "render": context.spent["render"], "total": context.total})
    return training, {**files, TRAIN: to_json(training).encode()}


def conclude(options: TrainOptions, document: Document, job: Job) -> ExitCode:
    """Return exit code 1 where a finding of --fail-on was found."""
    from lrfind.core.training import Training

    del job
    assert isinstance(document, Training)
    return exit_code(document.findings, ids(options.fail_on))
