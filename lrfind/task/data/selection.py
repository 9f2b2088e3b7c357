"""Which rows are chosen, in a bit each."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

BYTES = 64
"""Bytes of bits between two counts of what was chosen before."""

AT_ONCE = 4096
"""Rows that are looked up together, in some megabytes."""


ONES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1, dtype=np.int64)
"""How many bits of each byte are set."""


class Selection:
    """A choice among rows.

    Args:
        rows: how many there are to choose from.
        bits: a bit for each row, the first the highest of its byte; those behind the last row are 0.

    Attributes:
        bits: those.
        count: how many are chosen.
    """

    def __init__(self, rows: int, bits: NDArray[np.uint8]) -> None:
        self.bits = np.concatenate([bits, np.zeros(-len(bits) % BYTES, np.uint8)])
        self._rows = rows
        each = np.add.reduceat(ONES[self.bits], np.arange(0, len(self.bits), BYTES))
        self._before = np.cumsum(each) - each
        self.count = int(each.sum())

    @classmethod
    def of(cls, rows: int, parts: Iterable[tuple[slice, NDArray[np.int64]]]) -> Selection:
        """A choice that comes in parts: slices that begin at multiples of 8, and the numbers of rows chosen there."""
        bits = np.zeros(-(-rows // 8), np.uint8)
        for part, chosen in parts:
            mask = np.zeros(part.stop - part.start, np.bool_)
            mask[chosen - part.start] = True
            packed = np.packbits(mask)
            bits[part.start // 8 : part.start // 8 + len(packed)] = packed
        return cls(rows, bits)

    def rest(self) -> Selection:
        """All others."""
        bits = ~self.bits[: -(-self._rows // 8)]
        if self._rows % 8:
            bits[-1] &= 0xFF << (8 - self._rows % 8) & 0xFF
        return Selection(self._rows, bits)

    def within(self, part: slice) -> NDArray[np.bool_]:
        """Whether each of some consecutive rows is chosen."""
        first = part.start // 8
        found = np.unpackbits(self.bits[first : -(-part.stop // 8)])
        return found[part.start - 8 * first : part.stop - 8 * first].view(np.bool_)

    def numbers(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows that stand at some places among the chosen ones, counted from 0."""
        found = np.empty(len(places), np.int64)
        for start in range(0, len(places), AT_ONCE):
            some = places[start : start + AT_ONCE]
            block = np.searchsorted(self._before, some, side="right") - 1
            mask = np.unpackbits(self.bits.reshape(-1, BYTES)[block], axis=1)
            passed = np.cumsum(mask, axis=1, dtype=np.int16)
            wanted = (some - self._before[block] + 1).astype(np.int16)
            found[start : start + AT_ONCE] = 8 * BYTES * block + np.argmax(passed == wanted[:, None], axis=1)
        return found
