"""Sentences about values: what a key wants, and how the value that stands there is shown.

What a key wants is read from its JSON Schema, so that a message cannot contradict the check behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from lrfind.core.registry import near

SANITY_LIMIT = 10**9  # upper bounds from here on only keep absurd numbers out: said where broken, not everywhere
LONGEST = 40
MANY = 20  # names beyond which a message does not list them all

# Common names for the same things, too far from ours to be found by spelling.
ALIASES = {
    "lr": "learning_rate",
    "rate": "learning_rate",
    "wd": "weight_decay",
    "bs": "batch_size",
    "batch": "batch_size",
    "warmup": "warmup_steps",
    "max_steps": "steps",
    "iterations": "steps",
    "num_iter": "steps",
    "beta1": "b1",
    "beta2": "b2",
    "grad_clip": "clip_norm",
    "optim": "optimizer",
    "scheduler": "schedule",
    "mask": "decayed",
    "decay_mask": "decayed",
    "weight_decay_mask": "decayed",
    "freeze": "frozen",
    "param_groups": "groups",
    "dtype": "precision",
}

Node = Mapping[str, Any]

REFERENCE = "a reference such as my_file.py:build"
"""Valid value of a key with a pattern, which are references alone."""


def wanted(node: Node, value: Any = None) -> str:
    """Describe valid values, e.g. ``"a whole number of at least 1"``; `value` is the invalid one."""
    if "anyOf" in node:
        lists = [choice for choice in node["anyOf"] if choice.get("type") == "array" and isinstance(value, list)]
        return wanted(lists[0] if lists else not_null(node), value)
    if names := allowed(node):
        return f"one of {', '.join(names)}" if len(names) > 1 else str(names[0])
    match node.get("type"):
        case "integer":
            return f"a whole number{_range(node, value)}"
        case "number":
            return f"a number{_range(node, value)}"
        case "boolean":
            return "true or false"
        case "string":
            if "pattern" in node:
                return REFERENCE
            return "text that is not empty" if node.get("minLength") else "text"
        case "array" if "prefixItems" in node:
            kinds = [wanted(item) for item in node["prefixItems"]]
            return f"a list of {len(kinds)}, {' and '.join(kinds)}"
        case "array":
            head = "a list, not empty, of " if node.get("minItems") else "a list of "
            return head + wanted(node["items"]).removeprefix("a ").replace("number", "numbers", 1)
        case _:
            return "a section of keys"


def allowed(node: Node) -> list[Any]:
    """Return the values of an enumeration or constant; none for other schemas."""
    if "const" in node:
        return [node["const"]]
    return list(node.get("enum", ()))


def _range(node: Node, value: Any) -> str:
    low, above = node.get("minimum"), node.get("exclusiveMinimum")
    high, below = node.get("maximum"), node.get("exclusiveMaximum")
    if high is not None and high >= SANITY_LIMIT and not (isinstance(value, int | float) and value > high):
        high = None
    if low is not None and high is not None:
        return f" from {number(low)} to {number(high)}"
    bounds = (("of at least", low), ("above", above), ("of at most", high), ("below", below))
    parts = [f"{words} {number(bound)}" for words, bound in bounds if bound is not None]
    return f" {' and '.join(parts)}" if parts else ""


def number(value: float) -> str:
    """Format a number as people write it: ``0.0012``, ``1e-07``, ``1,000``."""
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 10**15 else "a number of that many digits"
    return f"{int(value):,}" if value.is_integer() and abs(value) < 1e6 else repr(value)


def shown(value: Any) -> str:
    """Format a value for an error message."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value) if abs(value) < 10**15 else "a number of more than 15 digits"
        case float():
            return repr(value)
        case str():
            return repr(value if len(value) <= LONGEST else value[: LONGEST - 3] + "...")
        case list() | tuple():
            return "a list" if value else "an empty list"
        case _:
            return "a section of keys"


def mismatch(node: Node, value: Any, *, quoted_number: bool = False) -> str:
    """Return the sentence for an invalid value: what is valid, the value, and how to mend it."""
    if names := allowed(not_null(node)):
        hint = near(value, map(str, names)) if isinstance(value, str) else ""
    else:
        hint = _remedy(not_null(node), value, quoted_number)
    reason = f" ({node['x-reason']})" if "x-reason" in node and not hint and _is_number(value) else ""
    return f"must be {wanted(node, value)}; got {shown(value)}{hint}{reason}"


def unknown(key: str, known: Iterable[str], *, of: str = "") -> str:
    """Return the sentence for an unknown key, with a near name and the valid ones."""
    names = list(known)
    if ALIASES.get(key) in names:
        return f"unknown key (did you mean '{ALIASES[key]}'?)"
    if len(names) > MANY:
        return f"unknown key{near(key, names)}"
    prefix = f"{of} has " if of else "known here: "
    keys = f"{prefix}{', '.join(names)}" if names else f"{of or 'this section'} has no keys of its own"
    return f"unknown key{near(key, names)}; {keys}"


def not_null(node: Node) -> Node:
    """Return the schema of an optional value without its null."""
    return next((choice for choice in node.get("anyOf", ()) if choice.get("type") != "null"), node)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _remedy(node: Node, value: Any, quoted_number: bool) -> str:
    kind = node.get("type")
    if isinstance(value, float) and value != value:  # NaN alone differs from itself
        return " (not a number)"
    if isinstance(value, float) and abs(value) == float("inf"):
        return " (infinity)"
    if kind in ("integer", "number") and isinstance(value, str):
        if quoted_number:
            return " (drop the quotes)"
        plain = value.replace("_", "").replace(",", "")
        return f" (write {plain})" if plain != value and re.fullmatch(r"[-+]?\d+(\.\d+)?", plain) else ""
    if kind == "integer" and isinstance(value, float) and value.is_integer() and abs(value) < 10**15:
        return f" (write {int(value)})"
    if kind == "boolean" and isinstance(value, str):
        if value.lower() in ("true", "false"):
            return " (drop the quotes)"
        if value.lower() in ("yes", "no", "on", "off", "y", "n"):
            return " (in YAML 1.2 that is text)"
    if kind == "boolean" and value in (0, 1):
        return f" (write {'true' if value else 'false'})"
    if kind == "string" and isinstance(value, bool | int | float):
        return " (put it in quotes)"
    if kind == "array" and _is_number(value):
        return f" (write [{shown(value)}])"
    if kind == "array" and isinstance(value, str) and node["items"] and node["items"].get("type") == "string":
        return f" (write [{value}])"
    return " (remove the line to have the default)" if value is None else ""
