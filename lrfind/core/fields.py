"""Values out of JSON, each checked against a type: numbers, texts, choices, lists and dataclasses of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import is_dataclass
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

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


NAMES = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    type(None): "null",
}
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
