"""`lrfind sweep`: the main job."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lrfind.cli.command import Command, Job, Session
from lrfind.cli.options import SweepOptions
from lrfind.cli.sources import CommandSource, ConfigLoader
from lrfind.cli.terminal import note
from lrfind.config.load import read_text
from lrfind.config.write_back import short, with_rate
from lrfind.core.errors import ExitCode, InputError, RunError
from lrfind.core.formats import Format
from lrfind.storage.atomic import is_special, staged

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
    for config in configs if options.write else ():
        check_rewritten(config)
    return loader.sources(configs)


def check_rewritten(config: str) -> None:
    """Refuse --write where there is no file to write to.

    Raises:
        InputError: the config is standard input, a pipe, or may not be written.
    """
    if config == "-" or is_special(Path(config)):
        where = "standard input" if config == "-" else "a pipe"
        raise InputError(f"--write has no file to write to where the config comes from {where}")
    if os.path.exists(config) and not os.access(config, os.W_OK):
        raise InputError(f"--write: {config} may not be written: permission denied")


def measure(job: Job) -> Result:
    """Sweep one config; another process imports meanwhile what draws and sets reports."""
    start_worker(job.session, text=job.session.options.format is Format.text)
    from lrfind.cli.measure import measure

    return measure(job)


def dry_run(job: Job) -> Document:
    """Check one config and its data without measuring."""
    from lrfind.cli.measure import dry_run

    return dry_run(job)


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
        write_rate(job.session.start / config, rate, job.loaded.text, config)
        note(f"wrote optimizer.learning_rate: {short(rate)} into {config}", quiet=options.quiet)
    return ExitCode.DONE


def write_rate(path: Path, rate: float, read: str, shown: str) -> None:
    """Set `optimizer.learning_rate` in a config file, to three significant digits.

    The file is replaced as a whole or not at all, and keeps its mode; of a symbolic link, the file behind it.

    Args:
        path: the file.
        rate: the learning rate.
        read: the text that the rate was measured for.
        shown: how messages name the file.

    Raises:
        ConfigError: the file cannot be read.
        InputError: the file cannot be changed there or written; it is as it was.
        RunError: its text is no longer `read`; it is as it was.
    """
    number, key = short(rate), "optimizer.learning_rate"
    if read_text(path) != read:
        raise RunError(
            f"{shown} was changed while it was measured, so learning_rate: {number} was not written into it; that is "
            "the rate of the config as it was"
        )
    changed = with_rate(read, number)
    if changed is None:
        message = f"{shown} cannot be changed without touching more; set learning_rate: {number} yourself"
        raise InputError(message, key=key)
    target = path.resolve()
    try:
        with target.open("r+b") as file:  # Another file would take the place of one that may not be written.
            bom = b"\xef\xbb\xbf" if file.read(3) == b"\xef\xbb\xbf" else b""
        with staged(target, bom + changed.encode()) as temporary:
            os.replace(temporary, target)
    except OSError as error:
        raise InputError(f"{shown} cannot be written: {error.strerror or error}", key=key) from None
