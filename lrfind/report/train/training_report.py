"""A training as text, Markdown, ``train.json`` and ``train.csv``."""

from __future__ import annotations

import math
import textwrap
from dataclasses import asdict

import numpy as np

from lrfind.core.printable import clean
from lrfind.core.training import TRAINING_SCHEMA, Training
from lrfind.report.diagnosis import diagnosis_report
from lrfind.report.diagnosis.diagnosis_report import table
from lrfind.report.sweep.fact_rows import special
from lrfind.report.wording import Look, escape, paint, rate, seconds, spelled, with_rows


def to_json(training: Training) -> str:
    """Return ``train.json``, each row of numbers on one line."""
    scores = training.scores
    document = {
        "schema": TRAINING_SCHEMA,
        "name": training.name,
        "status": training.status,
        "learning_rate": training.learning_rate,
        "rate_from": training.rate_from,
        "schedule": training.schedule,
        "steps": training.steps,
        "findings": [asdict(finding) for finding in training.findings],
        "metrics": metrics(training),
        "trace": {
            "step": np.arange(len(training.loss)),
            "learning_rate": training.rate,
            "loss": training.loss,
            "gradient_norm": training.gradient_norm,
        },
        "validation": None
        if scores is None
        else {
            "step": scores.step.astype(int),
            "loss": scores.loss,
            **({scores.metric_name: scores.metric} if scores.metric_name else {}),
            "rows": scores.rows,
        },
        "facts": asdict(training.facts),
        "assumptions": training.assumptions,
        "config": training.config,
        "environment": training.environment,
        "timing": training.timing,
    }
    return with_rows(document)


def metrics(training: Training) -> dict[str, float | int | str | None]:
    """Return the final and the best scores by name; what is not finite is null in a record."""
    scores, tail = training.scores, training.loss[-max(1, len(training.loss) // 20) :]
    values: dict[str, float | int | str | None] = {
        "train_loss": float(tail.mean()) if len(tail) and np.isfinite(tail).all() else None
    }
    if scores is not None and len(scores.loss):
        best = scores.best
        name = scores.metric_name
        values |= {"val_loss": float(scores.loss[-1])}
        values |= {"metric": name, name: float(scores.metric[-1])} if name else {}
        values |= {"best_val_loss": float(scores.loss[best])}
        values |= {f"best_{name}": float(scores.metric[best])} if name else {}
        values |= {"best_step": int(scores.step[best])}
    return values


def to_csv(training: Training) -> str:
    """Return ``train.csv``: a row before each update and one after the last; blank cells were not measured.

    Losses that are not finite are ``nan`` or ``inf``. `lrfind diagnose` reads the file.
    """
    scores, done = training.scores, len(training.loss)
    columns = {"lr": training.rate, "loss": training.loss, "grad_norm": training.gradient_norm}
    cells = {name: [*map(repr, column.tolist()), ""] for name, column in columns.items()}
    rows = {} if scores is None else {int(step): i for i, step in enumerate(scores.step)}
    if scores is not None:
        measured = {"val_loss": scores.loss} | ({scores.metric_name: scores.metric} if scores.metric_name else {})
        for name, column in measured.items():
            cells[name] = [repr(float(column[rows[step]])) if step in rows else "" for step in range(done + 1)]
    lines = [",".join([str(step), *row]) for step, row in enumerate(zip(*cells.values(), strict=True))]
    return "\n".join([",".join(["step", *cells]), *(lines if done in rows else lines[:-1])]) + "\n"


ENDS = {"complete": "", "stopped": "stopped, as the loss was not finite any more", "interrupted": "interrupted"}
"""Wording of each status."""


def headline(training: Training) -> str:
    """Return the end of a training: ``"validation loss 0.0786 after 400 steps at 1.0e-02 (cosine)"``."""
    scores, parts = metrics(training), []
    if training.scores is not None:
        parts += [f"validation loss {number(scores['val_loss'])}"]
        if name := training.scores.metric_name:
            parts += [f"{name} {number(scores[name])}"]
    else:
        parts.append(f"training loss {number(scores['train_loss'])}")
    where = f"after {len(training.loss):,} steps at {rate(training.learning_rate)} ({training.schedule})"
    ends = ENDS[training.status]
    return f"{', '.join(parts)} {where}{f'; {ends}' if ends else ''}"


def rows(training: Training) -> list[tuple[str, str]]:
    """Return names and values of the facts of a training."""
    values, facts, scores = metrics(training), training.facts, training.scores
    lines = [("training", f"loss {number(values['train_loss'])} at the end, mean of the last twentieth of the steps")]
    if scores is not None:
        name = scores.metric_name
        metric = f", {name} {number(values[f'best_{name}'])}" if name else ""
        best = f"validation loss {number(values['best_val_loss'])}{metric}"
        lines.append(("best", f"{best} at step {values['best_step']:,}"))
        lines.append(("looked at", f"{len(scores.step):,} times, {scores.rows:,} held-out rows"))
    lines += [
        ("rate", f"{rate(training.learning_rate)}, from {training.rate_from}"),
        ("for", f"{training.steps:,} steps, {training.schedule} schedule"),
        ("model", ", ".join([facts.model, f"{facts.parameters:,} parameters", *special(facts)])),
        ("data", facts.data),
        ("loss", spelled(facts.loss)),
    ]
    lines += [("assumed", assumption) for assumption in training.assumptions]
    spent = [
        f"{part} {seconds(value)}" for part, value in training.timing.items() if part != "total" and value >= 0.005
    ]
    lines.append(("time", f"{seconds(training.timing.get('total', 0.0))}: {', '.join(spent)}"))
    return [(name, clean(value)) for name, value in lines]


def number(value: object) -> str:
    """Return a loss or a metric with four digits."""
    return f"{value:.4g}" if isinstance(value, float) and math.isfinite(value) else "not finite"


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
    parts = [paint(textwrap.fill(headline(training), width), "1", color=look.color) + "\n"]
    if training.findings:
        parts.append(diagnosis_report.findings(training.findings, look))
    pairs = rows(training) + [("" if i else "written", file) for i, file in enumerate(look.files)]
    size = max(len(name) for name, _ in pairs)
    lines: list[str] = []
    for name, value in pairs:
        lines += textwrap.wrap(
            value, width, initial_indent=f"{name:<{size}}  ", subsequent_indent=" " * (size + 2), break_on_hyphens=False
        )
    parts.append("\n".join(lines) + "\n")
    return look.shown("\n".join(parts))


def summary(training: Training, _: Look) -> str:
    """Return the report of a training as one section."""
    lines = [f"### {escape(training.name, code=True)}", "", f"**{escape(headline(training), code=True)}**", ""]
    page = "\n".join(lines) + "\n"
    if training.findings:
        page += table(training.findings) + "\n"
    cells = [f"| {escape(name, code=True)} | {escape(value, code=True)} |" for name, value in rows(training)]
    return page + "\n".join(["| | |", "|---|---|", *cells]) + "\n"
