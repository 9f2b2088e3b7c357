"""The table of a comparison as words, for every form; and its record, `lrfind/compare/1`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lrfind.analysis.scaling import Law, Rule
from lrfind.comparison import Comparison, Entry
from lrfind.report.text import clean, interval, rate

SCHEMA = "lrfind/compare/1"

HEAD = ("run", "rate", "interval", "factor", "confirmed", "judged loss", "optimizer", "batch", "data", "steps", "notes")
"""The columns, in order."""

ALWAYS = 6
"""So many of them stand in the table even where all runs say the same."""

LEAST = ("run", "rate", "interval", "factor")
"""Columns that stand in every table; the others as far as there is room."""

ORDER = ("judged loss", "optimizer", "batch", "data", "steps", "confirmed", "notes")
"""The others, the most telling first."""

SHARED = ("name", "learning_rate", "clip_norm", "accumulate", "decayed", "groups", "frozen")


def cells(found: Comparison) -> list[tuple[str, ...]]:
    """A row for each run, as `HEAD` names them."""
    return [tuple(map(clean, row(each, factor))) for each, factor in zip(found.entries, found.factors, strict=True)]


def row(entry: Entry, factor: float | None) -> tuple[str, ...]:
    """One run in words."""
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


def optimizer(section: Mapping[str, Any]) -> str:
    """The optimiser of a config with what that sets of it: ``"sgd (momentum 0.9)"``."""
    own = {key: value for key, value in section.items() if key not in SHARED}
    own |= {"clip_norm": section["clip_norm"]} if section.get("clip_norm") else {}
    options = ", ".join(f"{key} {value}" for key, value in own.items())
    return f"{section.get('name', '')}{f' ({options})' if options else ''}"


@dataclass(frozen=True)
class Sheet:
    """A comparison as every form writes it.

    Attributes:
        head: names of the columns.
        rows: of as many cells.
        least: columns that stand in every table of a terminal.
        order: the others, as far as there is room, the most telling first.
        same: columns in which all runs say the same, and what; they need not stand in the table.
        notes: a kind and a sentence each.
    """

    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
    least: tuple[str, ...]
    order: tuple[str, ...]
    same: dict[str, str]
    notes: tuple[tuple[str, str], ...]

    @property
    def shown(self) -> list[str]:
        """The columns that say something."""
        return [name for name in self.head if name not in self.same]

    def picked(self, names: Sequence[str]) -> list[tuple[str, ...]]:
        """The rows of some columns."""
        places = [self.head.index(name) for name in names]
        return [tuple(row[place] for place in places) for row in self.rows]


def sheet(found: Comparison) -> Sheet:
    """Sweeps side by side."""
    rows = cells(found)
    same = common(rows, HEAD, ALWAYS)
    notes = [("all", told(same))] if told(same) else []
    notes += [("scaling", each) for each in (scaling(found.law) if found.law else ())]
    notes += [("note", each) for each in found.notes]
    return Sheet(HEAD, rows, LEAST, ORDER, same, tuple(notes))


def told(same: Mapping[str, str]) -> str:
    """What all runs say, in a line."""
    return ", ".join(f"{name} {value}" for name, value in same.items() if value)


def common(rows: Sequence[tuple[str, ...]], head: Sequence[str], always: int) -> dict[str, str]:
    """The columns in which all runs say the same: name -> what they say; the first ones and the notes stand there
    always."""
    return {
        name: rows[0][i]
        for i, name in enumerate(head)
        if i >= always and name != "notes" and len(rows) > 1 and len({each[i] for each in rows}) == 1
    }


def scaling(found: Law) -> list[str]:
    """What the law says, one sentence each."""
    lines = [
        f"the rate grows as batch^{found.fitted.exponent:.2f} (the intervals allow {found.low:.2f} to {found.high:.2f})"
    ]
    for name, rule in (("linear", found.linear), ("square-root", found.root)):
        fits = "fits" if found.low <= rule.exponent <= found.high else "does not fit"
        lines.append(f"{name} scaling (batch^{rule.exponent:g}) {fits}: at most {rule.off:.2g}x off the measured rates")
    return lines


def to_json(found: Comparison) -> str:
    """The record of a comparison; what is not finite is null."""
    document = {
        "schema": SCHEMA,
        "varied": found.varied,
        "runs": [_run(each, factor) for each, factor in zip(found.entries, found.factors, strict=True)],
        "scaling": None if found.law is None else _law(found.law),
        "notes": list(found.notes),
    }
    return json.dumps(plain(document), indent=2, allow_nan=False) + "\n"


def _run(entry: Entry, factor: float | None) -> dict[str, Any]:
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


def _law(found: Law) -> dict[str, Any]:
    def of(rule: Rule) -> dict[str, float]:
        return {"exponent": rule.exponent, "scale": rule.scale, "off": rule.off}

    return {
        **of(found.fitted),
        "low": found.low,
        "high": found.high,
        "linear": of(found.linear),
        "square_root": of(found.root),
    }


def plain(value: Any) -> Any:
    """Values as JSON has them: null for what is not finite."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
