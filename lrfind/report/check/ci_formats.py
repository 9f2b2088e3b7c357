"""The gate's report for CI: JUnit XML, as GitLab and Jenkins show it, and GitHub's workflow commands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from lrfind.core.printable import INVISIBLE, one_line
from lrfind.core.verdicts import Check, Failure
from lrfind.report.check.check_report import Judged, headline, name_of, position, values

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold."""

CASES = {"tests": "testcase", "failures": "testcase/failure", "errors": "testcase/error", "skipped": "testcase/skipped"}
"""What is counted, and where it stands in a suite."""


def document(checks: Sequence[Judged], title: str = "lrfind check") -> str:
    """Return the XML file: a suite for each config, a case for each verdict.

    Warnings pass, with their text in ``system-out``; verdicts that do not apply are skipped; a config that could not be
    judged has one case with an error.
    """
    root = ElementTree.Element("testsuites", name=title)
    for check in checks:
        suite = ElementTree.SubElement(root, "testsuite", name=writable(name_of(check)))
        if isinstance(check, Failure):
            _case(suite, check.where, "run", check.where, check.line)
            first_line = writable(check.message.partition("\n")[0])
            error = ElementTree.SubElement(suite[-1], "error", message=first_line, type="error")
            error.text = writable(check.message)
        else:
            _verdicts(suite, check)
    for element in (*root, root):
        for kind, path in CASES.items():
            element.set(kind, str(len(element.findall(f".//{path}"))))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _verdicts(suite: ElementTree.Element, check: Check) -> None:
    for verdict in check.verdicts:
        line = (position(check, verdict) or (None, None))[0]
        case = _case(suite, check.name, verdict.id, check.where, line)
        message = writable(verdict.message)
        limits = f"{values(verdict)}: " if values(verdict) else ""
        if verdict.status == "fail":
            failure = ElementTree.SubElement(case, "failure", message=message, type=verdict.id)
            failure.text = f"{limits}{message}"
        elif not verdict.judged:
            ElementTree.SubElement(case, "skipped", message=message)
        else:
            warning = "warning: " if verdict.status == "warn" else ""
            out = ElementTree.SubElement(case, "system-out")
            out.text = f"{warning}{limits}{message}"
    ElementTree.SubElement(suite, "system-out").text = writable(headline(check))


def writable(text: str) -> str:
    """Return text without what XML cannot hold, and without marks that are invisible or turn the direction of text."""
    return _NOT_XML.sub("\ufffd", INVISIBLE.sub("\ufffd", text))


def _case(suite: ElementTree.Element, config: str, name: str, where: str, line: int | None) -> ElementTree.Element:
    """Add a test case with its file and line to a suite and return the case."""
    case = ElementTree.SubElement(suite, "testcase", classname=writable(f"lrfind.{config}"), name=writable(name))
    case.set("file", writable(where))
    if line is not None:
        case.set("line", str(line))
    return case


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

    It becomes an annotation at the line of the config that it is about. Where there are more of a kind than GitHub
    shows, the last that it shows says how many. Syntax:
    ``::error file=config.yaml,line=3,col=12,title=lrfind rate-in-range::message``.

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
