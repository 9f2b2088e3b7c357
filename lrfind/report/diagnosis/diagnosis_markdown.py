"""A diagnosis in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from lrfind.core.training import Diagnosis, Finding
from lrfind.report import markdown_text
from lrfind.report.look import Look
from lrfind.report.markdown_text import escape


def summary(diagnosis: Diagnosis, look: Look) -> str:
    """Return the findings of a log as one section."""
    del look
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
    return "\n".join(markdown_text.table(("finding", "seen", "why it hurts", "what to do"), rows)) + "\n"
