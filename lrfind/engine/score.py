"""What a training is looked at by: loss and metric on rows that stay the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from lrfind.engine import compiler
from lrfind.engine.evaluate import AT_ONCE, parts_of
from lrfind.engine.step import TrainState

Measure = Callable[[Any, Any, Any], tuple[jax.Array, jax.Array]]
"""``(params, state, batch) -> (loss, statistic)``, both means over the batch's rows."""


class Scorer:
    """Loss and statistic of a state over fixed rows, compiled once.

    Args:
        measure: of one batch.
        data: pytree of arrays, leading axis rows.
        rows: rows of a training step.
        at_once: rows of one call, or a batch where that is more.
    """

    def __init__(self, measure: Measure, data: Any, rows: int, at_once: int = AT_ONCE) -> None:
        self._parts = parts_of(data, rows, at_once)
        self.rows = sum(len(jax.tree.leaves(part)[0]) for part in self._parts)
        self._program = jax.jit(measure)
        self._compiled: Any = None

    def compile(self, shapes: TrainState, platform: str) -> None:
        """Compile for a state of these shapes."""
        lowered = self._program.lower(shapes.params, shapes.state, self._parts[0])
        self._compiled = compiler.compile(lowered, "quick" if platform == "cpu" else "full")
        self._parts = [jax.device_put(part) for part in self._parts]

    def __call__(self, state: TrainState) -> tuple[float, float]:
        """Loss and statistic of a state."""
        run = self._compiled or self._program
        found = [run(state.params, state.state, part) for part in self._parts]
        return (
            sum(float(loss) for loss, _ in found) / len(found),
            sum(float(statistic) for _, statistic in found) / len(found),
        )


def hits(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Share of labels that have the highest output; labels of any shape, classes along the last axis of outputs."""
    return jnp.mean(jnp.argmax(outputs, axis=-1) == targets)


def answers(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Share of yes-or-no questions answered right: yes where the output is above 0."""
    return jnp.mean((outputs > 0) == (targets > 0.5))


def squares(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Mean squared error, of which 1 less its part of the targets' variance is R2."""
    return jnp.mean((outputs - targets) ** 2)
