"""A comparison of sweeps: its table, and its record, `lrfind/compare/1`."""

from __future__ import annotations

from typing import Any

from lrfind.analysis.batch_size_scaling import Law, Rule
from lrfind.analysis.comparison import ComparedRun, Comparison
from lrfind.core.printable import clean
from lrfind.report.compare.cells import SCHEMA, Sheet, common, in_common, optimizer
from lrfind.report.wording import indented, interval, rate

HEAD = ("run", "rate", "interval", "factor", "confirmed", "judged loss", "optimizer", "batch", "data", "steps", "notes")
"""The columns, in order."""

ALWAYS = 6
"""So many of them stand in the table even where all runs say the same."""

LEAST = ("run", "rate", "interval", "factor")
"""Columns that stand in every table; the others as far as there is room."""

ORDER = ("judged loss", "optimizer", "batch", "data", "steps", "confirmed", "notes")
"""The others, the most telling first."""


def cells(comparison: Comparison) -> list[tuple[str, ...]]:
    """Return the cells of each run, in the columns of `HEAD`."""
    return [
        tuple(map(clean, row(entry, factor)))
        for entry, factor in zip(comparison.entries, comparison.factors, strict=True)
    ]


def row(entry: ComparedRun, factor: float | None) -> tuple[str, ...]:
    """Return the cells of one run."""
    advised, known = entry.result.recommendation, entry.result.facts
    judged = entry.judged
    warnings = len(entry.result.warnings)
    return (
        entry.label,
        rate(advised.learning_rate),
        interval(advised.low, advised.high),
        "" if factor is None else f"{factor:.2g}x",
        "yes" if advised.confirmed else "no",
        "" if judged is None else f"{judged[0]:.4g} at {judged[1]:,}",
        optimizer(entry.optimizer),
        "" if entry.batch_size is None else f"{entry.batch_size:,}",
        known.data.partition(":")[0],
        f"{advised.steps:,}",
        f"{warnings} warning{'s' * (warnings != 1)}" if warnings else "",
    )


def sheet(comparison: Comparison) -> Sheet:
    """Return the table of sweeps."""
    rows = cells(comparison)
    same = common(rows, HEAD, ALWAYS)
    notes = [("all", in_common(same))] if in_common(same) else []
    notes += [("scaling", sentence) for sentence in (scaling(comparison.law) if comparison.law else ())]
    notes += [("note", sentence) for sentence in comparison.notes]
    return Sheet(HEAD, rows, LEAST, ORDER, same, tuple(notes))


def scaling(law: Law) -> list[str]:
    """Return a sentence for the fitted power law, and for linear and square-root scaling."""
    lines = [f"the rate grows as batch^{law.fitted.exponent:.2f} (the intervals allow {law.low:.2f} to {law.high:.2f})"]
    for name, rule in (("linear", law.linear), ("square-root", law.root)):
        fits = "fits" if law.low <= rule.exponent <= law.high else "does not fit"
        lines.append(f"{name} scaling (batch^{rule.exponent:g}) {fits}: at most {rule.off:.2g}x off the measured rates")
    return lines


def to_json(comparison: Comparison) -> str:
    """Return the record of a comparison of sweeps."""
    document = {
        "schema": SCHEMA,
        "varied": comparison.varied,
        "runs": [_run(entry, factor) for entry, factor in zip(comparison.entries, comparison.factors, strict=True)],
        "scaling": None if comparison.law is None else _law(comparison.law),
        "notes": list(comparison.notes),
    }
    return indented(document)


def _run(entry: ComparedRun, factor: float | None) -> dict[str, Any]:
    advised, judged = entry.result.recommendation, entry.judged
    return {
        "label": entry.label,
        "folder": entry.folder,
        "status": entry.result.status,
        "learning_rate": advised.learning_rate,
        "low": advised.low,
        "high": advised.high,
        "factor": factor,
        "confirmed": advised.confirmed,
        "judged": judged
        and {"loss": judged[0], "steps": judged[1], "on": getattr(entry.result.confirmation, "judged_on", None)},
        "optimizer": dict(entry.optimizer),
        "batch_size": entry.batch_size,
        "model": entry.result.facts.model,
        "data": entry.result.facts.data,
        "loss": entry.result.facts.loss,
        "schedule": advised.schedule,
        "steps": advised.steps,
        "reason": advised.reason,
        "warnings": list(entry.result.warnings),
    }


def _law(law: Law) -> dict[str, Any]:
    def of(rule: Rule) -> dict[str, float]:
        return {"exponent": rule.exponent, "scale": rule.scale, "off": rule.off}

    return {
        **of(law.fitted),
        "low": law.low,
        "high": law.high,
        "linear": of(law.linear),
        "square_root": of(law.root),
    }
