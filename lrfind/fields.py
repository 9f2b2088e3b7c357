"""Fields of a dataclass out of JSON, each checked against its annotation."""

from __future__ import annotations

import math
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Kind = TypeVar("Kind")

SECTIONS = ("model", "data", "optimizer", "train", "sweep", "confirm", "check")
"""What of a config is keys with values."""


def build(kind: type[Kind], values: dict[str, Any], section: str) -> Kind:
    """A dataclass of strings, numbers and choices out of the values that JSON has; those it has no field for are left
    out, and null is NaN where a number must stand.

    Args:
        kind: the dataclass.
        values: by the name of the field.
        section: how a message calls them, e.g. ``"recommendation"``.

    Raises:
        KeyError: a field without a default has no value.
        TypeError: a value is of the wrong kind.
        OverflowError: a whole number is too large for a float.
    """
    if not isinstance(values, dict):
        raise TypeError(f"'{section}' is {shown(values)}, expected keys with values")
    found = {}
    for name, hint in get_type_hints(kind).items():
        if name in values:
            found[name] = checked(values[name], hint, f"{section}.{name.rstrip('_')}")
        elif not hasattr(kind, name):
            raise KeyError(f"{section}.{name}")
    return kind(**found)


def sections(config: Any) -> dict[str, Any]:
    """A config out of JSON: keys, whose sections hold keys or nothing.

    Raises:
        TypeError: it does not.
    """
    if not isinstance(config, dict):
        raise TypeError(f"'config' is {shown(config)}, expected keys with values")
    for name in SECTIONS:
        if not isinstance(config.get(name), dict | None):
            raise TypeError(f"'config.{name}' is {shown(config[name])}, expected keys with values")
    return config


def checked(value: Any, hint: Any, key: str) -> Any:
    """The value, if it is what the annotation says.

    Raises:
        TypeError: it is not.
        OverflowError: it is a whole number too large for a float.
    """
    if value is None and hint is float:
        return math.nan
    if not fits(value, hint):
        raise TypeError(f"'{key}' is {shown(value)}, expected {words(hint)}")
    if isinstance(value, int):
        float(value)
    return value


def fits(value: Any, hint: Any) -> bool:
    """Whether a value out of JSON is of a type: a choice of literals, a union, or str, bool, int, float, None."""
    if get_origin(hint) in (Union, UnionType):
        return any(fits(value, each) for each in get_args(hint))
    if get_origin(hint) is Literal:
        return isinstance(value, str) and value in get_args(hint)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)


def words(hint: Any) -> str:
    """A type for reading."""
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(words(each) for each in get_args(hint))
    if get_origin(hint) is Literal:
        return f"one of {', '.join(get_args(hint))}"
    return {str: "a text", bool: "true or false", int: "a whole number", float: "a number", type(None): "null"}[hint]


def shown(value: Any) -> str:
    """A value in a message: its beginning."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
