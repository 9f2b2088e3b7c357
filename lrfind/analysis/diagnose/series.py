"""One column of a log against its steps: where it starts, where it ends, how noisy it is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lrfind.analysis.smooth import noise, running_median
from lrfind.types import Floats

FEWEST = 4
"""Entries below which a column shows nothing."""

HEAD = 20
"""One part in so many of a column is its start, and as much its end: what noise has to be averaged over."""

LEAST = 3
"""Entries that a level is made of at least, as far as there are noisy ones."""

FORGIVEN = 0.1
"""Noise of the start that is left standing, as a part of the change: of more, the first entries are averaged."""

RISEN = 4.0
"""Standard deviations above the start that are no noise: once in 30,000 normal entries."""


SPARSE = 60
"""Entries below which a log has one per epoch or so: each a mean, and the first no chance."""

BLOWN = 10.0
"""A first entry above the next ones by this factor, with little fall after it, is a loss that had blown up by then."""


@dataclass(frozen=True)
class Series:
    """A column without its blank cells.

    Attributes:
        at: steps, shape (entries,).
        value: finite values, shape (entries,).
        broke: the first step from which it is not finite to its end; None where it ends finite.
        holes: how many values before that were not finite.
    """

    at: Floats
    value: Floats
    broke: float | None
    holes: int

    @property
    def known(self) -> bool:
        """Whether there are enough entries to say anything."""
        return len(self.value) >= FEWEST

    @property
    def sigma(self) -> float:
        """Noise of single entries at the end, one standard deviation; of smooth columns 0."""
        return noise(self.value[-max(10, len(self.value) // 3) :])

    @property
    def tail(self) -> int:
        """Entries that make the end."""
        return min(len(self.value), max(LEAST, len(self.value) // HEAD))

    @property
    def end(self) -> float:
        """The level at the end."""
        return float(self.value[-self.tail :].mean())

    @property
    def start(self) -> float:
        """The level at the start: the first entry, or the median of three, the lower; the mean of the first ones where
        they are so noisy that it would be chance. Where these rise, the first entry alone is of untrained weights."""
        y = self.value
        if len(y) < SPARSE:
            return float(y[0])
        first = float(min(y[0], np.median(y[:LEAST])))
        head = y[: max(LEAST, len(y) // HEAD)]
        sigma = noise(head)
        change = abs(first - self.end)
        wanted = np.inf if change == 0 else (sigma / (FORGIVEN * change)) ** 2
        risen = running_median(head).max() > first + RISEN * min(sigma, abs(first) / 2)
        if wanted <= LEAST:
            return first
        if risen or head.max() > BLOWN * abs(first):
            return float(y[0])
        return float(head[: int(min(np.ceil(wanted), len(head)))].mean())


def series(step: Floats, value: Floats) -> Series:
    """A column without its blank cells (NaN); inf marks what was not finite."""
    there = ~np.isnan(value)
    at, kept = step[there], value[there]
    finite = np.isfinite(kept)
    if not finite.any():
        return Series(at[:0], kept[:0], float(at[0]) if len(at) else None, 0)
    last = int(np.flatnonzero(finite)[-1])
    broke = float(at[last + 1]) if last + 1 < len(at) else None
    return Series(at[finite], kept[finite], broke, int((~finite[: last + 1]).sum()))


def blocks(y: Floats, count: int) -> tuple[Floats, Floats]:
    """Means of about so many equal parts and their standard errors, shape (parts,) each."""
    count = max(1, min(count, len(y)))
    edges = np.linspace(0, len(y), count + 1).astype(int)
    parts = [y[a:b] for a, b in pairwise(edges)]
    means = np.array([part.mean() for part in parts])
    # From neighbours' differences: a swing that is longer than two entries is no noise.
    spreads = [np.sqrt(np.mean(np.diff(part) ** 2) / 2) if len(part) > 1 else 0.0 for part in parts]
    errors = np.array([spread / np.sqrt(len(part)) for spread, part in zip(spreads, parts, strict=True)])
    return means, errors
