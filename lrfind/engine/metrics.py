"""Evaluate loss and metric of a training state on fixed rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from lrfind.engine.evaluation import FixedRows
from lrfind.engine.step import TrainState

Measure = Callable[[Any, Any, Any], tuple[jax.Array, jax.Array]]
"""Function ``(params, state, batch) -> (loss, statistic)``, means over the rows."""


class MetricEvaluator(FixedRows):
    """Loss and statistic of a training state over fixed rows, compiled once.

    Args:
        measure: function that evaluates one batch.
        parts: batches of one shape.
    """

    def __init__(self, measure: Measure, parts: Sequence[Any]) -> None:
        super().__init__(measure, parts)

    def __call__(self, state: TrainState) -> tuple[float, float]:
        """Return loss and statistic of a training state, means over the rows."""
        values = [self.run(state.params, state.state, part) for part in self.parts]
        loss, statistic = (sum(map(float, column)) / len(values) for column in zip(*values, strict=True))
        return loss, statistic


def hits(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Return the top-1 accuracy; classes along the last axis of outputs, labels of any shape."""
    return jnp.mean(jnp.argmax(outputs, axis=-1) == targets)


def answers(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Return the accuracy of binary answers: yes where the output is positive."""
    return jnp.mean((outputs > 0) == (targets > 0.5))


def squares(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Return the mean squared error."""
    return jnp.mean((outputs - targets) ** 2)
