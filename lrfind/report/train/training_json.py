"""A training as ``train.json`` and ``train.csv``."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np

from lrfind.core.training import TRAINING_SCHEMA, Training
from lrfind.report.wording import with_rows


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
    """Return the final and the best scores by name; None for what is not finite."""
    scores, tail = training.scores, training.loss[-max(1, len(training.loss) // 20) :]
    values: dict[str, float | int | str | None] = {
        "train_loss": float(tail.mean()) if len(tail) and np.isfinite(tail).all() else None
    }
    if scores is not None and len(scores.loss):
        best = scores.best
        name = scores.metric_name
        values |= {"val_loss": _finite(scores.loss[-1])}
        values |= {"metric": name, name: _finite(scores.metric[-1])} if name else {}
        values |= {"best_val_loss": _finite(scores.loss[best])}
        values |= {f"best_{name}": _finite(scores.metric[best])} if name else {}
        values |= {"best_step": int(scores.step[best])}
    return values


def _finite(value: float) -> float | None:
    """Return a number, None for NaN and inf."""
    return float(value) if math.isfinite(value) else None


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
