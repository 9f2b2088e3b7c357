"""What came of several configs as one document."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lrfind.cli.options import Format
from lrfind.errors import ConfigError, LrfindError

if TYPE_CHECKING:
    from lrfind.report.check.verdict_wording import Judged
    from lrfind.types import Failure


def joined(parts: Sequence[str], form: Format, *, many: bool) -> str:
    """Rendered reports as one: of `many` configs, JSON is an array."""
    if form is Format.json and many and parts:
        return "[\n" + ",\n".join(part.rstrip("\n") for part in parts) + "\n]\n"
    return "\n".join(parts)


def for_ci(found: Sequence[Judged], form: Format, title: str) -> str:
    """JUnit or GitHub's annotations."""
    from lrfind.report.look import Look
    from lrfind.report.render import render_all

    return render_all(found, form, Look(title=title, checkout=checkout()))


def checkout() -> str:
    """The folder that GitHub's names of files are relative to; empty where there is none."""
    return os.environ.get("GITHUB_WORKSPACE", "")


def summarise(text: str) -> None:
    """Append Markdown to the summary of a step of GitHub Actions, where there is one."""
    from lrfind.cli.screen import say
    from lrfind.sinks import step_summary

    if trouble := step_summary.append(text):
        say(f"lrfind: {trouble}")


def of_error(source: str, error: LrfindError, form: Format, title: str) -> str:
    """What could not be judged, in a form for CI; nothing in the others, as stderr says it."""
    return for_ci([failure(source, error)], form, title) if form in (Format.junit, Format.github) else ""


def failure(source: str, error: LrfindError) -> Failure:
    """A config that could not be judged, with the place of its first problem."""
    from lrfind.types import Failure

    first = error.problems[0] if isinstance(error, ConfigError) and error.problems else None
    line, column = (first.line, first.column) if first else (None, None)
    return Failure(source, str(error), int(error.exit_code), line, column)
