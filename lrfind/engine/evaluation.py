"""Evaluate loss and metric of training states on fixed rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lrfind.core.dataset import Floats
from lrfind.engine import compile as compiler
from lrfind.engine.step import TrainState

AT_ONCE = 1024
"""Largest number of rows per call, unless the training batch is larger."""


def cut(data: Any, rows: int, *, at_once: int = AT_ONCE) -> list[Any]:
    """Cut rows into batches of one size, dropping the remainder.

    Args:
        data: pytree of arrays, leading axis rows.
        rows: rows of a training step.
        at_once: rows per batch, unless a training step has more.
    """
    available = rows_in(data)
    size = min(available, max(rows, at_once))
    return [jax.tree.map(lambda leaf, at=at: leaf[at : at + size], data) for at in range(0, available - size + 1, size)]


def rows_in(data: Any) -> int:
    """Return the number of rows of a pytree of arrays; 1 if no leaf has an axis."""
    return next((int(leaf.shape[0]) for leaf in jax.tree.leaves(data) if leaf.ndim), 1)


class FixedRows:
    """A function of parameters, model state and batch, compiled once for fixed rows.

    Args:
        function: pure function ``(params, state, batch) -> value``.
        parts: batches of one shape.
    """

    def __init__(self, function: Callable[..., Any], parts: Sequence[Any]) -> None:
        self.parts = list(parts)
        self.rows = sum(rows_in(part) for part in self.parts)
        self.run: Any = jax.jit(function)

    def compile(self, shapes: TrainState, platform: str) -> None:
        """Compile for training states of these shapes."""
        lowered = self.run.lower(shapes.params, shapes.state, self.parts[0])
        self.run = compiler.compile(lowered, "quick" if platform == "cpu" else "full")
        self.parts = [jax.device_put(part) for part in self.parts]


class LossEvaluator(FixedRows):
    """A model's loss in evaluation mode on fixed rows, compiled once.

    Args:
        loss: function ``(params, state, batch, key, train) -> (loss, (state, metrics))``, a mean over the batch's rows.
        parts: batches of one shape.
    """

    def __init__(self, loss: Callable[..., Any], parts: Sequence[Any]) -> None:
        super().__init__(lambda params, state, batch: loss(params, state, batch, None, False)[0], parts)

    def __call__(self, states: Sequence[TrainState]) -> Floats:
        """Return the loss of every training state, shape (states,)."""
        losses = [[float(self.run(state.params, state.state, part)) for part in self.parts] for state in states]
        return np.array([np.mean(of_state) for of_state in losses], np.float64)


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
