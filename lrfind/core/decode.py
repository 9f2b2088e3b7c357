"""Results and trainings back from their JSON, ``result.json`` and ``train.json``."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from lrfind.core.advice import Advice
from lrfind.core.dataset import Floats
from lrfind.core.errors import InputError
from lrfind.core.fields import build, checked, entry, mapping, sections, shown
from lrfind.core.result import (
    RESULT_SCHEMA,
    Confirmation,
    Evidence,
    Execution,
    Facts,
    Horizon,
    Recommendation,
    Result,
    Status,
    Suggestion,
    Sweep,
    Timing,
)
from lrfind.core.training import TRAINING_SCHEMA, Finding, Scores, Severity, Training, TrainingStatus

Document = TypeVar("Document")

Texts = tuple[str, ...]


def read_result(text: str | bytes) -> Result:
    """Return the result of a ``result.json``; null in a row of numbers is NaN, unknown keys are left out.

    Raises:
        InputError: the text is no JSON, no result, or lacks something a result has.
    """
    return _read(text, _result, RESULT_SCHEMA, "lrfind result", "lrfind result", "result.json")


def read_training(text: str | bytes) -> Training:
    """Return the training of a ``train.json``; null in a row of numbers is NaN, unknown keys are left out.

    Raises:
        InputError: the text is no JSON, no training, or lacks something a training has.
    """
    return _read(text, _training, TRAINING_SCHEMA, "training of lrfind", "training", "train.json")


def _read(
    text: str | bytes, decode: Callable[[Any], Document], schema: str, whole: str, noun: str, file: str
) -> Document:
    """Return a decoded document, each error as a sentence that calls it `whole` or `noun`."""
    try:
        document = json.loads(text)
    except RecursionError:
        raise InputError(f"this is no {whole}: its JSON is nested too deep; expected a {file}") from None
    except ValueError as error:
        raise InputError(f"this is no {whole}: not valid JSON ({error}); expected a {file}") from None
    given = document.get("schema") if isinstance(document, dict) else None
    if given != schema:
        reason = f"its schema is {given!r}" if given is not None else "it has no key 'schema'"
        raise InputError(f"this is no {noun} that this version can read: {reason}; expected {schema!r}")
    try:
        return decode(document)
    except KeyError as error:
        raise InputError(f"this {noun} is damaged: the key {error} is missing") from None
    except (TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise InputError(f"this {noun} is damaged: {error}") from None


def _result(document: dict[str, Any]) -> Result:
    return Result(
        sweep=_sweep(mapping(document["sweep"], "sweep")),
        name=entry(document, "name", str),
        status=entry(document, "status", Status),
        recommendation=entry(document, "recommendation", Recommendation),
        suggestions={
            method: build(Suggestion, suggestion, f"suggestions.{method}")
            for method, suggestion in mapping(document["suggestions"], "suggestions").items()
        },
        facts=entry(document, "facts", Facts),
        assumptions=entry(document, "assumptions", Texts),
        warnings=entry(document, "warnings", Texts),
        config=sections(document["config"]),
        environment=dict(document["environment"]),
        timing=entry(document, "timing", Timing),
        confirmation=_confirmation(document.get("confirmation")),
        evidence=_evidence(document.get("evidence")),
        advice=checked(document.get("advice") or {}, Advice, "advice"),
    )


def _sweep(values: dict[str, Any]) -> Sweep:
    seeds = entry(values, "seeds", tuple[int, ...], "sweep")
    diverged_at = entry(values, "diverged_at", tuple[int | None, ...], "sweep")
    if len(diverged_at) != len(seeds):
        raise ValueError(f"'sweep.diverged_at' has {len(diverged_at)} entries for {len(seeds)} seeds")
    rates = _row(values["learning_rate"], "sweep.learning_rate")
    matrices = {}
    for key in ("loss", "gradient_norm", "update_norm"):
        rows = [_row(row, f"sweep.{key}", len(rates)) for row in values[key]]
        if len(rows) != len(seeds):
            raise ValueError(f"'sweep.{key}' has {len(rows)} rows for {len(seeds)} seeds")
        matrices[key] = np.array(rows, dtype=np.float64).reshape(len(seeds), len(rates))
    return Sweep(
        learning_rate=rates,
        smoothed=_row(values["smoothed"], "sweep.smoothed", len(rates)),
        diverged_at=diverged_at,
        seeds=seeds,
        execution=entry(values, "execution", Execution, "sweep"),
        **matrices,
    )


def _confirmation(values: Any) -> Confirmation | None:
    """Return the confirmation of the section ``confirmation``, whose horizons are under ``best``; None for null."""
    if values is None:
        return None
    steps = entry(values, "horizons", tuple[int, ...], "confirmation")
    horizons = entry(values, "best", tuple[Horizon, ...], "confirmation")
    if steps != tuple(horizon.steps for horizon in horizons):
        raise ValueError("'confirmation.horizons' and 'confirmation.best' differ in their steps")
    return replace(build(Confirmation, {**values, "horizons": []}, "confirmation"), horizons=horizons)


def _evidence(values: Any) -> Evidence:
    """Return the evidence; missing keys were not measured."""
    evidence = build(Evidence, {} if values is None else values, "evidence")
    if len(evidence.trust_ratio) != len(evidence.trust_steps):
        counts = f"{len(evidence.trust_ratio)} numbers for {len(evidence.trust_steps)} steps"
        raise ValueError(f"'evidence.trust_ratio' has {counts}")
    return evidence


def _training(document: dict[str, Any]) -> Training:
    trace = mapping(document["trace"], "trace")
    loss = _row(trace["loss"], "trace.loss")
    rate = _row(trace["learning_rate"], "trace.learning_rate", len(loss))
    if not np.isfinite(rate).all():
        raise ValueError("'trace.learning_rate' has what is no rate")
    return Training(
        name=entry(document, "name", str),
        status=entry(document, "status", TrainingStatus),
        learning_rate=entry(document, "learning_rate", float),
        rate_from=entry(document, "rate_from", str),
        schedule=entry(document, "schedule", str),
        steps=entry(document, "steps", int),
        rate=rate,
        loss=loss,
        gradient_norm=_row(trace["gradient_norm"], "trace.gradient_norm", len(loss)),
        scores=_scores(document["validation"], len(loss)),
        findings=tuple(_finding(finding) for finding in document["findings"]),
        facts=entry(document, "facts", Facts),
        assumptions=entry(document, "assumptions", Texts),
        config=sections(document["config"]),
        environment=dict(document["environment"]),
        timing={part: checked(spent, float, f"timing.{part}") for part, spent in document["timing"].items()},
    )


def _scores(values: dict[str, Any] | None, steps: int) -> Scores | None:
    """Return the validation scores; the key that is none of the fixed ones names the metric."""
    if values is None:
        return None
    at = _row(values["step"], "validation.step")
    if not np.isin(at, np.arange(steps + 1)).all():
        raise ValueError(f"'validation.step' has what is no step from 0 to {steps:,}")
    name = next((key for key in values if key not in ("step", "loss", "rows")), "")
    return Scores(
        step=at,
        loss=_row(values["loss"], "validation.loss", len(at)),
        metric=_row(values[name], f"validation.{name}", len(at)) if name else np.full(len(at), np.nan),
        metric_name=name,
        rows=entry(values, "rows", int, "validation"),
    )


def _finding(values: Any) -> Finding:
    first, last = entry(values, "steps", tuple[float, ...], "findings")
    texts = {key: entry(values, key, str, "findings") for key in ("id", "what", "why", "advice")}
    severity = entry(values, "severity", Severity, "findings")
    return Finding(severity=severity, steps=(first, last), values=dict(values["values"]), **texts)


def _row(values: Any, key: str, length: int | None = None) -> Floats:
    """Return a list of numbers as an array, shape (len(values),); NaN for null.

    Raises:
        TypeError: it is no list, or holds something else.
        ValueError: its length is not `length`.
    """
    if not isinstance(values, list):
        raise TypeError(f"'{key}' is {shown(values)}, expected a list of numbers")
    for kind in set(map(type, values)) - {float, int, type(None)}:
        odd = next(value for value in values if type(value) is kind)
        raise TypeError(f"'{key}' holds {shown(odd)}, expected numbers or null")
    row = np.array([math.nan if value is None else float(value) for value in values], dtype=np.float64)
    if length is not None and len(row) != length:
        raise ValueError(f"'{key}' has {len(row)} numbers where {length} belong")
    return row
