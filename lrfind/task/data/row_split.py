"""Which rows are held out and which are trained on, at four bytes of memory a held-out row."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Rows
from lrfind.task.data.batches import generator

SPLIT = 4
"""The random stream of the validation split."""

DRAWN = 2**18
"""Rows among which held-out rows are drawn together."""


class RowSplit:
    """A partition of rows 0..rows-1 into those to train on and those held out.

    Args:
        rows: number of all rows.
        held_out: row numbers, increasing.

    Attributes:
        train_count: number of rows to train on.
        held_out_count: number of rows held out.
    """

    def __init__(self, rows: int, held_out: NDArray[Any]) -> None:
        self.held_out_count = len(held_out)
        self.train_count = rows - len(held_out)
        self._train_before = held_out - np.arange(len(held_out), dtype=held_out.dtype)
        """How many rows to train on precede each held-out row."""

    def train(self, positions: NDArray[Any]) -> NDArray[np.int64]:
        """Return the numbers of the rows at some positions, from 0, among the rows to train on."""
        before = self._train_before
        return positions + np.searchsorted(before, positions.astype(before.dtype), side="right").astype(np.int64)

    def held_out(self, positions: NDArray[Any]) -> NDArray[np.int64]:
        """Return the numbers of the rows at some positions, from 0, among the held-out rows."""
        before: NDArray[np.int64] = self._train_before[positions].astype(np.int64)
        return positions + before

    def is_train(self, part: slice) -> NDArray[np.bool_]:
        """Return whether each of some consecutive rows is trained on."""
        positions = range(self.held_out_count)
        first, stop = (
            bisect_left(positions, row, key=lambda position: int(self._train_before[position]) + position)
            for row in (part.start, part.stop)
        )
        mask = np.ones(part.stop - part.start, np.bool_)
        mask[self.held_out(np.arange(first, stop)) - part.start] = False
        return mask


def draw_held_out(rows: int, classes: Rows | None, fraction: float, seed: int) -> NDArray[Any]:
    """Return the row numbers to hold out, increasing: ``round(fraction * count)`` of each class's rows.

    They are drawn among `DRAWN` rows at a time, as many of each class as keep its share up to there, so they are
    spread evenly over a long file.

    Args:
        rows: number of all rows.
        classes: the class of each row, shape (rows,); None where there are no classes.
        fraction: share to hold out.
        seed: seed of the draw.
    """
    rng = generator(seed, SPLIT)
    counts: Counter[int] = Counter()
    held: Counter[int] = Counter()
    dtype = np.int32 if rows <= 2**31 else np.int64
    drawn = [np.empty(0, dtype)]
    for start in range(0, rows, DRAWN):
        stop = min(start + DRAWN, rows)
        labels = np.zeros(stop - start, np.int32) if classes is None else classes[start:stop]
        chosen = []
        for label in np.unique(labels).tolist():
            group = start + np.flatnonzero(labels == label)
            counts[label] += len(group)
            wanted = round(fraction * counts[label]) - held[label]
            chosen.append(rng.permutation(group)[:wanted])
            held[label] += wanted
        drawn.append(np.sort(np.concatenate(chosen)).astype(dtype))
    return np.concatenate(drawn)
