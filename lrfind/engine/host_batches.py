"""Feed batches that the host makes while the steps before them run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.engine.lanes import StepInputs
from lrfind.engine.train_loop import BatchFeed

IN_FLIGHT = 2**24
"""Bytes of batches, of all lanes, that a chunk may hold: 17 MB. As many are made ahead while it runs."""


def host_feed(
    batches: Callable[[int, int, int], Any], keys: Callable[[int, int, int], NDArray[np.uint32]]
) -> BatchFeed:
    """Return a feed of batches that the host makes whole.

    Args:
        batches: ``(seed, start, stop) -> batches`` of a seed's steps, a pytree of arrays with leading axis steps;
            called from several threads, for the steps of a training in their order.
        keys: ``(seed, start, stop) -> raw keys``, shape (steps, 2).
    """
    return BatchFeed((), lambda _, batch: batch, lambda *steps: StepInputs(batches(*steps), keys(*steps)))


def chunk_within(chunk: int, step_bytes: int) -> int:
    """Return the largest number of steps, up to `chunk`, whose batches hold at most `IN_FLIGHT` bytes; at least one.

    Args:
        chunk: steps that are wanted.
        step_bytes: bytes of one step's batches, of all lanes.
    """
    return max(1, min(chunk, IN_FLIGHT // max(1, step_bytes)))
