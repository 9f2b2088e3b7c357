"""Trainings side by side: the table for every form, and the record, `lrfind/compare/1`."""

from __future__ import annotations

import json
from collections.abc import Sequence

from lrfind.comparison import Trained
from lrfind.report.compare_rows import SCHEMA, Sheet, common, optimizer, plain, told
from lrfind.report.findings import as_json
from lrfind.report.text import clean, rate
from lrfind.report.train_records import metrics
from lrfind.report.train_text import shown

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


def sheet(found: Sequence[Trained]) -> Sheet:
    """Trainings side by side; at least one."""
    rows = [tuple(map(clean, row(each))) for each in found]
    same = {name: value for name, value in common(rows, HEAD, ALWAYS).items() if name not in LEAST}
    kinds = [("all", told(same))] if told(same) else []
    return Sheet(HEAD, rows, LEAST, ORDER, same, (*kinds, *(("note", each) for each in notes(found))))


def row(entry: Trained) -> tuple[str, ...]:
    """One training in words."""
    training, found = entry.training, metrics(entry.training)
    name = training.scores.metric_name if training.scores else ""
    looked = training.scores is not None and "val_loss" in found
    rows = (training.config.get("data") or {}).get("batch_size")
    return (
        entry.label,
        rate(training.learning_rate),
        training.schedule,
        f"{len(training.loss):,}"
        if len(training.loss) == training.steps
        else f"{len(training.loss):,} of {training.steps:,}",
        shown(found["val_loss"]) if looked else "",
        f"{shown(found['best_val_loss'])} at {found['best_step']:,}" if looked else "",
        f"{name} {shown(found[name])}" if looked and name else "",
        shown(found["train_loss"]),
        ", ".join(each.id for each in training.findings),
        optimizer(dict(training.config.get("optimizer") or {})),
        f"{rows:,}" if isinstance(rows, int) else "",
        training.facts.data.partition(":")[0],
    )


def notes(found: Sequence[Trained]) -> list[str]:
    """What a reader should know before comparing, one sentence each."""
    said = []
    losses = sorted({each.training.facts.loss for each in found})
    if len(losses) > 1:
        said.append(f"the trainings minimise different losses ({', '.join(losses)}), so these are not to be compared")
    if len({each.training.facts.data.partition(":")[0] for each in found}) > 1:
        said.append("the trainings learn from different data, so their losses are not to be compared")
    return said + [f"{each.label} was interrupted" for each in found if each.training.status == "interrupted"]


def to_json(found: Sequence[Trained]) -> str:
    """The record of a comparison; what is not finite is null."""
    document = {
        "schema": SCHEMA,
        "varied": None,
        "trainings": [
            {
                "label": each.label,
                "folder": each.folder,
                "status": each.training.status,
                "learning_rate": each.training.learning_rate,
                "schedule": each.training.schedule,
                "steps": each.training.steps,
                "done": len(each.training.loss),
                "metrics": metrics(each.training),
                "findings": [as_json(one) for one in each.training.findings],
                "optimizer": dict(each.training.config.get("optimizer") or {}),
                "model": each.training.facts.model,
                "data": each.training.facts.data,
                "loss": each.training.facts.loss,
            }
            for each in found
        ],
        "notes": notes(found),
    }
    return json.dumps(plain(document), indent=2, allow_nan=False) + "\n"
