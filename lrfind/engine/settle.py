"""Running statistics of fixed weights: estimated again before a state is judged.

In a short training they are rubbish: what a momentum of 0.99 keeps after 30 steps is three quarters of what they began
with, and the rest is of weights that are long gone. So training batches go through the model once more with the weights
held still.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from lrfind.engine import compiler
from lrfind.engine.evaluate import rows_in
from lrfind.engine.lanes import shape_of
from lrfind.engine.step import TrainState

CERTAIN = 1e-4
"""Least distance of a momentum from 0 and from 1. Nearer to 1 a batch leaves no more in a statistic than rounding does;
at 0 it holds the last batch alone."""


class Settler:
    """A model's state, made anew of training rows.

    The batches begin from the state before training. Of each number the model is asked once what a step keeps of it, by
    a batch from a state that is a little off: where that is a share m between 0 and 1, it is a running mean,
    ``s' = m s + (1 - m) b``, and becomes the mean of the batches' own b, with no share of where it began. All other
    numbers (a mean that corrects for its start, a count) stay as the batches leave them.

    Args:
        loss: ``(params, state, batch, key, train) -> (loss, (state, metrics))``.
        initial: the model's state before training.
        parts: training rows, as batches of one shape.
    """

    def __init__(self, loss: Callable[..., Any], initial: Any, parts: Sequence[Any]) -> None:
        self._parts = list(parts)
        self.rows = sum(rows_in(part) for part in self._parts)
        self._initial = jax.tree.map(np.asarray, initial)
        key = np.zeros(2, np.uint32)
        self._program = jax.jit(lambda params, state, batch: loss(params, state, batch, key, True)[1][0])
        self._compiled: Any = None
        self._kept: Any = None

    def compile(self, shapes: TrainState, platform: str) -> None:
        """Compile for states of these shapes."""
        state = jax.tree.map(shape_of, self._initial)
        lowered = self._program.lower(shapes.params, state, self._parts[0])
        self._compiled = compiler.compile(lowered, "quick" if platform == "cpu" else "full")
        self._parts = [jax.device_put(part) for part in self._parts]

    def __call__(self, params: Any) -> Any:
        """The state that belongs to these weights."""
        states = [self._initial]
        for part in self._parts:
            states.append(self._pass(params, states[-1], part))
        kept = self._kept
        if kept is None:
            kept = self._keeps(params, states[1])
            if all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(kept)):
                self._kept = kept  # It belongs to the model, whatever the weights; of lost ones it cannot be seen.
        return jax.tree.map(settled, kept, *states)

    def _pass(self, params: Any, state: Any, part: Any) -> Any:
        return jax.tree.map(np.asarray, (self._compiled or self._program)(params, state, part))

    def _keeps(self, params: Any, after: Any) -> Any:
        """What a step keeps of each number, NaN of those that are no floats; `after` is the first batch's state."""
        offs = jax.tree.map(off, self._initial, after)
        moved = self._pass(params, jax.tree.map(lambda leaf, by: leaf + by, self._initial, offs), self._parts[0])
        return jax.tree.map(share, moved, after, offs)


def off(before: Any, after: Any) -> Any:
    """How far to move each number: as far as the batch's own is large, so that rounding hides nothing."""
    return np.zeros_like(before) if not is_float(before) else (1 + np.abs(after)).astype(before.dtype)


def share(moved: Any, after: Any, by: Any) -> Any:
    """The part of a move that a step keeps; 1 of what is no float."""
    with np.errstate(all="ignore"):
        return (moved.astype(np.float64) - after) / by if is_float(moved) else np.ones(moved.shape)


def settled(kept: Any, *states: Any) -> Any:
    """One leaf: the mean of the batches' own values where it is a running mean, else its last state."""
    running = (kept > CERTAIN) & (kept < 1 - CERTAIN)
    if not running.any():
        return states[-1]
    wide = np.stack(states).astype(np.float64)
    with np.errstate(all="ignore"):
        own = (wide[1:] - kept * wide[:-1]) / (1 - kept)
        return np.where(running, own.mean(axis=0), wide[-1]).astype(states[-1].dtype)


def is_float(leaf: Any) -> bool:
    """Whether it holds numbers that can be moved a little."""
    return bool(np.issubdtype(leaf.dtype, np.floating))


def has_leaves(state: Any) -> bool:
    """Whether there is anything in a state."""
    return bool(jax.tree.leaves(state))
