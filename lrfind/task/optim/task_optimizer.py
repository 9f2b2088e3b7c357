"""The optimiser of a task, and the source line to paste."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any

import jax

from lrfind.config.sections.optimizer import OptimizerSection
from lrfind.core.result import RATE
from lrfind.engine.step import TrainState
from lrfind.task.optim import optimizers, param_groups

OptimizerLine = Callable[[Any, Any], str]
"""Function from a rate, or source of a schedule, and a transformation to chain with or None, to a line of source."""


@dataclass(frozen=True)
class TaskOptimizer:
    """Optimiser of a task.

    Attributes:
        section: optimiser section of the config.
        params: initial parameters, which the patterns of the section have to match.
        own: the user's optimiser; None for the section's.
        own_line: source of the user's optimiser or train step; None for the section's optimiser.
    """

    section: OptimizerSection
    params: Callable[[], Any]
    own: optimizers.MakeOptimizer | None = None
    own_line: OptimizerLine | None = None

    @cached_property
    def choice(self) -> optimizers.Choice:
        """Optimiser of optax that the section names.

        Raises:
            InputError: a pattern matches no parameter.
        """
        param_groups.check(self.params(), self.section.groups, self.section.frozen)
        return optimizers.chosen(self.section)

    @cached_property
    def make(self) -> optimizers.MakeOptimizer:
        """Function ``rate -> optax.GradientTransformation``.

        Raises:
            InputError: a pattern matches no parameter, or the installed optax lacks the optimiser or a keyword.
        """
        if self.own is not None:
            return optimizers.clipped(self.own, self.section.clip_norm)
        return optimizers.build(self.choice) if self.section.named else optimizers.none

    @property
    def plain(self) -> bool:
        """Whether updates are minus rate times gradient."""
        return self.section.named and self.choice.plain

    @cached_property
    def evaluated_at(self) -> Callable[[TrainState], TrainState]:
        """Function that replaces a state's parameters by those at which the optimiser is evaluated."""
        averages = optimizers.evaluated_at(self.choice) if self.section.named else None
        if averages is None:
            return lambda state: state
        compiled = jax.jit(averages)
        return lambda state: state._replace(params=compiled(state.params, state.optimizer))

    def line(self, rate: float | None) -> str:
        """Return the line of source to paste.

        Args:
            rate: learning rate; None for a name in its place.
        """
        shown = RATE if rate is None else float(f"{rate:.3g}")
        if self.own_line is not None:
            return self.own_line(shown, None)
        return optimizers.to_source(self.choice, shown, accumulate=self.section.accumulate)


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
