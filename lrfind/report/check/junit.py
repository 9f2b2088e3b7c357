"""The gate's report as JUnit XML, as GitLab and Jenkins show it: a config is a suite, a verdict a case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from lrfind.core.printable import INVISIBLE
from lrfind.core.verdicts import Check, Failure
from lrfind.report.check.check_report import Judged, headline, name_of, position, values

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold."""


COUNTS = {"tests": "testcase", "failures": "testcase/failure", "errors": "testcase/error", "skipped": "testcase/skipped"}
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
        for kind, path in COUNTS.items():
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
