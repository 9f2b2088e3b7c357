"""A user's optimiser: checked, and as a line of source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from lrfind.core.errors import InputError
from lrfind.task.optim.optimizers import MakeOptimizer, Name
from lrfind.task.optim.source_code import Call, source
from lrfind.task.user_code.tracebacks import kind_of, user_call


def own_optimizer(function: Callable[..., Any], kwargs: Mapping[str, Any], title: str) -> MakeOptimizer:
    """Return a user's optimiser by its rate, with its return value checked."""

    def make(rate: Any) -> Any:
        with user_call(title, {"the rate": rate}):
            made = function(rate, **kwargs)
        if not (callable(getattr(made, "init", None)) and callable(getattr(made, "update", None))):
            raise InputError(
                f"{title} returned {kind_of(made)}; an optax.GradientTransformation is expected", key="optimizer.target"
            )
        if hasattr(made, "_replace"):  # A named tuple, as optax has them.
            parts = {part: watched(getattr(made, part), f"{part} of {title}") for part in ("init", "update")}
            return made._replace(**parts)
        return made

    return make


def watched(function: Callable[..., Any], what: str) -> Callable[..., Any]:
    """Return a user's function that raises errors with the user's frames."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with user_call(what):
            return function(*args, **kwargs)

    return call


def own_line(section: Any, name: str, kwargs: Mapping[str, Any], where: str) -> Callable[[Any, Any], str]:
    """Return the source of a user's optimiser as a function of its rate.

    Args:
        section: optimiser section of the config.
        name: name of the function.
        kwargs: its keywords.
        where: its file, for a comment; empty for none.
    """

    def line(rate: Any, then: Any) -> str:
        expression = Call(name, (Name(rate) if isinstance(rate, str) else rate,), dict(kwargs))
        if section.clip_norm is not None:
            clip = Call("optax.clip_by_global_norm", (section.clip_norm,))
            expression = Call("optax.chain", (clip, expression))
        if section.accumulate > 1:
            expression = Call("optax.MultiSteps", (expression,), {"every_k_schedule": section.accumulate})
        if then is not None:
            expression = Call("optax.chain", (expression, then))
        return source(expression) + (f"  # {where}" if where else "")

    return line


def step_line(title: str) -> Callable[[Any, Any], str]:
    """Return the source of the rate of a user's train step: a number, or a schedule to call by the step."""

    def line(rate: Any, then: Any) -> str:
        del then  # What the optimiser is chained with is inside of the step.
        return f"lr = {rate}  # for the step of {title}"

    return line
