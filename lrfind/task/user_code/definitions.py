"""Where a callable object was defined, whatever wraps it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

DEEPEST = 100
"""Wrappers around one another that are looked through."""

Owns = Callable[[Mapping[str, Any]], bool]
"""Whether a module is one of those asked for, by its namespace."""


def defined_in(value: Any, owns: Owns) -> bool:
    """Return whether a callable is defined in one of the modules asked for.

    A function is where its source is. A class is where it, or one of its bases, is, if what makes its objects is there
    as well, or is Python's own (`object`, `dict`). An object is where its class, or one of its bases, and that class's
    `__call__` are. What only passes a call on (`functools.partial`, a bound method, a decorator that sets
    `__wrapped__`, such as `jax.jit`) is where the function behind it is.

    Args:
        value: callable.
        owns: whether a module is one of them, by its namespace.
    """
    for _ in range(DEEPEST):
        if isinstance(value, type):
            return _derives(value, owns) and _is_made_in(value, owns)
        if isinstance(value, BuiltinFunctionType):
            return owns(namespace(value))
        if isinstance(value, FunctionType) and owns(value.__globals__):
            return True
        if not isinstance(value, FunctionType | MethodType | partial) and _derives(type(value), owns):
            call = type(value).__call__
            if defined_in(getattr(call, "__objclass__", call), owns):
                return True
        if isinstance(value, MethodType):
            value = value.__func__
        elif isinstance(value, partial):
            value = value.func
        else:
            value = getattr(value, "__wrapped__", None)
        if not callable(value):
            return False
    return False


def _derives(kind: type, owns: Owns) -> bool:
    return any(owns(namespace(base)) for base in kind.__mro__)


def _is_made_in(kind: type, owns: Owns) -> bool:
    """Return whether the constructor of a class, the nearest `__new__` or `__init__`, is defined there or built in."""
    maker = next(base for base in kind.__mro__ if {"__new__", "__init__"} & vars(base).keys())
    return maker.__module__ == "builtins" or owns(namespace(maker))


def namespace(value: Any) -> Mapping[str, Any]:
    """Return the namespace of the module that a class or built-in function names; empty without such a module."""
    module = sys.modules.get(str(getattr(value, "__module__", None)))
    return vars(module) if isinstance(module, ModuleType) else {}


def is_module(value: Any) -> bool:
    """Return whether a value is a module, or one of the imported modules."""
    return isinstance(value, ModuleType) or any(value is module for module in list(sys.modules.values()))
