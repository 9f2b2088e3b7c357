"""What reports and dry runs say about a task."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from lrfind.config.schema import assumptions
from lrfind.core.result import Facts
from lrfind.engine.host_batches import IN_FLIGHT
from lrfind.task import objective as objectives
from lrfind.task.batch_source import Drawn
from lrfind.task.optim import param_groups

if TYPE_CHECKING:
    from lrfind.task.task import Task


class TaskReport:
    """Description of a task.

    Args:
        task: task to describe.
    """

    def __init__(self, task: Task) -> None:
        self._task = task

    def outline(self) -> dict[str, Any]:
        """Return the facts that need no pass over the data, by name, as `Facts` has them."""
        objective, config = self._task.objective, self._task.config
        return {
            "model": objective.description,
            "parameters": objective.parameters,
            "frozen": param_groups.count_frozen(objective.initial[0], config.optimizer.frozen),
            "precision": config.precision,
            "data": self._task.batches.source.describe(),
            "loss": objective.loss,
        }

    def facts(self, rate: float | None) -> Facts:
        """Return the facts of a result.

        Args:
            rate: learning rate of the line to paste; None for a name in its place.
        """
        return Facts(
            **self.outline(),
            optimizer=self._task.optimizer.line(rate),
            chance_loss=self.chance_loss,
            constant_loss=self.constant_loss,
        )

    @property
    def chance_loss(self) -> float | None:
        """Loss of equal probabilities for all classes; None if the loss has no classes."""
        return objectives.chance_loss(self._task.objective.loss, self._task.batches.dataset)

    @cached_property
    def constant_loss(self) -> float | None:
        """Loss of the best constant answer on the training rows; None if unknown."""
        objective, batches = self._task.objective, self._task.batches
        if batches.dataset is None and objective.network is None:
            return None
        return objectives.constant_loss(objective.loss, batches.source, batches.rows_per_step)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Sentences about settings that the config leaves out and the rate depends on."""
        drawn = isinstance(self._task.batches.source, Drawn)
        return (*assumptions(self._task.config, batches=drawn), *self._task.user_code.assumptions)

    def memory_bytes(self) -> int:
        """Return the bytes of data or batches in flight, and of the states of all lanes; activations add to them."""
        leaves, batches = jax.tree.leaves(self._task.shapes()), self._task.batches
        states = sum(math.prod(leaf.shape) * np.dtype(leaf.dtype).itemsize for leaf in leaves)
        in_flight = 2 * max(IN_FLIGHT, batches.bytes_per_step) if batches.bytes_per_step else 0
        return int(states + in_flight + batches.source.nbytes)
