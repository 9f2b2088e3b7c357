"""Row numbers and random keys of training steps: functions of seed and step, so drawn in any order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.task.data.shuffle import generator as generator
from lrfind.task.data.shuffle import shuffled

ORDER, KEYS, WEIGHTS = 1, 2, 3
"""Independent random streams of a seed: more steps or another batch size do not change the weights."""

SPLIT_SEED = 0
"""Seed of the validation split and of the rows evaluated on: the same in every run, so that runs can be compared."""

KEY_BLOCK = 1024
"""Random keys that are drawn together."""


def weight_key(seed: int, lane_seed: int) -> NDArray[np.uint32]:
    """Return the raw JAX key of a seed's initial weights, shape (2,)."""
    return generator(seed, lane_seed, WEIGHTS).integers(0, 2**32, 2, dtype=np.uint32)


@dataclass(frozen=True)
class Batches:
    """Batches of rows that are shuffled anew each epoch; the rows after an epoch's last whole step are left out.

    A step of several micro-batches has the rows of a step of one batch as large, in the same order. Where a step has
    more rows than the data set, it takes several epochs, and an epoch leaves out its last partial micro-batch.

    Attributes:
        rows: rows of the data set.
        batch_size: rows of one micro-batch.
        accumulate: micro-batches to one optimiser step.
        seed: seed of the run.
    """

    rows: int
    batch_size: int
    accumulate: int
    seed: int

    def indices(self, lane_seed: int, start: int, stop: int) -> NDArray[Any]:
        """Return row numbers of steps start..stop-1, shape (steps, [accumulate if above 1,] batch_size)."""
        step = self.accumulate * self.batch_size
        unit = step if step <= self.rows else self.batch_size
        per_epoch = self.rows // unit
        first, last = start * step // unit, stop * step // unit
        drawn = []
        for epoch in range(first // per_epoch, (last - 1) // per_epoch + 1):
            begin, end = max(0, first - epoch * per_epoch), min(per_epoch, last - epoch * per_epoch)
            drawn.append(shuffled(self.rows, begin * unit, end * unit, self.seed, lane_seed, ORDER, epoch))
        axes = (self.accumulate,) if self.accumulate > 1 else ()
        return np.concatenate(drawn).reshape(stop - start, *axes, self.batch_size)

    def keys(self, lane_seed: int, start: int, stop: int) -> NDArray[np.uint32]:
        """Return raw JAX keys of steps start..stop-1, shape (steps, 2)."""
        blocks = range(start // KEY_BLOCK, (stop - 1) // KEY_BLOCK + 1)
        drawn = [
            generator(self.seed, lane_seed, KEYS, block).integers(0, 2**32, (KEY_BLOCK, 2), dtype=np.uint32)
            for block in blocks
        ]
        first = start - blocks[0] * KEY_BLOCK
        return np.concatenate(drawn)[first : first + stop - start]
