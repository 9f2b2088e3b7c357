"""Measure one column of a log against its steps: start, end and noise."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lrfind.analysis.range_test.smoothing import noise, running_median
from lrfind.core.dataset import Floats

FEWEST = 4
"""Least number of entries of a column that can be measured."""

HEAD = 20
"""Reciprocal of the fraction of entries that makes the start, or the end."""

LEAST = 3
"""Least number of noisy entries that make a level."""

FORGIVEN = 0.1
"""Noise, as a fraction of the change, above which the first entries are averaged."""

RISEN = 4.0
"""Standard deviations above the start that are not noise: once in 30,000 normal entries."""


SPARSE = 60
"""Number of entries below which a log is taken for one mean per epoch."""

BLOWN = 10.0
"""Ratio of a first entry to the next ones of a loss that had blown up by then."""


@dataclass(frozen=True)
class Series:
    """A column without its blank cells.

    Attributes:
        at: steps, shape (entries,).
        value: finite values, shape (entries,).
        broke: first step from which the column is not finite to its end; None if it ends finite.
        holes: number of values before that step that are not finite.
    """

    at: Floats
    value: Floats
    broke: float | None
    holes: int

    @property
    def known(self) -> bool:
        """Whether there are enough entries to measure."""
        return len(self.value) >= FEWEST

    @property
    def sigma(self) -> float:
        """Standard deviation of a single entry's noise at the end; 0 for a smooth column."""
        return noise(self.value[-max(10, len(self.value) // 3) :])

    @property
    def tail(self) -> int:
        """Number of entries that make the end."""
        return min(len(self.value), max(LEAST, len(self.value) // HEAD))

    @property
    def end(self) -> float:
        """Level at the end: the mean of its entries."""
        return float(self.value[-self.tail :].mean())

    @property
    def start(self) -> float:
        """Level at the start.

        The lower of the first entry and the median of three; the mean of the first entries if these are too noisy. If
        they rise, only the first one is of untrained weights.
        """
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
    """Drop a column's blank cells.

    Args:
        step: step of each row, shape (rows,).
        value: loss of each row, shape (rows,); NaN if blank, inf if it was not finite.
    """
    there = ~np.isnan(value)
    at, kept = step[there], value[there]
    finite = np.isfinite(kept)
    if not finite.any():
        return Series(at[:0], kept[:0], float(at[0]) if len(at) else None, 0)
    last = int(np.flatnonzero(finite)[-1])
    broke = float(at[last + 1]) if last + 1 < len(at) else None
    return Series(at[finite], kept[finite], broke, int((~finite[: last + 1]).sum()))


def blocks(y: Floats, count: int) -> tuple[Floats, Floats]:
    """Return means and standard errors of about `count` equal parts, shape (parts,) each."""
    count = max(1, min(count, len(y)))
    edges = np.linspace(0, len(y), count + 1).astype(int)
    parts = [y[a:b] for a, b in pairwise(edges)]
    means = np.array([part.mean() for part in parts])
    # From neighbours' differences: a swing that is longer than two entries is no noise.
    spreads = [np.sqrt(np.mean(np.diff(part) ** 2) / 2) if len(part) > 1 else 0.0 for part in parts]
    errors = np.array([spread / np.sqrt(len(part)) for spread, part in zip(spreads, parts, strict=True)])
    return means, errors
