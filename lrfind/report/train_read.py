"""A training back from its ``train.json``."""

from __future__ import annotations

import json
from typing import Any, Literal

import numpy as np

from lrfind.errors import InputError
from lrfind.fields import build, checked, sections, shown
from lrfind.report.train_records import SCHEMA
from lrfind.trace import Finding, Scores, Training
from lrfind.types import Facts, Floats

Status = Literal["complete", "stopped", "interrupted"]


def from_json(text: str | bytes) -> Training:
    """The training that `lrfind.report.train_records.to_json` wrote; null in a row of numbers is NaN.

    Raises:
        InputError: the text is no JSON, no training of lrfind, or lacks something a training has.
    """
    try:
        found = json.loads(text)
    except RecursionError:
        raise InputError("this is no training of lrfind: its JSON is nested too deep; expected a train.json") from None
    except ValueError as error:
        raise InputError(f"this is no training of lrfind: not valid JSON ({error}); expected a train.json") from None
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema != SCHEMA:
        says = f"its schema is {schema!r}" if schema is not None else "it has no key 'schema'"
        raise InputError(f"this is no training that this version can read: {says}; expected {SCHEMA!r}")
    try:
        return _training(found)
    except KeyError as error:
        raise InputError(f"this training is damaged: the key {error} is missing") from None
    except (TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise InputError(f"this training is damaged: {error}") from None


def _training(found: dict[str, Any]) -> Training:
    trace = found["trace"]
    loss = _row(trace["loss"], "trace.loss")
    rate = _row(trace["learning_rate"], "trace.learning_rate", len(loss))
    if not np.isfinite(rate).all():
        raise ValueError("'trace.learning_rate' has what is no rate")
    return Training(
        name=checked(found["name"], str, "name"),
        status=checked(found["status"], Status, "status"),
        learning_rate=checked(found["learning_rate"], float, "learning_rate"),
        rate_from=checked(found["rate_from"], str, "rate_from"),
        schedule=checked(found["schedule"], str, "schedule"),
        steps=checked(found["steps"], int, "steps"),
        rate=rate,
        loss=loss,
        gradient_norm=_row(trace["gradient_norm"], "trace.gradient_norm", len(loss)),
        scores=_scores(found["validation"], len(loss)),
        findings=tuple(_finding(each) for each in found["findings"]),
        facts=build(Facts, found["facts"], "facts"),
        assumptions=tuple(checked(each, str, "assumptions") for each in found["assumptions"]),
        config=sections(found["config"]),
        environment=dict(found["environment"]),
        timing={str(part): checked(spent, float, f"timing.{part}") for part, spent in found["timing"].items()},
    )


def _scores(found: dict[str, Any] | None, steps: int) -> Scores | None:
    """The looks; the key that is none of the fixed ones names the metric."""
    if found is None:
        return None
    at = _row(found["step"], "validation.step")
    if not np.isin(at, np.arange(steps + 1)).all():
        raise ValueError(f"'validation.step' has what is no step from 0 to {steps:,}")
    name = next((key for key in found if key not in ("step", "loss", "rows")), "")
    return Scores(
        step=at,
        loss=_row(found["loss"], "validation.loss", len(at)),
        metric=_row(found[name], f"validation.{name}", len(at)) if name else np.full(len(at), np.nan),
        metric_name=name,
        rows=checked(found["rows"], int, "validation.rows"),
    )


def _finding(found: Any) -> Finding:
    if not isinstance(found, dict):
        raise TypeError(f"'findings' has {shown(found)}, expected keys with values")
    first, last = (checked(step, float, "findings.steps") for step in found["steps"])
    severity = checked(found["severity"], Literal["error", "warning", "info"], "findings.severity")
    words = {key: checked(found[key], str, f"findings.{key}") for key in ("id", "what", "why", "advice")}
    return Finding(severity=severity, steps=(first, last), values=dict(found["values"]), **words)


def _row(values: Any, key: str, length: int | None = None) -> Floats:
    """Numbers; NaN for null."""
    if not isinstance(values, list):
        raise TypeError(f"'{key}' is {shown(values)}, expected a list of numbers")
    row = np.array([checked(value, float, key) for value in values], np.float64)
    if length is not None and len(row) != length:
        raise ValueError(f"'{key}' has {len(row)} numbers where {length} belong")
    return row
