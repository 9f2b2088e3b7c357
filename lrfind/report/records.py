"""The records of a run: ``result.json`` and ``curve.csv`` as text, and a result back from its JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from lrfind.errors import InputError
from lrfind.fields import build, checked, sections, shown
from lrfind.report.trials import confirmation_document, read_confirmation, read_evidence
from lrfind.types import (
    Advice,
    Execution,
    Facts,
    Floats,
    Guess,
    Recommendation,
    Result,
    Setting,
    Suggestion,
    Sweep,
    Timing,
)

SCHEMA = "lrfind/result/1"

STATUSES = ("complete", "no_recommendation", "interrupted", "failed")


def to_json(result: Result) -> str:
    """``result.json``: strict JSON in ASCII, indented, each row of numbers on one line; ends with a line break.

    What is not finite is null. Floats have the shortest form that reads back as the same number, so the text of a
    result that was read back is the same to the byte.
    """
    sweep = result.sweep
    document = {
        "schema": SCHEMA,
        "name": result.name,
        "status": result.status,
        "recommendation": asdict(result.recommendation),
        "suggestions": {method: asdict(suggestion) for method, suggestion in result.suggestions.items()},
        "sweep": {
            "learning_rate": sweep.learning_rate,
            "loss": sweep.loss,
            "smoothed": sweep.smoothed,
            "gradient_norm": sweep.gradient_norm,
            "update_norm": sweep.update_norm,
            "diverged_at": sweep.diverged_at,
            "seeds": sweep.seeds,
            "execution": asdict(sweep.execution),
        },
        "confirmation": confirmation_document(result.confirmation),
        "evidence": asdict(result.evidence),
        "advice": asdict(result.advice),
        "facts": asdict(result.facts),
        "assumptions": result.assumptions,
        "warnings": result.warnings,
        "config": result.config,
        "environment": result.environment,
        "timing": {name.rstrip("_"): value for name, value in asdict(result.timing).items()},
    }
    return encoded(document)


def encoded(document: dict[str, Any]) -> str:
    """Strict JSON in ASCII of dataclasses' values and arrays: indented, each row of numbers on one line, null for what
    is not finite; ends with a line break."""
    return "".join(_encode(_plain(document), "\n")) + "\n"


def from_json(text: str | bytes) -> Result:
    """The result that `to_json` wrote; null in a row of numbers is NaN. Keys it does not know are left out.

    Raises:
        InputError: the text is no JSON, no result of lrfind, or lacks something a result has.
    """
    try:
        found = json.loads(text)
    except RecursionError:
        raise InputError("this is no lrfind result: its JSON is nested too deep; expected a result.json") from None
    except ValueError as error:
        raise InputError(f"this is no lrfind result: not valid JSON ({error}); expected a result.json") from None
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema != SCHEMA:
        says = f"its schema is {schema!r}" if schema is not None else "it has no key 'schema'"
        raise InputError(f"this is no lrfind result that this version can read: {says}; expected {SCHEMA!r}")
    try:
        return _result(found)
    except KeyError as error:
        raise InputError(f"this lrfind result is damaged: the key {error} is missing") from None
    except (TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise InputError(f"this lrfind result is damaged: {error}") from None


def to_csv(result: Result) -> str:
    """``curve.csv``: one line per step, one column per seed and quantity; an empty cell was not measured."""
    sweep = result.sweep
    rows = (("loss", sweep.loss), ("gradient_norm", sweep.gradient_norm), ("update_norm", sweep.update_norm))
    columns = {"learning_rate": sweep.learning_rate, "smoothed": sweep.smoothed}
    columns |= {f"{name}_seed{i}": row for name, matrix in rows for i, row in enumerate(matrix)}
    lines = [",".join(["step", *columns])]
    cells = [["" if math.isnan(value) else repr(value) for value in column.tolist()] for column in columns.values()]
    lines += [",".join([str(step), *line]) for step, line in enumerate(zip(*cells, strict=True))]
    return "\n".join(lines) + "\n"


def _result(found: dict[str, Any]) -> Result:
    sweep, status = found["sweep"], found["status"]
    if status not in STATUSES:
        raise ValueError(f"the status is {status!r}, expected one of {', '.join(STATUSES)}")
    rates = _row(sweep["learning_rate"], "learning_rate")
    seeds = _each(sweep["seeds"], int, "sweep.seeds")
    diverged_at = _each(sweep["diverged_at"], int | None, "sweep.diverged_at")
    if len(diverged_at) != len(seeds):
        raise ValueError(f"'sweep.diverged_at' has {len(diverged_at)} entries for {len(seeds)} seeds")
    shape = (len(seeds), len(rates))
    timing = {f"{name}_" if name == "import" else name: value for name, value in found["timing"].items()}
    return Result(
        name=checked(found["name"], str, "name"),
        status=status,
        recommendation=build(Recommendation, found["recommendation"], "recommendation"),
        suggestions={
            method: build(Suggestion, each, f"suggestions.{method}") for method, each in found["suggestions"].items()
        },
        sweep=Sweep(
            learning_rate=rates,
            loss=_rows(sweep, "loss", shape),
            smoothed=_row(sweep["smoothed"], "smoothed", len(rates)),
            gradient_norm=_rows(sweep, "gradient_norm", shape),
            update_norm=_rows(sweep, "update_norm", shape),
            diverged_at=diverged_at,
            seeds=seeds,
            execution=build(Execution, sweep["execution"], "sweep.execution"),
        ),
        facts=build(Facts, found["facts"], "facts"),
        assumptions=_each(found["assumptions"], str, "assumptions"),
        warnings=_each(found["warnings"], str, "warnings"),
        config=sections(found["config"]),
        environment=dict(found["environment"]),
        timing=build(Timing, timing, "timing"),
        confirmation=read_confirmation(found.get("confirmation")),
        evidence=read_evidence(found.get("evidence")),
        advice=_advice(found.get("advice") or {}),
    )


def _advice(found: dict[str, Any]) -> Advice:
    return Advice(
        tuple(build(Setting, each, "advice.settings") for each in found.get("settings", ())),
        tuple(build(Guess, each, "advice.guesses") for each in found.get("guesses", ())),
    )


def _each(values: Any, hint: Any, key: str) -> tuple[Any, ...]:
    """A list whose items are all of one type."""
    if not isinstance(values, list):
        raise TypeError(f"'{key}' is {shown(values)}, expected a list")
    return tuple(checked(value, hint, key) for value in values)


def _row(values: list[float | None], key: str, length: int | None = None) -> Floats:
    for kind in set(map(type, values)) - {float, int, type(None)}:
        odd = next(value for value in values if type(value) is kind)
        raise TypeError(f"'sweep.{key}' holds {shown(odd)}, expected numbers or null")
    row = np.array([math.nan if value is None else float(value) for value in values], dtype=np.float64)
    if length is not None and len(row) != length:
        raise ValueError(f"'sweep.{key}' has {len(row)} numbers where 'sweep.learning_rate' has {length}")
    return row


def _rows(sweep: dict[str, Any], key: str, shape: tuple[int, int]) -> Floats:
    rows = [_row(values, key, shape[1]) for values in sweep[key]]
    if len(rows) != shape[0]:
        raise ValueError(f"'sweep.{key}' has {len(rows)} rows for {shape[0]} seeds")
    return np.array(rows, dtype=np.float64).reshape(shape)


def _plain(value: Any) -> Any:
    """Values that JSON has: arrays and tuples as lists, numpy numbers as Python's, null for what is not finite."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _encode(value: Any, line: str) -> Iterator[str]:
    """JSON text of a plain value in pieces; `line` is the line break with the current indent."""
    inner = line + "  "
    if isinstance(value, dict) and value:
        for i, (key, each) in enumerate(value.items()):
            yield f"{',' if i else '{'}{inner}{json.dumps(key)}: "
            yield from _encode(each, inner)
        yield f"{line}}}"
    elif isinstance(value, list) and any(isinstance(each, list | dict | str) for each in value):
        for i, each in enumerate(value):
            yield f"{',' if i else '['}{inner}"
            yield from _encode(each, inner)
        yield f"{line}]"
    else:
        yield json.dumps(value, allow_nan=False)
