"""How far a training has come, counted in rates: the sum of all rates so far.

At rates that are not too high a training follows one path, and the rate is only the pace at which it does (gradient
flow; Barrett & Dherin 2021 give the next term). Ten times the rate is then the same path, ten times as far. So what
a higher rate
or a later decay would have brought is read off the same curve, carried on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lrfind.types import Floats

USUAL_SHARE = 0.5
"""Mean rate over peak of the usual decays: cosine and a straight line to zero have 1/2, one-cycle about as much."""


@dataclass(frozen=True)
class Travel:
    """The rates of a training.

    Attributes:
        at: steps of the rows that have a rate, shape (rows,).
        rate: shape (rows,).
        known: whether the log said so; else a constant rate stands in.
    """

    at: Floats
    rate: Floats
    known: bool

    @property
    def peak(self) -> float:
        """The highest rate."""
        return float(self.rate.max())

    @property
    def share(self) -> float:
        """Mean rate over peak, between 0 and 1."""
        weight = np.diff(np.concatenate([[0.0], self.at])) if self.at[0] > 0 else np.gradient(self.at)
        return float((self.rate * weight).sum() / weight.sum() / self.peak)

    @property
    def last(self) -> float:
        """The rate at the end over the peak: the median of the last twentieth."""
        tail = self.rate[-max(1, len(self.rate) // 20) :]
        return float(np.median(tail)) / self.peak

    @property
    def decayed_at(self) -> float | None:
        """The step from which the rate stays below a tenth of its peak; None where it does not."""
        above = np.flatnonzero(self.rate >= 0.1 * self.peak)
        last = int(above[-1])
        return float(self.at[last + 1]) if last + 1 < len(self.at) else None

    @property
    def warmup(self) -> float:
        """The step at which half of the peak is first reached."""
        return float(self.at[int(np.argmax(self.rate >= 0.5 * self.peak))])

    def gone(self, step: Floats) -> Floats:
        """The sum of all rates up to steps, shape kept; its unit is that of the log's own spacing."""
        spacing = np.diff(self.at, prepend=self.at[0] - (self.at[1] - self.at[0] if len(self.at) > 1 else 1.0))
        total = np.cumsum(self.rate * spacing)
        before = self.at[0] - spacing[0]
        found: Floats = np.interp(step, np.concatenate([[before], self.at]), np.concatenate([[0.0], total]))
        return found


def travel(step: Floats, rate: Floats | None) -> Travel:
    """The rates of a log; a constant one where it has none, or none above zero."""
    if rate is not None:
        there = np.isfinite(rate) & (rate >= 0)
        if there.sum() >= 2 and rate[there].max() > 0:
            return Travel(step[there], rate[there], known=True)
    return Travel(step, np.ones(len(step)), known=False)
