"""A training for a terminal: losses, headline, findings and facts."""

from __future__ import annotations

import textwrap

from lrfind.core.training import Training
from lrfind.report.diagnosis import diagnosis_text
from lrfind.report.look import Look
from lrfind.report.train.training_rows import headline, rows
from lrfind.report.wording import ascii_only

CURVE_HEIGHT = 16
"""Lines of the curve."""


def report(training: Training, look: Look) -> str:
    """Return the losses, where they are to be drawn and there is room, and the report below them."""
    page = text(training, look)
    if not look.draws:
        return page
    from lrfind.report.plots.terminal_plot import plot_training

    curve = plot_training(training, look.width or 80, CURVE_HEIGHT, color=look.color, unicode=look.unicode)
    return f"{curve}\n{page}" if curve else page


def text(training: Training, look: Look) -> str:
    """Return the report of a training as text of at most `look.width` columns."""
    width = look.width or 80
    head = textwrap.fill(headline(training), width)
    parts = [f"\x1b[1m{head}\x1b[0m\n" if look.color else f"{head}\n"]
    if training.findings:
        parts.append(diagnosis_text.findings(training.findings, look))
    pairs = rows(training) + [("" if i else "written", file) for i, file in enumerate(look.files)]
    size = max(len(name) for name, _ in pairs)
    lines: list[str] = []
    for name, value in pairs:
        lines += textwrap.wrap(
            value, width, initial_indent=f"{name:<{size}}  ", subsequent_indent=" " * (size + 2), break_on_hyphens=False
        )
    parts.append("\n".join(lines) + "\n")
    page = "\n".join(parts)
    if look.unicode:
        return page
    return "\n".join(ascii_only(line) if "\x1b" not in line else line for line in page.split("\n"))
