"""The gate's report as GitHub's workflow commands: an annotation per verdict, at the line of the config it is about.

Syntax: ``::error file=config.yaml,line=3,col=12,title=lrfind rate-in-range::message``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lrfind.report.text import one_line
from lrfind.report.verdicts import Judged, name_of, place, values
from lrfind.types import Failure

MOST = 10
"""Annotations of one kind that GitHub shows for a step."""

KINDS = {"fail": "error", "warn": "warning", "pass": "notice"}
"""What each status is called, the worst first."""

DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
PROPERTY = DATA | {":": "%3A", ",": "%2C"}


@dataclass(frozen=True)
class _Note:
    kind: str
    where: str
    line: int | None
    column: int | None
    title: str
    message: str


def commands(found: Sequence[Judged]) -> str:
    """One line each, the worst first; where there are more of a kind than GitHub shows, the last that it shows says how
    many."""
    notes = [note for each in found for note in _notes(each)]
    lines = []
    for kind in KINDS.values():
        of_kind = [note for note in notes if note.kind == kind]
        if len(of_kind) > MOST:
            rest = len(of_kind) - MOST + 1
            more = f"{rest} more, as GitHub shows {MOST} of a kind; the step's log has all"
            of_kind.insert(MOST - 1, _Note(kind, "", None, None, "lrfind", more))
        lines += [_line(note) for note in of_kind]
    return "".join(f"{line}\n" for line in lines)


def _notes(found: Judged) -> list[_Note]:
    if isinstance(found, Failure):
        message = "\n".join(one_line(line) for line in found.message.splitlines())
        return [_Note("error", found.where, found.line, found.column, "lrfind", message)]
    notes = []
    for verdict in found.verdicts:
        line, column = place(found, verdict) or (None, None)
        message = f"{name_of(found)}: {one_line(verdict.message)}"
        if verdict.judged and (told := values(verdict)):
            message += f" ({told})"
        notes.append(_Note(KINDS[verdict.status], found.where, line, column, f"lrfind {verdict.id}", message))
    return notes


def _line(note: _Note) -> str:
    """A workflow command. What stands nowhere in the config is shown at the file's head."""
    file = one_line(note.where)
    line = note.line or (1 if file else None)
    properties = {"file": file, "line": line, "col": note.column, "title": note.title}
    shown = ",".join(f"{name}={escape(str(each), PROPERTY)}" for name, each in properties.items() if each)
    return f"::{note.kind} {shown}::{escape(note.message, DATA)}"


def escape(text: str, marks: dict[str, str]) -> str:
    """Text with its marks replaced, so that it ends neither the command nor a property."""
    return "".join(marks.get(char, char) for char in text)
