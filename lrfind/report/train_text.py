"""The report of a training for a terminal and for Markdown: how it ended, what it shows, what was trained."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from lrfind.report import findings
from lrfind.report.text import ascii_only, clean, rate, seconds
from lrfind.report.train_records import metrics
from lrfind.trace import Training

ENDS = {"complete": "", "stopped": "stopped, as the loss was not finite any more", "interrupted": "interrupted"}
"""How each status is written."""


def headline(training: Training) -> str:
    """How it ended: ``"validation loss 0.0786, accuracy 0.9777 after 400 steps at 1.0e-02 (cosine)"``."""
    found, parts = metrics(training), []
    if training.scores is not None:
        parts += [f"validation loss {shown(found['val_loss'])}"]
        if name := training.scores.metric_name:
            parts.append(f"{name} {shown(found[name])}")
    else:
        parts.append(f"training loss {shown(found['train_loss'])}")
    where = f"after {len(training.loss):,} steps at {rate(training.learning_rate)} ({training.schedule})"
    ends = ENDS[training.status]
    return f"{', '.join(parts)} {where}{f'; {ends}' if ends else ''}"


def rows(training: Training) -> list[tuple[str, str]]:
    """Names and values of what a reader wants to know."""
    found, facts, scores = metrics(training), training.facts, training.scores
    told = [("training", f"loss {shown(found['train_loss'])} at the end, mean of the last twentieth of the steps")]
    if scores is not None:
        name = scores.metric_name
        metric = f", {name} {shown(found[f'best_{name}'])}" if name else ""
        told.append(("best", f"validation loss {shown(found['best_val_loss'])}{metric} at step {found['best_step']:,}"))
        told.append(("looked at", f"{len(scores.step):,} times, {scores.rows:,} held-out rows"))
    told += [
        ("rate", f"{rate(training.learning_rate)}, from {training.rate_from}"),
        ("for", f"{training.steps:,} steps, {training.schedule} schedule"),
        ("model", f"{facts.model}, {facts.parameters:,} parameters"),
        ("data", facts.data),
        ("loss", facts.loss.replace("_", " ")),
    ]
    told += [("assumed", each) for each in training.assumptions]
    spent = [
        f"{part} {seconds(value)}" for part, value in training.timing.items() if part != "total" and value >= 0.005
    ]
    told.append(("time", f"{seconds(training.timing.get('total', 0.0))}: {', '.join(spent)}"))
    return [(name, clean(value)) for name, value in told]


def text(training: Training, *, width: int, color: bool, unicode: bool, files: Sequence[str] = ()) -> str:
    """The whole report as text of at most `width` columns."""
    head = textwrap.fill(headline(training), width)
    parts = [f"\x1b[1m{head}\x1b[0m\n" if color else f"{head}\n"]
    if training.findings:
        parts.append(findings.text(training.findings, width=width, color=color, unicode=unicode))
    told = rows(training) + [("" if i else "written", file) for i, file in enumerate(files)]
    size = max(len(name) for name, _ in told)
    lines: list[str] = []
    for name, value in told:
        lines += textwrap.wrap(
            value, width, initial_indent=f"{name:<{size}}  ", subsequent_indent=" " * (size + 2), break_on_hyphens=False
        )
    parts.append("\n".join(lines) + "\n")
    page = "\n".join(parts)
    return page if unicode else "\n".join(ascii_only(line) if "\x1b" not in line else line for line in page.split("\n"))


def markdown(training: Training) -> str:
    """The whole report as a Markdown section."""
    lines = [f"### {findings.escape(training.name)}", "", f"**{findings.escape(headline(training))}**", ""]
    page = "\n".join(lines) + "\n"
    if training.findings:
        page += findings.table(training.findings) + "\n"
    cells = [f"| {findings.escape(name)} | {findings.escape(value)} |" for name, value in rows(training)]
    return page + "\n".join(["| | |", "|---|---|", *cells]) + "\n"


def shown(value: object) -> str:
    """A loss or a metric."""
    return f"{value:.4g}" if isinstance(value, float) else "not finite"
