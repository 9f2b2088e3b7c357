"""The gate's report as GitHub's workflow commands: an annotation per verdict, at the line of the config it is about.

Syntax: ``::error file=config.yaml,line=3,col=12,title=lrfind rate-in-range::message``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lrfind.core.printable import one_line
from lrfind.core.verdicts import Failure
from lrfind.report.check.check_report import Judged, name_of, position, values

STDIN = ("-", "stdin")
"""Names of a config on standard input."""

MOST = 10
"""Annotations of one kind that GitHub shows for a step."""

KINDS = {"fail": "error", "warn": "warning", "pass": "notice"}
"""GitHub's name of each status, the worst first."""

DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
PROPERTY = DATA | {":": "%3A", ",": "%2C"}


def commands(checks: Sequence[Judged], checkout: str = "") -> str:
    """Return a command for each verdict, the worst first.

    Where there are more of a kind than GitHub shows, the last that it shows says how many.

    Args:
        checks: outcomes of checks.
        checkout: folder that the names of files become relative to; empty for none.
    """
    lines = [line for check in checks for line in _lines(check, in_checkout(check.where, checkout))]
    ordered: list[str] = []
    for kind in KINDS.values():
        of_kind = [line for line in lines if line.startswith(f"::{kind} ")]
        if len(of_kind) > MOST:
            rest = len(of_kind) - MOST + 1
            more = f"{rest} more, as GitHub shows {MOST} of a kind; the step's log has all"
            of_kind.insert(MOST - 1, _command(kind, "", None, None, "lrfind", more))
        ordered += of_kind
    return "".join(f"{line}\n" for line in ordered)


def in_checkout(where: str, checkout: str) -> str:
    """Return a file relative to a checkout; a file outside of it as it is, nothing for standard input."""
    if where in STDIN:
        return ""
    if not checkout:
        return where
    path, root = Path(where).resolve(), Path(checkout).resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else where


def _lines(check: Judged, where: str) -> list[str]:
    if isinstance(check, Failure):
        message = "\n".join(one_line(line) for line in check.message.splitlines())
        return [_command("error", where, check.line, check.column, "lrfind", message)]
    lines = []
    for verdict in check.verdicts:
        line, column = position(check, verdict) or (None, None)
        message = f"{name_of(check)}: {one_line(verdict.message)}"
        if verdict.judged and (limits := values(verdict)):
            message += f" ({limits})"
        lines.append(_command(KINDS[verdict.status], where, line, column, f"lrfind {verdict.id}", message))
    return lines


def _command(kind: str, where: str, line: int | None, column: int | None, title: str, message: str) -> str:
    """Return a workflow command; without a line it stands at the head of its file."""
    file = one_line(where)
    properties = {"file": file, "line": line or (1 if file else None), "col": column, "title": title}
    shown = ",".join(f"{name}={escape(str(value), PROPERTY)}" for name, value in properties.items() if value)
    return f"::{kind} {shown}::{escape(message, DATA)}"


def escape(text: str, marks: dict[str, str]) -> str:
    """Return text with its marks replaced, so that the text ends neither the command nor a property."""
    return "".join(marks.get(char, char) for char in text)
