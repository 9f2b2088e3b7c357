"""A call into optax as a value: it can be evaluated, and it can be written down as source text to paste.

One description serves both, so what a report shows is what was run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Call:
    """``function(*args, **kwargs)``; arguments may be calls themselves, or lists or dicts of them.

    Attributes:
        function: dotted name, e.g. ``"optax.adam"``.
        args: positional arguments.
        kwargs: keyword arguments.
    """

    function: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Formula:
    """A function that is not in optax, with its source.

    Attributes:
        function: the function.
        text: the same as source text.
    """

    function: Callable[..., Any]
    text: str


def evaluate(value: Any) -> Any:
    """Import the functions and call them, innermost first."""
    if isinstance(value, Formula):
        return value.function
    if isinstance(value, Call):
        module, _, name = value.function.rpartition(".")
        function = getattr(import_module(module), name)
        kwargs = {key: evaluate(item) for key, item in value.kwargs.items()}
        return function(*(evaluate(item) for item in value.args), **kwargs)
    if isinstance(value, list):
        return [evaluate(item) for item in value]
    if isinstance(value, dict):
        return {key: evaluate(item) for key, item in value.items()}
    return value


def source(value: Any) -> str:
    """Return the Python text of a call, e.g. ``"optax.sgd(0.1, momentum=0.9)"``."""
    if isinstance(value, Call):
        arguments = [source(item) for item in value.args]
        arguments += [f"{key}={source(item)}" for key, item in value.kwargs.items()]
        return f"{value.function}({', '.join(arguments)})"
    if isinstance(value, list):
        return f"[{', '.join(source(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{source(key)}: {source(item)}' for key, item in value.items())}}}"
    if isinstance(value, Formula):
        return value.text
    if isinstance(value, float):
        short = f"{value:.6g}"
        return short if float(short) == value else repr(float(value))
    return repr(value)
