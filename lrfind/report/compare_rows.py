"""The table of a comparison as words, for every form; and its record, `lrfind/compare/1`."""

from __future__ import annotations

import json
import math
from typing import Any

from lrfind.analysis.scaling import Law, Rule
from lrfind.comparison import Comparison, Entry
from lrfind.report.text import clean, interval, rate

SCHEMA = "lrfind/compare/1"

HEAD = ("run", "rate", "interval", "factor", "confirmed", "judged loss", "optimizer", "batch", "data", "steps", "notes")
"""The columns, in order."""

ALWAYS = 6
"""So many of them stand in the table even where all runs say the same."""

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
        optimizer(entry),
        "" if entry.batch_size is None else f"{entry.batch_size:,}",
        known.data.partition(":")[0],
        f"{advised.steps:,}",
        f"{warnings} warning{'s' * (warnings != 1)}" if warnings else "",
    )


def optimizer(entry: Entry) -> str:
    """The optimiser with what the config sets of it: ``"sgd (momentum 0.9)"``."""
    section = entry.optimizer
    own = {key: value for key, value in section.items() if key not in SHARED}
    own |= {"clip_norm": section["clip_norm"]} if section.get("clip_norm") else {}
    options = ", ".join(f"{key} {value}" for key, value in own.items())
    return f"{section.get('name', '')}{f' ({options})' if options else ''}"


def common(rows: list[tuple[str, ...]]) -> dict[str, str]:
    """The columns in which all runs say the same, which need not stand in the table: name -> what they say."""
    return {
        name: rows[0][i]
        for i, name in enumerate(HEAD)
        if i >= ALWAYS and name != "notes" and len(rows) > 1 and len({each[i] for each in rows}) == 1
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
    return json.dumps(_plain(document), indent=2, allow_nan=False) + "\n"


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


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
