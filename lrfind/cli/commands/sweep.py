"""`lrfind sweep`: the main job."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from lrfind.cli.command import Command, Job, Session
from lrfind.cli.options import SweepOptions
from lrfind.cli.sources import CommandSource, ConfigLoader, check_sources, note_renamed, sources_of
from lrfind.cli.terminal import note
from lrfind.config.write_back import short, write_rate
from lrfind.core.errors import ExitCode
from lrfind.core.formats import Format

if TYPE_CHECKING:
    from lrfind.core.result import Result
    from lrfind.report.render import Document


def run(configs: Sequence[str], options: SweepOptions) -> ExitCode:
    """Measure the configs, and return the exit code."""
    command = Command(
        title="lrfind sweep",
        prepare=partial(prepare, configs, options),
        execute=dry_run if options.dry_run else measure,
        conclude=partial(conclude, options),
        look={"advice": options.advice},
    )
    return Session(command, options).run()


def prepare(configs: Sequence[str], options: SweepOptions, loader: ConfigLoader) -> Sequence[CommandSource]:
    """Return the configs, each with its run directory.

    Raises:
        InputError: an output may not be written, or options contradict each other.
    """
    sources = sources_of(configs, options, loader)
    check_sources(sources, options, loader)
    note_renamed(sources, options)
    return sources


def measure(job: Job) -> Result:
    """Sweep one config; another process imports meanwhile what draws and sets reports."""
    start_worker(job.session, text=job.session.options.format is Format.text)
    from lrfind.cli.measure import measure

    return measure(job)


def dry_run(job: Job) -> Document:
    """Check one config and its data without measuring."""
    from lrfind.cli.measure import dry_run
    from lrfind.runs.sweep import dry_run as facts

    return dry_run(job, facts)


def start_worker(session: Session, *, text: bool = False) -> None:
    """Start the process that draws and sets reports, if there is a use for it.

    Args:
        session: of the command.
        text: whether the report of a sweep is set for a terminal.
    """
    if session.worker is None and (session.options.draws or text):
        from lrfind.report.background import Background

        session.worker = session.stack.enter_context(Background())


def conclude(options: SweepOptions, document: Document, job: Job) -> ExitCode:
    """Write the rate into the config with --write, and return the exit code."""
    from lrfind.core.result import Result

    if not isinstance(document, Result) or job.session.interruption.code is not None:
        return ExitCode.DONE  # A signal decides how the process ends.
    rate, config = document.recommendation.learning_rate, job.source.argument
    if rate is None:
        return ExitCode.NO_RECOMMENDATION
    if options.write:
        write_rate(job.session.start / config, rate, read=job.loaded.text, shown=config)
        note(f"wrote optimizer.learning_rate: {short(rate)} into {config}", quiet=options.quiet)
    return ExitCode.DONE
