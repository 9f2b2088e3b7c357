"""The table of a comparison, shared by its formats, and its record as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lrfind.analysis.comparison import ComparedRun, Comparison, Law, Trained, TrainingComparison
from lrfind.core.printable import clean
from lrfind.report.train.training_report import metrics, number
from lrfind.report.wording import indented, interval, rate

SHARED = ("name", "learning_rate", "clip_norm", "accumulate", "decayed", "groups", "frozen")
"""Options of every optimiser, or shown in other columns."""


@dataclass(frozen=True)
class TableColumns:
    """The columns of a table.

    Attributes:
        head: names of all columns, in order.
        always: columns that stand in the table even where all runs say the same.
        least: columns that stand in every table of a terminal.
        order: the others, as far as there is room, the most telling first.
    """

    head: tuple[str, ...]
    always: tuple[str, ...]
    least: tuple[str, ...]
    order: tuple[str, ...]


SWEEPS = TableColumns(
    head=(
        *("run", "rate", "interval", "factor", "confirmed", "judged loss"),
        *("optimizer", "batch", "data", "steps", "notes"),
    ),
    always=("run", "rate", "interval", "factor", "confirmed", "judged loss", "notes"),
    least=("run", "rate", "interval", "factor"),
    order=("judged loss", "optimizer", "batch", "data", "steps", "confirmed", "notes"),
)

TRAININGS = TableColumns(
    head=(
        *("run", "rate", "schedule", "steps", "validation loss", "lowest", "metric", "training loss", "found"),
        *("optimizer", "batch", "data"),
    ),
    always=("run", "rate", "training loss", "found"),
    least=("run", "rate", "training loss", "found"),
    order=("validation loss", "metric", "schedule", "optimizer", "steps", "batch", "lowest", "data"),
)


@dataclass(frozen=True)
class Sheet:
    """The table of a comparison.

    Attributes:
        columns: of the table.
        rows: the cells of each run, one for each column.
        same: columns in which all runs say the same, and what; they need not stand in the table.
        notes: a kind and a sentence each.
    """

    columns: TableColumns
    rows: list[tuple[str, ...]]
    same: dict[str, str]
    notes: tuple[tuple[str, str], ...]

    @property
    def shown(self) -> list[str]:
        """Return the columns that differ between runs, and those that always stand in the table."""
        return [name for name in self.columns.head if name not in self.same]

    def picked(self, names: Sequence[str]) -> list[tuple[str, ...]]:
        """Return the rows of some columns."""
        indices = [self.columns.head.index(name) for name in names]
        return [tuple(row[index] for index in indices) for row in self.rows]


def sheet_of(comparison: Comparison | TrainingComparison) -> Sheet:
    """Return the table of a comparison."""
    if isinstance(comparison, Comparison):
        columns, law = SWEEPS, comparison.law
        factors = zip(comparison.entries, comparison.factors, strict=True)
        cells = [_sweep_cells(entry, factor) for entry, factor in factors]
    else:
        columns, law = TRAININGS, None
        cells = [_training_cells(entry) for entry in comparison.entries]
    rows = [tuple(map(clean, row)) for row in cells]
    same = {
        name: values[0]
        for name, values in zip(columns.head, zip(*rows, strict=True), strict=True)
        if name not in columns.always and len(rows) > 1 and len(set(values)) == 1
    }
    in_common = ", ".join(f"{name} {value}" for name, value in same.items() if value)
    notes = [("all", in_common)] if in_common else []
    notes += [("scaling", sentence) for sentence in (scaling(law) if law else ())]
    notes += [("note", sentence) for sentence in comparison.notes]
    return Sheet(columns, rows, same, tuple(notes))


def _sweep_cells(entry: ComparedRun, factor: float | None) -> tuple[str, ...]:
    """Return the cells of a sweep, in the columns of `SWEEPS`."""
    advised, judged, warnings = entry.result.recommendation, entry.judged, len(entry.result.warnings)
    return (
        entry.label,
        rate(advised.learning_rate),
        interval(advised.low, advised.high),
        "" if factor is None else f"{factor:.2g}x",
        "yes" if advised.confirmed else "no",
        "" if judged is None else f"{judged[0]:.4g} at {judged[1]:,}",
        optimizer(entry.optimizer),
        "" if entry.batch_size is None else f"{entry.batch_size:,}",
        entry.result.facts.data.partition(":")[0],
        f"{advised.steps:,}",
        f"{warnings} warning{'s' * (warnings != 1)}" if warnings else "",
    )


def _training_cells(entry: Trained) -> tuple[str, ...]:
    """Return the cells of a training, in the columns of `TRAININGS`."""
    training, values = entry.training, metrics(entry.training)
    name = training.scores.metric_name if training.scores else ""
    looked = training.scores is not None and "val_loss" in values
    batch_size = (training.config.get("data") or {}).get("batch_size")
    done = f"{len(training.loss):,}"
    return (
        entry.label,
        rate(training.learning_rate),
        training.schedule,
        done if len(training.loss) == training.steps else f"{done} of {training.steps:,}",
        number(values["val_loss"]) if looked else "",
        f"{number(values['best_val_loss'])} at {values['best_step']:,}" if looked else "",
        f"{name} {number(values[name])}" if looked and name else "",
        number(values["train_loss"]),
        ", ".join(finding.id for finding in training.findings),
        optimizer(training.config.get("optimizer") or {}),
        f"{batch_size:,}" if isinstance(batch_size, int) else "",
        training.facts.data.partition(":")[0],
    )


def optimizer(section: Mapping[str, Any]) -> str:
    """Return the optimiser of a config with its own options: ``"sgd (momentum 0.9)"``."""
    own = {key: value for key, value in section.items() if key not in SHARED}
    own |= {"clip_norm": section["clip_norm"]} if section.get("clip_norm") else {}
    options = ", ".join(f"{key} {value}" for key, value in own.items())
    return f"{section.get('name', '')}{f' ({options})' if options else ''}"


def scaling(law: Law) -> list[str]:
    """Return a sentence for the fitted power law, and for linear and square-root scaling."""
    lines = [f"the rate grows as batch^{law.fitted.exponent:.2f} (the intervals allow {law.low:.2f} to {law.high:.2f})"]
    for name, rule in (("linear", law.linear), ("square-root", law.root)):
        fits = "fits" if law.low <= rule.exponent <= law.high else "does not fit"
        lines.append(f"{name} scaling (batch^{rule.exponent:g}) {fits}: at most {rule.off:.2g}x off the measured rates")
    return lines


SCHEMA = "lrfind/compare/1"


def to_json(comparison: Comparison | TrainingComparison) -> str:
    """Return the record of a comparison."""
    if isinstance(comparison, TrainingComparison):
        trainings = [_training(entry) for entry in comparison.entries]
        return indented({"schema": SCHEMA, "varied": None, "trainings": trainings, "notes": comparison.notes})
    law, scaling = comparison.law, None
    if law is not None:
        others = {"linear": asdict(law.linear), "square_root": asdict(law.root)}
        scaling = {**asdict(law.fitted), "low": law.low, "high": law.high, **others}
    runs = [_run(entry, factor) for entry, factor in zip(comparison.entries, comparison.factors, strict=True)]
    document = {"schema": SCHEMA, "varied": comparison.varied, "runs": runs, "scaling": scaling}
    return indented({**document, "notes": comparison.notes})


def _run(entry: ComparedRun, factor: float | None) -> dict[str, Any]:
    result, judged = entry.result, None
    advised = result.recommendation
    if entry.judged is not None:
        loss, steps = entry.judged
        judged = {"loss": loss, "steps": steps, "on": getattr(result.confirmation, "judged_on", None)}
    return {
        "label": entry.label,
        "folder": entry.folder,
        "status": result.status,
        "learning_rate": advised.learning_rate,
        "low": advised.low,
        "high": advised.high,
        "factor": factor,
        "confirmed": advised.confirmed,
        "judged": judged,
        "optimizer": entry.optimizer,
        "batch_size": entry.batch_size,
        "model": result.facts.model,
        "data": result.facts.data,
        "loss": result.facts.loss,
        "schedule": advised.schedule,
        "steps": advised.steps,
        "reason": advised.reason,
        "warnings": result.warnings,
    }


def _training(entry: Trained) -> dict[str, Any]:
    training = entry.training
    return {
        "label": entry.label,
        "folder": entry.folder,
        "status": training.status,
        "learning_rate": training.learning_rate,
        "schedule": training.schedule,
        "steps": training.steps,
        "done": len(training.loss),
        "metrics": metrics(training),
        "findings": [asdict(finding) for finding in training.findings],
        "optimizer": training.config.get("optimizer") or {},
        "model": training.facts.model,
        "data": training.facts.data,
        "loss": training.facts.loss,
    }
