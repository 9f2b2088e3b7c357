"""Evaluate training states on fixed rows: loss, metric, and running statistics recomputed with fixed weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from lrfind.core.dataset import Floats
from lrfind.engine.execution import compile_program
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
        self.run = compile_program(lowered, "quick" if platform == "cpu" else "full")
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


class MetricEvaluator(FixedRows):
    """Loss and statistic of a training state over fixed rows, compiled once.

    Args:
        function: pure function ``(params, state, batch) -> (loss, statistic)``, means over the rows.
        parts: batches of one shape.
    """

    def __call__(self, state: TrainState) -> tuple[float, float]:
        """Return loss and statistic of a training state, means over the rows."""
        values = [self.run(state.params, state.state, part) for part in self.parts]
        loss, statistic = (sum(map(float, column)) / len(values) for column in zip(*values, strict=True))
        return loss, statistic


CERTAIN = 1e-4
"""Least distance of a momentum from 0 and from 1.

Nearer to 1 a batch changes a statistic by less than rounding; at 0 the statistic is that of the last batch.
"""


class BatchNormRecalibration(FixedRows):
    """Recalibration of running statistics on training rows, before a model is evaluated.

    After a short training they are useless: with momentum 0.99, 30 steps leave three quarters of the initial value, and
    the rest belongs to earlier weights.

    The batches start from the model state before training. For a running mean ``s' = m s + (1 - m) b`` the momentum m
    is measured once per element by a forward pass from a perturbed state; the result is the mean of b over the batches.
    Elements that are not running means (bias-corrected means, counts) keep their last value.

    Args:
        loss: function ``(params, state, batch, key, train) -> (loss, (state, metrics))``.
        initial: model state before training, a pytree.
        parts: training rows, as batches of one shape.

    Reference:
        Wu and Johnson 2021, "Rethinking 'batch' in BatchNorm" (precise BN).
    """

    def __init__(self, loss: Callable[..., Any], initial: Any, parts: Sequence[Any]) -> None:
        key = np.zeros(2, np.uint32)
        super().__init__(lambda params, state, batch: loss(params, state, batch, key, True)[1][0], parts)
        self._initial = jax.tree.map(np.asarray, initial)
        self._kept: Any = None

    def compile(self, shapes: TrainState, platform: str) -> None:
        """Compile for training states of these shapes."""
        super().compile(shapes._replace(state=self._initial), platform)

    def __call__(self, params: Any) -> Any:
        """Return the recalibrated model state of given parameters."""
        states = [self._initial]
        for part in self.parts:
            states.append(self._pass(params, states[-1], part))
        kept = self._kept
        if kept is None:
            kept = self._keeps(params, states[1])
            if all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(kept)):
                self._kept = kept  # It belongs to the model, whatever the weights; of lost ones it cannot be seen.
        return jax.tree.map(settled, kept, *states)

    def _pass(self, params: Any, state: Any, part: Any) -> Any:
        return jax.tree.map(np.asarray, self.run(params, state, part))

    def _keeps(self, params: Any, after: Any) -> Any:
        """Return the momentum of each element; 1 for a leaf that is not floating-point.

        Args:
            params: parameters.
            after: model state after the first batch.
        """
        offs = jax.tree.map(off, self._initial, after)
        moved = self._pass(params, jax.tree.map(lambda leaf, by: leaf + by, self._initial, offs), self.parts[0])
        return jax.tree.map(share, moved, after, offs)


def off(before: Any, after: Any) -> Any:
    """Return the perturbation of each element, large enough that rounding hides nothing."""
    return np.zeros_like(before) if not is_float(before) else (1 + np.abs(after)).astype(before.dtype)


def share(moved: Any, after: Any, by: Any) -> Any:
    """Return the fraction of a perturbation that one step keeps; 1 if not floating-point."""
    with np.errstate(all="ignore"):
        return (moved.astype(np.float64) - after) / by if is_float(moved) else np.ones(moved.shape)


def settled(kept: Any, *states: Any) -> Any:
    """Return the recalibrated leaf: the mean of b for running means, else the last state.

    Args:
        kept: momentum m of each element, same shape as the leaf.
        *states: leaf before the first batch and after each batch.
    """
    running = (kept > CERTAIN) & (kept < 1 - CERTAIN)
    if not running.any():
        return states[-1]
    wide = np.stack(states).astype(np.float64)
    with np.errstate(all="ignore"):
        own = (wide[1:] - kept * wide[:-1]) / (1 - kept)
        return np.where(running, own.mean(axis=0), wide[-1]).astype(states[-1].dtype)


def is_float(leaf: Any) -> bool:
    """Return whether a leaf is floating-point."""
    return bool(np.issubdtype(leaf.dtype, np.floating))
