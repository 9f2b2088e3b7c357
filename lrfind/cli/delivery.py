"""Write what a command made: to standard output, a file, and the summary of GitHub Actions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from lrfind.cli.terminal import Screen, say, write_stdout
from lrfind.core.errors import ConfigError, LrfindError
from lrfind.core.verdicts import Failure
from lrfind.report.wording import Look
from lrfind.storage.atomic import write

MOST_BYTES = 1024 * 1024
"""What GitHub takes for one step; a larger file is dropped whole."""


def look_of(screen: Screen, output: Path | None, **options: Any) -> Look:
    """Return the options of a report.

    Args:
        screen: abilities of standard output.
        output: file that the report goes to; None for standard output.
        options: further fields of `Look`.
    """
    width, color, unicode = screen.width, screen.color and output is None, screen.unicode or output is not None
    checkout = os.environ.get("GITHUB_WORKSPACE", "")
    return Look(**{"width": width, "color": color, "unicode": unicode, "checkout": checkout, **options})


def deliver(text: str, output: Path | None, start: Path = Path()) -> None:
    """Write a report.

    Args:
        text: the report.
        output: file to write, relative to `start`; None for standard output.
        start: working directory of the command.

    Raises:
        RunError: it cannot be written.
    """
    if output is None:
        write_stdout(text)
    else:
        write(start / output, text.encode(), output)


def summarise(text: str) -> None:
    """Append Markdown to the summary of a step of GitHub Actions, where there is one.

    That it cannot be done is printed: no reason for a gate to come out otherwise.
    """
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if not name:
        return
    path, section = Path(name), text.encode()
    try:
        before = path.stat().st_size if path.exists() else 0
        if before + len(section) > MOST_BYTES:
            limit = f"the {MOST_BYTES:,} bytes that GitHub takes"
            say(f"lrfind: the step's summary would be larger than {limit}; it was left out")
            return
        with path.open("ab") as file:
            file.write(b"\n" + section if before else section)
    except OSError as error:
        say(f"lrfind: the step's summary {name} cannot be written: {error.strerror or error}")


def failure(source: str, error: LrfindError) -> Failure:
    """Return the document of a config or a log that failed, with the position of its first problem.

    Args:
        source: name of the config or the log.
        error: reason.
    """
    first = error.problems[0] if isinstance(error, ConfigError) and error.problems else None
    line, column = (first.line, first.column) if first else (None, None)
    return Failure(source, str(error), int(error.exit_code), line, column)
