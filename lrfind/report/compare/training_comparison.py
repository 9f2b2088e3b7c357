"""A comparison of trainings: its table, and its record, `lrfind/compare/1`."""

from __future__ import annotations

from dataclasses import asdict

from lrfind.analysis.comparison import Trained, TrainingComparison
from lrfind.core.printable import clean
from lrfind.report.compare.cells import SCHEMA, Sheet, common, in_common, optimizer
from lrfind.report.train.training_json import metrics
from lrfind.report.train.training_report import number
from lrfind.report.wording import indented, rate

HEAD = (
    *("run", "rate", "schedule", "steps", "validation loss", "lowest", "metric", "training loss", "found"),
    *("optimizer", "batch", "data"),
)
"""The columns, in order."""

ALWAYS = 2
"""So many of them stand in the table even where all trainings say the same."""

LEAST = ("run", "rate", "training loss", "found")
ORDER = ("validation loss", "metric", "schedule", "optimizer", "steps", "batch", "lowest", "data")
"""Columns of every table, and the others as there is room, the most telling first."""


def sheet(comparison: TrainingComparison) -> Sheet:
    """Return the table of trainings."""
    rows = [tuple(map(clean, row(entry))) for entry in comparison.entries]
    same = {name: value for name, value in common(rows, HEAD, ALWAYS).items() if name not in LEAST}
    kinds = [("all", in_common(same))] if in_common(same) else []
    return Sheet(HEAD, rows, LEAST, ORDER, same, (*kinds, *(("note", sentence) for sentence in comparison.notes)))


def row(entry: Trained) -> tuple[str, ...]:
    """Return the cells of one training."""
    training, values = entry.training, metrics(entry.training)
    name = training.scores.metric_name if training.scores else ""
    looked = training.scores is not None and "val_loss" in values
    rows = (training.config.get("data") or {}).get("batch_size")
    return (
        entry.label,
        rate(training.learning_rate),
        training.schedule,
        f"{len(training.loss):,}"
        if len(training.loss) == training.steps
        else f"{len(training.loss):,} of {training.steps:,}",
        number(values["val_loss"]) if looked else "",
        f"{number(values['best_val_loss'])} at {values['best_step']:,}" if looked else "",
        f"{name} {number(values[name])}" if looked and name else "",
        number(values["train_loss"]),
        ", ".join(finding.id for finding in training.findings),
        optimizer(dict(training.config.get("optimizer") or {})),
        f"{rows:,}" if isinstance(rows, int) else "",
        training.facts.data.partition(":")[0],
    )


def to_json(comparison: TrainingComparison) -> str:
    """Return the record of a comparison of trainings."""
    document = {
        "schema": SCHEMA,
        "varied": None,
        "trainings": [
            {
                "label": entry.label,
                "folder": entry.folder,
                "status": entry.training.status,
                "learning_rate": entry.training.learning_rate,
                "schedule": entry.training.schedule,
                "steps": entry.training.steps,
                "done": len(entry.training.loss),
                "metrics": metrics(entry.training),
                "findings": [asdict(finding) for finding in entry.training.findings],
                "optimizer": dict(entry.training.config.get("optimizer") or {}),
                "model": entry.training.facts.model,
                "data": entry.training.facts.data,
                "loss": entry.training.facts.loss,
            }
            for entry in comparison.entries
        ],
        "notes": comparison.notes,
    }
    return indented(document)
