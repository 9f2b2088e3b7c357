"""Optimisers of optax by name, and the line of optax that a user pastes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from lrfind.errors import InputError
from lrfind.expression import Call, evaluate, source
from lrfind.optimizer_table import OPTIMIZERS
from lrfind.registry import near

MakeOptimizer = Callable[[Any], Any]
"""``rate -> optax.GradientTransformation``. Called inside the compiled step with a traced rate: one program serves
every
rate (a Python float would be baked in and compiled again for each, optax#577), and no `inject_hyperparams`, which turns
b2 = 0.999 into 1 under bfloat16 parameters (optax#1414)."""


def call(name: str, options: Mapping[str, Any], rate: Any, *, clip_norm: float | None = None) -> Call:
    """The optax expression of an optimiser at a rate.

    Args:
        name: a key of `OPTIMIZERS`.
        options: the optimiser's own keywords.
        rate: the learning rate, a number or a traced array.
        clip_norm: the largest global norm a gradient may have, or None.
    """
    optimizer = Call(OPTIMIZERS[name].target, (rate,), dict(options))
    if clip_norm is None:
        return optimizer
    return Call("optax.chain", (Call("optax.clip_by_global_norm", (clip_norm,)), optimizer))


def build(name: str, options: Mapping[str, Any], *, clip_norm: float | None = None) -> MakeOptimizer:
    """The optimiser as a function of its rate.

    Raises:
        InputError: the installed optax has no such optimiser or keyword.
    """
    module, _, function = OPTIMIZERS[name].target.rpartition(".")
    found = getattr(import_module(module), function, None)
    if found is None:
        raise InputError(f"the installed optax has no {OPTIMIZERS[name].target}; upgrade optax", key="optimizer.name")
    known = inspect.signature(found).parameters
    for keyword in options:
        if keyword not in known:
            raise InputError(
                f"the installed optax's {name} has no '{keyword}'{near(keyword, known)}; upgrade optax or leave it out",
                key=f"optimizer.{keyword}",
            )
    return lambda rate: evaluate(call(name, options, rate, clip_norm=clip_norm))


def to_source(
    name: str,
    options: Mapping[str, Any],
    rate: float | str,
    *,
    clip_norm: float | None = None,
    accumulate: int = 1,
    then: Call | None = None,
) -> str:
    """The line of optax to paste, e.g. ``"optax.adamw(0.0012, weight_decay=0.01)"``.

    Args:
        name: a key of `OPTIMIZERS`.
        options: the optimiser's own keywords.
        rate: the rate, or the source text of what stands for it: a name, or a schedule.
        clip_norm: the largest global norm a gradient may have, or None.
        accumulate: micro-batches to one optimiser step.
        then: a transformation that it is chained with.
    """
    shown = Name(rate) if isinstance(rate, str) else rate
    expression = call(name, options, shown, clip_norm=clip_norm)
    if accumulate > 1:
        expression = Call("optax.MultiSteps", (expression,), {"every_k_schedule": accumulate})
    if then is not None:  # MultiSteps hands no value on to what is inside of it
        expression = Call("optax.chain", (expression, then))
    return source(expression)


class Name(str):
    """A name that source text shows without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
