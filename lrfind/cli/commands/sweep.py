"""`lrfind sweep`: the main job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from lrfind.cli.options import Configs, Format, SweepOptions
from lrfind.cli.spread import spread

if TYPE_CHECKING:
    from lrfind.cli.command import Session
    from lrfind.cli.sources import CommandSource, ConfigLoader
    from lrfind.config.load import Loaded
    from lrfind.core.errors import ExitCode
    from lrfind.core.result import Result
    from lrfind.report.render import Document


@spread
def sweep(configs: Configs, options: SweepOptions) -> None:
    """Raise the learning rate step by step, record the loss, and recommend a rate.

    Leaves plot.png, result.json, curve.csv and journal.jsonl in the run directory. The same command again carries an
    unfinished run on.

    Example: lrfind sweep config.yaml --json | jq .recommendation.learning_rate
    """
    from lrfind.cli.command import Command, run

    command = Command(
        title="lrfind sweep",
        prepare=lambda loader: prepare(configs, options, loader),
        execute=dry_run if options.dry_run else measure,
        conclude=conclude,
        look={"advice": options.advice},
    )
    raise typer.Exit(run(command, options))


def prepare(configs: Sequence[str], options: SweepOptions, loader: ConfigLoader) -> Sequence[CommandSource]:
    """Return the configs, each with its run directory.

    Raises:
        InputError: an output may not be written, or options contradict each other.
    """
    from lrfind.cli.sources import check_sources, note_renamed, sources_of

    sources = sources_of(configs, options, loader)
    check_sources(sources, options, loader)
    note_renamed(sources, options)
    return sources


def measure(source: CommandSource, loaded: Loaded, session: Session) -> Result:
    """Sweep one config; another process imports meanwhile what draws and sets reports."""
    start_worker(session, text=session.options.format is Format.text)
    from lrfind.cli.measure import measure

    return measure(source, loaded, session)


def dry_run(source: CommandSource, loaded: Loaded, session: Session) -> Document:
    """Check one config and its data without measuring."""
    from lrfind.cli.measure import dry_run

    return dry_run(source, loaded, session)


def start_worker(session: Session, *, text: bool = False) -> None:
    """Start the process that draws and sets reports, if there is a use for it.

    Args:
        session: of the command.
        text: whether the report of a sweep is set for a terminal.
    """
    if session.worker is None and (session.options.draws or text):
        from lrfind.report.background import Background

        session.worker = session.stack.enter_context(Background())


def conclude(document: Document, source: CommandSource, loaded: Loaded, session: Session) -> ExitCode:
    """Write the rate into the config with --write, and return the exit code."""
    from lrfind.config.write_back import short, write_rate
    from lrfind.core.errors import ExitCode
    from lrfind.core.result import Result

    options = session.options
    assert isinstance(options, SweepOptions)
    if not isinstance(document, Result) or session.interruption.code is not None:
        return ExitCode.DONE  # A signal decides how the process ends.
    rate = document.recommendation.learning_rate
    if rate is None:
        return ExitCode.NO_RECOMMENDATION
    if options.write:
        write_rate(session.start / source.argument, rate, read=loaded.text, shown=source.argument)
        if not options.quiet:
            from lrfind.cli.terminal import say

            say(f"lrfind: wrote optimizer.learning_rate: {short(rate)} into {source.argument}")
    return ExitCode.DONE
