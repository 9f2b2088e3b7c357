"""Which rows a step sees, and its random key: functions of seed and step alone, so any step can be drawn at any
time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.task.data.shuffle import generator as generator
from lrfind.task.data.shuffle import shuffled

ORDER, KEYS, WEIGHTS = 1, 2, 3
"""Streams of random numbers of one seed; apart, so that more steps or another batch size leave the weights alone."""

SPLIT_SEED = 0
"""What is held out and what is judged on is a property of the data set: it does not move with the run's seed, so that
runs of several seeds can be compared."""

KEY_BLOCK = 1024
"""Keys drawn at a time."""


def weight_key(seed: int, lane_seed: int) -> NDArray[np.uint32]:
    """The raw key of a seed's starting weights, shape (2,)."""
    return generator(seed, lane_seed, WEIGHTS).integers(0, 2**32, 2, dtype=np.uint32)


@dataclass(frozen=True)
class Batches:
    """Shuffled anew each epoch; what an epoch has left for no whole step is left out.

    A step of several micro-batches has the rows of a step of one batch as large, in the same order. Where the rows are
    fewer than a step's, it is the last micro-batch that is left out of an epoch, and a step takes several epochs.

    Attributes:
        rows: rows of the data set.
        batch_size: rows of one micro-batch.
        accumulate: micro-batches to one optimiser step.
        seed: the run's seed.
    """

    rows: int
    batch_size: int
    accumulate: int
    seed: int

    def indices(self, lane_seed: int, start: int, stop: int) -> NDArray[Any]:
        """Row numbers of steps start..stop-1 of a seed, shape (steps, [accumulate if above 1,] batch_size)."""
        step = self.accumulate * self.batch_size
        unit = step if step <= self.rows else self.batch_size
        per_epoch = self.rows // unit
        first, last = start * step // unit, stop * step // unit
        drawn = []
        for epoch in range(first // per_epoch, (last - 1) // per_epoch + 1):
            begin, end = max(0, first - epoch * per_epoch), min(per_epoch, last - epoch * per_epoch)
            places = begin * unit, end * unit
            drawn.append(shuffled(self.rows, *places, self.seed, lane_seed, ORDER, epoch))
        axes = (self.accumulate,) if self.accumulate > 1 else ()
        return np.concatenate(drawn).reshape(stop - start, *axes, self.batch_size)

    def keys(self, lane_seed: int, start: int, stop: int) -> NDArray[np.uint32]:
        """Raw keys of steps start..stop-1 of a seed, shape (steps, 2)."""
        blocks = range(start // KEY_BLOCK, (stop - 1) // KEY_BLOCK + 1)
        drawn = [
            generator(self.seed, lane_seed, KEYS, block).integers(0, 2**32, (KEY_BLOCK, 2), dtype=np.uint32)
            for block in blocks
        ]
        first = start - blocks[0] * KEY_BLOCK
        return np.concatenate(drawn)[first : first + stop - start]
