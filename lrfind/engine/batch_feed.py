"""Batches of a train loop, on the device or made by the host while the steps before them run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

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
class BatchFeed:
    """Source of batches.

    Attributes:
        data: pytree of arrays that stay on the device; empty for batches that the host makes whole.
        select: pure function ``(data, row) -> batch``, part of the compiled program.
        draw: function ``(seed, start, stop) -> StepInputs`` of rows and keys of a seed's steps; the seed is its index
            in the run. Called from several threads, for the steps of a training in their order.
    """

    data: Any
    select: Callable[[Any, Any], Any]
    draw: Callable[[int, int, int], StepInputs]


IN_FLIGHT = 2**24
"""Bytes of batches, of all lanes, that a chunk may hold: 17 MB. As many are made ahead while it runs."""


def chunk_within(chunk: int, step_bytes: int) -> int:
    """Return the largest number of steps, up to `chunk`, whose batches hold at most `IN_FLIGHT` bytes; at least one.

    Args:
        chunk: steps that are wanted.
        step_bytes: bytes of one step's batches, of all lanes.
    """
    return max(1, min(chunk, IN_FLIGHT // max(1, step_bytes)))
