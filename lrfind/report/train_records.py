"""The records of a training: ``train.json`` and ``train.csv`` as text."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np

from lrfind.report.findings import as_json
from lrfind.report.records import encoded
from lrfind.trace import Training

SCHEMA = "lrfind/train/1"


def to_json(training: Training) -> str:
    """``train.json``: strict JSON in ASCII, indented, each row of numbers on one line; what is not finite is null."""
    scores = training.scores
    document = {
        "schema": SCHEMA,
        "name": training.name,
        "status": training.status,
        "learning_rate": training.learning_rate,
        "rate_from": training.rate_from,
        "schedule": training.schedule,
        "steps": training.steps,
        "findings": [as_json(each) for each in training.findings],
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
    return encoded(document)


def metrics(training: Training) -> dict[str, float | int | str | None]:
    """How the training ended, and what was best on the way."""
    scores, tail = training.scores, training.loss[-max(1, len(training.loss) // 20) :]
    found: dict[str, float | int | str | None] = {
        "train_loss": float(tail.mean()) if len(tail) and np.isfinite(tail).all() else None
    }
    if scores is not None and len(scores.loss):
        best = scores.best
        found |= {
            "val_loss": number(scores.loss[-1]),
            "best_val_loss": number(scores.loss[best]),
            "best_step": int(scores.step[best]),
        }
        if name := scores.metric_name:
            last, at_best = number(scores.metric[-1]), number(scores.metric[best])
            found |= {"metric": name, name: last, f"best_{name}": at_best}
    return found


def number(value: float) -> float | None:
    """A number, or None for what is not finite."""
    return float(value) if math.isfinite(value) else None


def to_csv(training: Training) -> str:
    """``train.csv``: a row before each update, and a last one after them; what was not looked at is blank, what is not
    finite is ``nan`` or ``inf``. `lrfind diagnose` reads it."""
    scores = training.scores
    names = ["step", "lr", "loss", "grad_norm", *(["val_loss", scores.metric_name or "metric"] if scores else [])]
    seen = {} if scores is None else {int(step): i for i, step in enumerate(scores.step)}
    done = len(training.loss)
    lines = [",".join(names)]
    for step in range(done + 1):
        cells = [str(step)]
        if step < done:
            cells += [repr(float(column[step])) for column in (training.rate, training.loss, training.gradient_norm)]
        else:
            cells += ["", "", ""]
        if scores is not None:
            i = seen.get(step)
            metric = "" if i is None or not scores.metric_name else repr(float(scores.metric[i]))
            cells += ["" if i is None else repr(float(scores.loss[i])), metric]
        if step < done or step in seen:
            lines.append(",".join(cells))
    return "\n".join(lines) + "\n"
