"""What a report is to know, and what could not be reported."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrfind.cli.options import Format
from lrfind.cli.terminal import Screen, say, screen
from lrfind.core.errors import ConfigError, LrfindError

if TYPE_CHECKING:
    from lrfind.config.schema import Config
    from lrfind.core.verdicts import Failure
    from lrfind.report.look import Look


def look_of(shows: Screen, output: Path | None, **more: Any) -> Look:
    """The options of a report.

    Args:
        shows: what standard output can show.
        output: the file that the report goes to; None for standard output.
        more: what else the report is to know, as `Validator` calls it.
    """
    from lrfind.report.look import Look

    width, color, unicode = shows.width, shows.color and output is None, shows.unicode or output is not None
    checkout = os.environ.get("GITHUB_WORKSPACE", "")
    return Look(**{"width": width, "color": color, "unicode": unicode, "checkout": checkout, **more})


def summarise(text: str) -> None:
    """Append Markdown to the summary of a step of GitHub Actions, where there is one."""
    from lrfind.cli import github_summary

    if trouble := github_summary.append(text):
        say(f"lrfind: {trouble}")


def of_error(source: str, error: LrfindError, form: Format, title: str) -> str:
    """What could not be judged, in a form for CI; nothing in the others, as stderr says it."""
    if form not in (Format.junit, Format.github):
        return ""
    from lrfind.report.render import render

    return render(failure(source, error), form, look_of(screen(sys.stdout), None, title=title))


def failure(source: str, error: LrfindError) -> Failure:
    """A config that could not be judged, with the place of its first problem."""
    from lrfind.core.verdicts import Failure

    first = error.problems[0] if isinstance(error, ConfigError) and error.problems else None
    line, column = (first.line, first.column) if first else (None, None)
    return Failure(source, str(error), int(error.exit_code), line, column)


def say_what_ran(config: Config) -> None:
    """Say on stderr whose code a dry run has run: a config's targets are imported and called to know their shapes."""
    from lrfind.cli.terminal import say
    from lrfind.task.user_code.module_loading import loaded

    if config.targets and (names := loaded()):
        say(f"lrfind: ran code of {', '.join(names)}, to know its shapes")
