"""Results and trainings back from their JSON, each value checked against a type."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass, replace
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from lrfind.core.dataset import Floats
from lrfind.core.errors import InputError
from lrfind.core.result import RESULT_SCHEMA, Confirmation, Evidence, Horizon, Result, Sweep
from lrfind.core.training import TRAINING_SCHEMA, Scores, Training

Kind = TypeVar("Kind")

SECTIONS = ("model", "data", "optimizer", "train", "sweep", "confirm", "check")
"""Keys of a config that hold keys with values."""


def build(kind: type[Kind], values: Any, section: str = "") -> Kind:
    """Return a dataclass of the values of a JSON object.

    Keys without a field are left out; null is NaN where a number must stand.

    Args:
        kind: the dataclass; a field's name is its key, less a final underscore.
        values: the JSON object.
        section: dotted key of the object, for messages; empty for the document itself.

    Raises:
        KeyError: a field without a default has no value.
        TypeError: a value is of the wrong kind.
        OverflowError: a whole number is too large for a float.
    """
    hints = {name.rstrip("_"): (name, hint) for name, hint in get_type_hints(kind).items()}
    return kind(
        **{
            name: entry(values, key, hint, section)
            for key, (name, hint) in hints.items()
            if key in mapping(values, section) or not hasattr(kind, name)
        }
    )


def entry(values: Any, key: str, hint: Any, section: str = "") -> Any:
    """Return a value of a JSON object, checked against a type.

    Args:
        values: the JSON object.
        key: key of the value.
        hint: type of the value, as `checked` takes it.
        section: dotted key of the object, for messages; empty for the document itself.

    Raises:
        KeyError: the key is missing.
        TypeError: the value is of the wrong kind.
        OverflowError: the value is a whole number too large for a float.
    """
    name = f"{section}.{key}" if section else key
    if key not in mapping(values, section):
        raise KeyError(name)
    return checked(values[key], hint, name)


def mapping(values: Any, key: str) -> dict[str, Any]:
    """Return a JSON object as it is.

    Raises:
        TypeError: it is no object.
    """
    if not isinstance(values, dict):
        raise TypeError(f"'{key}' is {shown(values)}, expected keys with values")
    return values


def sections(config: Any) -> dict[str, Any]:
    """Return a config out of JSON, whose sections are objects or null.

    Raises:
        TypeError: a section is something else.
    """
    for name in SECTIONS:
        if mapping(config, "config").get(name) is not None:
            mapping(config[name], f"config.{name}")
    return dict(config)


def checked(value: Any, hint: Any, key: str) -> Any:
    """Return a value out of JSON, lists as tuples and objects as dataclasses where the type says so.

    Args:
        value: the value; null is NaN where the type is float. An instance of the type stays as it is.
        hint: Any, str, bool, int, float, None, a choice of literals, a dataclass, a tuple of one type,
            ``dict[str, X]``, ``Mapping[str, X]``, or a union of those that are none of the last four.
        key: dotted key of the value, for messages.

    Raises:
        KeyError: a field of a dataclass has no value.
        TypeError: the value is of another type.
        ValueError: a list has another length than its type.
        OverflowError: the value is a whole number too large for a float.
    """
    kind, members = get_origin(hint), get_args(hint)
    if is_dataclass(hint) and not fits(value, hint):
        return build(hint, value, key)  # type: ignore[arg-type]
    if kind is tuple and isinstance(value, list):
        if members[-1] is not ... and len(value) != len(members):
            raise ValueError(f"'{key}' has {len(value)} entries where {len(members)} belong")
        return tuple(checked(item, members[0], key) for item in value)
    if kind in (dict, Mapping):
        return {name: checked(item, members[1], f"{key}.{name}") for name, item in mapping(value, key).items()}
    if value is None and hint is float:
        return math.nan
    if not fits(value, hint):
        raise TypeError(f"'{key}' is {shown(value)}, expected {words(hint)}{' or null' * (hint is float)}")
    if isinstance(value, int) and hint is not Any:
        float(value)
    return value


def fits(value: Any, hint: Any) -> bool:
    """Return whether a value is of a type: Any, a class, a choice, or a union; no list is of a tuple's."""
    kind = get_origin(hint)
    if kind in (Union, UnionType):
        return any(fits(value, member) for member in get_args(hint))
    if kind is Literal:
        return isinstance(value, str) and value in get_args(hint)
    if hint in (int, float):
        return isinstance(value, int | hint) and not isinstance(value, bool)
    return hint is Any or (kind is None and isinstance(value, hint))


NAMES = {str: "a text", bool: "true or false", int: "a whole number", float: "a number", type(None): "null"}
"""Types in messages."""


def words(hint: Any) -> str:
    """Return a type in words: ``"a list of numbers"``."""
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(words(member) for member in get_args(hint))
    if get_origin(hint) is Literal:
        return f"one of {', '.join(get_args(hint))}"
    if get_origin(hint) is tuple:
        item = NAMES.get(get_args(hint)[0], "")
        return f"a list of {item.removeprefix('a ')}s" if item.startswith("a ") else "a list"
    return NAMES[hint]


def shown(value: Any) -> str:
    """Return the beginning of a value for a message."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


Document = TypeVar("Document")

SEED_ROWS = ("loss", "gradient_norm", "update_norm")
"""Keys of the section ``sweep`` with a row for each seed."""


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
    decoded = {
        "sweep": _sweep(mapping(document["sweep"], "sweep")),
        "config": sections(document["config"]),
        "confirmation": _confirmation(document.get("confirmation")),
        "evidence": _evidence(document.get("evidence")),
        "advice": document.get("advice") or {},
    }
    return build(Result, document | decoded)


def _sweep(values: dict[str, Any]) -> Sweep:
    seeds = entry(values, "seeds", tuple[int, ...], "sweep")
    rates = _row(values["learning_rate"], "sweep.learning_rate")
    rows = {key: [_row(row, f"sweep.{key}", len(rates)) for row in values[key]] for key in SEED_ROWS}
    for key, given in {"diverged_at": entry(values, "diverged_at", tuple[int | None, ...], "sweep"), **rows}.items():
        if len(given) != len(seeds):
            noun = "rows" if key in rows else "entries"
            raise ValueError(f"'sweep.{key}' has {len(given)} {noun} for {len(seeds)} seeds")
    decoded = {key: np.array(row, np.float64).reshape(len(seeds), len(rates)) for key, row in rows.items()}
    decoded |= {"learning_rate": rates, "smoothed": _row(values["smoothed"], "sweep.smoothed", len(rates))}
    return build(Sweep, values | decoded, "sweep")


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
    decoded = {
        "rate": rate,
        "loss": loss,
        "gradient_norm": _row(trace["gradient_norm"], "trace.gradient_norm", len(loss)),
        "scores": _scores(document["validation"], len(loss)),
        "config": sections(document["config"]),
    }
    return build(Training, document | decoded)


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
