"""A diagnosis as text, JSON and Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import asdict

from lrfind.core.printable import clean
from lrfind.core.training import Diagnosis, Finding
from lrfind.report import wording
from lrfind.report.wording import Look, escape, indented, paint

STYLES = {"error": "1;31", "warning": "1;33", "info": "1;32"}
"""Bold red, yellow and green."""

LABELS = ("seen", "why", "do")
"""Labels of the observation, the reason and the remedy of a finding."""


def report(diagnosis: Diagnosis, look: Look) -> str:
    """Return the findings of a log as text of at most `look.width` columns."""
    return findings(diagnosis.findings, look)


def findings(findings: Sequence[Finding], look: Look) -> str:
    """Return findings as text of at most `look.width` columns."""
    lines = []
    for finding in findings:
        head = finding.id if finding.severity == "info" else f"{finding.id} ({finding.severity})"
        lines.append(paint(head, STYLES[finding.severity], color=look.color))
        for label, sentence in zip(LABELS, (finding.what, finding.why, finding.advice), strict=True):
            lines += textwrap.wrap(
                clean(sentence).replace("`", "'"),
                max(look.width or 80, 24),
                initial_indent=f"  {label:<5} ",
                subsequent_indent=" " * 8,
                break_long_words=False,
                break_on_hyphens=False,
            )
    first = findings[0].id if findings else ""
    if first and first != "healthy":
        lines += ["", f"more on it: lrfind explain {first}"]
    return look.shown("\n".join(lines) + "\n")


SCHEMA = "lrfind/diagnosis/1"


def to_json(diagnosis: Diagnosis) -> str:
    """Return the record of a diagnosis: its findings, and how many values of each column were read."""
    trace = diagnosis.trace
    columns = {"loss": trace.loss, "val_loss": trace.val_loss, "lr": trace.rate}
    entries = {name: int((column == column).sum()) for name, column in columns.items() if column is not None}
    document = {
        "schema": SCHEMA,
        "source": diagnosis.source,
        "unit": trace.unit,
        "steps": [float(trace.step[0]), float(trace.step[-1])],
        "entries": {name: count for name, count in entries.items() if count},
        "findings": [asdict(finding) for finding in diagnosis.findings],
    }
    return indented(document)


def summary(diagnosis: Diagnosis, _: Look) -> str:
    """Return the findings of a log as one section."""
    return f"### {escape(diagnosis.source, code=True)}\n\n{table(diagnosis.findings)}"


def table(findings: Sequence[Finding]) -> str:
    """Return findings as a table."""
    rows = [
        (
            f"**{finding.id}** ({finding.severity})",
            *(escape(text, code=True) for text in (finding.what, finding.why, finding.advice)),
        )
        for finding in findings
    ]
    return "\n".join(wording.table(("finding", "seen", "why it hurts", "what to do"), rows)) + "\n"
