"""A training in GitHub's Markdown."""

from __future__ import annotations

from lrfind.core.training import Training
from lrfind.report.diagnosis.diagnosis_markdown import table
from lrfind.report.look import Look
from lrfind.report.markdown_text import escape
from lrfind.report.train.training_rows import headline, rows


def summary(training: Training, look: Look) -> str:
    """Return the report of a training as one section."""
    del look
    lines = [f"### {escape(training.name, code=True)}", "", f"**{escape(headline(training), code=True)}**", ""]
    page = "\n".join(lines) + "\n"
    if training.findings:
        page += table(training.findings) + "\n"
    cells = [f"| {escape(name, code=True)} | {escape(value, code=True)} |" for name, value in rows(training)]
    return page + "\n".join(["| | |", "|---|---|", *cells]) + "\n"
