"""Smoothing, noise and jumps of a series of losses."""

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
    """

    at: Floats
    value: Floats
    broke: float | None

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
    after = at[int(np.flatnonzero(finite)[-1]) + 1 :] if finite.any() else at
    return Series(at[finite], kept[finite], float(after[0]) if len(after) else None)


def blocks(y: Floats, count: int) -> tuple[Floats, Floats]:
    """Return means and standard errors of about `count` equal parts, shape (parts,) each."""
    edges = np.linspace(0, len(y), min(count, len(y)) + 1).astype(int)
    parts = [y[a:b] for a, b in pairwise(edges)]
    # From neighbours' differences: a swing that is longer than two entries is no noise.
    spreads = [np.sqrt(np.mean(np.diff(part) ** 2) / 2) if len(part) > 1 else 0.0 for part in parts]
    sizes = np.array([len(part) for part in parts])
    return np.array([part.mean() for part in parts]), np.array(spreads) / np.sqrt(sizes)


PARTS = 50
"""Parts of a column whose mean levels are compared; rises within a part are noise."""

LATE = 3
"""Reciprocal of the last fraction of a training, in which it should have come to rest."""

SURE = 2.5
"""Standard errors between two levels that make a rise."""


AT_START = 0.05
"""Relative distance above the start within which a loss counts as back."""

SPIKE = 0.5
"""Rise above the start, as a fraction of it, that is separated from later rises."""

RISE_IN_NOISE = 3.0
"""Standard deviations by which noise lifts a median of three above the start."""

LARGEST = 1.0
"""Largest noise, in multiples of the start, that may explain a rise."""


@dataclass(frozen=True)
class Unrest:
    """Restlessness of a column, in fractions of its change.

    Attributes:
        overshoot: rise of the highest level above the start, over the start.
        peak: highest level.
        peak_at: step of the highest level.
        back_at: first step after the last one above the start; None if the loss never came back.
        rises: sum of all rises from one level to the next, over the change from start to end.
        late_rises: sum of the rises in the last third less their net rise, over the change.
        calm_rises: sum of the rises after the loss came back from its overshoot, over the change.
    """

    overshoot: float
    peak: float
    peak_at: float
    back_at: float | None
    rises: float
    late_rises: float
    calm_rises: float


def unrest(column: Series, start: float, change: float) -> Unrest:
    """Measure the restlessness of a column.

    Args:
        column: entries of the loss.
        start: level at the start.
        change: scale of the rises, positive.
    """
    y = column.value
    level, excuse = y, 0.0
    if len(y) > 4 * PARTS:
        level = running_median(y)
        excuse = RISE_IN_NOISE * min(noise(y[: len(y) // 20]), LARGEST * abs(start), spread(y) * abs(start))
    top = int(level.argmax())
    peak = float(level[top])
    above = np.flatnonzero(level > start + AT_START * abs(start))
    last = int(above[-1]) + 1 if len(above) else 0
    back_at = float(column.at[last]) if last < len(y) else None
    means, errors = blocks(y, PARTS if len(y) < 3 * PARTS else PARTS // 2)
    pooled = np.sqrt(np.convolve(np.pad(errors**2, 2, mode="edge"), np.ones(5) / 5, mode="valid"))
    errors = np.maximum(errors, pooled) if len(y) > len(means) else errors
    up = np.diff(means) - SURE * np.hypot(errors[1:], errors[:-1])
    ups = np.where(up > 0, np.diff(means), 0.0)
    thirds = len(ups) // LATE
    late = float(ups[-thirds:].sum() - max(means[-1] - means[-1 - thirds], 0.0)) if thirds else 0.0
    began = round(last / len(y) * len(ups)) + 1 if len(above) and peak > start + SPIKE * abs(start) else 0
    calm = float(ups[began:].sum())
    return Unrest(
        overshoot=max(peak - start - excuse, 0.0) / max(abs(start), 1e-12),
        peak=peak,
        peak_at=float(column.at[top]),
        back_at=back_at,
        rises=float(ups.sum()) / change,
        late_rises=max(late, 0.0) / change,
        calm_rises=calm / change,
    )


def spread(y: Floats) -> float:
    """Return the noise of the last third relative to its level."""
    tail = y[-max(10, len(y) // 3) :]
    level = float(tail.mean())
    return noise(tail) / level if level > 0 else np.inf
