"""How lanes become calls of one compiled program: each its own call, or as many as the program is wide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray


class Draw(NamedTuple):
    """What steps consume.

    Attributes:
        rows: pytree of arrays, leading axis steps: what `select` makes batches of.
        keys: raw keys, shape (steps, 2).
    """

    rows: Any
    keys: NDArray[np.uint32]


@dataclass(frozen=True)
class Groups:
    """Lanes that share a call.

    Attributes:
        width: lanes to a call; None where every lane is its own, without an axis of lanes.
    """

    width: int | None

    def of(self, lanes: int) -> list[list[int]]:
        """The lanes of each call; the last call is filled up with the last lane."""
        width = self.width or 1
        return [[min(first + i, lanes - 1) for i in range(width)] for first in range(0, lanes, width)]

    def rates(self, rates: NDArray[np.float32], group: Sequence[int]) -> NDArray[np.float32]:
        """What a call is given of ``rates[steps, lanes]``."""
        return rates[:, group[0]] if self.width is None else rates[:, group]

    def draws(self, draws: Sequence[Draw]) -> Draw:
        """The draws of a group's lanes as one call takes them."""
        if self.width is None:
            return draws[0]
        joined: Draw = jax.tree.map(lambda *leaves: np.stack(leaves, axis=1), *draws)
        return joined

    def join(self, states: Sequence[Any], stack: Callable[..., Any] = np.stack) -> Any:
        """The states of a group's lanes as one call takes them."""
        return states[0] if self.width is None else jax.tree.map(lambda *leaves: stack(leaves), *states)

    def split(self, calls: Sequence[Any]) -> list[Any]:
        """The states of every lane, from what the calls returned."""
        if self.width is None:
            return list(calls)
        return [
            jax.tree.map(lambda leaf, lane=lane: leaf[lane], state) for state in calls for lane in range(self.width)
        ]


def shape_of(leaf: Any) -> jax.ShapeDtypeStruct:
    """The shape and type of an array or of a description of one."""
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype)


def stack_shapes(shapes: Sequence[Any]) -> jax.ShapeDtypeStruct:
    """The shape of the shapes' arrays stacked."""
    return jax.ShapeDtypeStruct((len(shapes), *shapes[0].shape), shapes[0].dtype)
