"""The optimiser of a task: one of optax, a user's own, or none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
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
