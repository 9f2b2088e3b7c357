"""Map lanes to calls of a compiled program: one lane per call, or a fixed number of lanes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray


class StepInputs(NamedTuple):
    """Inputs of steps that a seed determines.

    Attributes:
        rows: pytree of arrays, leading axis steps, from which `BatchFeed.select` makes batches.
        keys: raw keys, shape (steps, 2).
    """

    rows: Any
    keys: NDArray[np.uint32]


@dataclass(frozen=True)
class LaneGroups:
    """Assignment of lanes to calls.

    Attributes:
        width: lanes per call; None for one lane per call, without an axis of lanes.
    """

    width: int | None

    def of(self, lanes: int) -> list[list[int]]:
        """Return the lanes of each call; the last call is padded with the last lane."""
        width = self.width or 1
        return [[min(first + i, lanes - 1) for i in range(width)] for first in range(0, lanes, width)]

    def rates(self, rates: NDArray[np.float32], group: Sequence[int]) -> NDArray[np.float32]:
        """Return a call's columns of ``rates[steps, lanes]``."""
        return rates[:, group[0]] if self.width is None else rates[:, group]

    def draws(self, draws: Sequence[StepInputs]) -> StepInputs:
        """Stack the draws of a call's lanes along axis 1."""
        if self.width is None:
            return draws[0]
        joined: StepInputs = jax.tree.map(lambda *leaves: np.stack(leaves, axis=1), *draws)
        return joined

    def join(self, states: Sequence[Any], stack: Callable[..., Any] = np.stack) -> Any:
        """Stack the states of a call's lanes along axis 0."""
        return states[0] if self.width is None else jax.tree.map(lambda *leaves: stack(leaves), *states)

    def split(self, calls: Sequence[Any]) -> list[Any]:
        """Return the state of every lane from the states of the calls."""
        if self.width is None:
            return list(calls)
        return [
            jax.tree.map(lambda leaf, lane=lane: leaf[lane], state) for state in calls for lane in range(self.width)
        ]


def shape_of(leaf: Any) -> jax.ShapeDtypeStruct:
    """Return shape and type of an array, or of a description of one."""
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype)


def stack_shapes(shapes: Sequence[Any]) -> jax.ShapeDtypeStruct:
    """Return the shape of stacked arrays of these shapes."""
    return jax.ShapeDtypeStruct((len(shapes), *shapes[0].shape), shapes[0].dtype)
