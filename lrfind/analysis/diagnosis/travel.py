"""Measure how far a training has come by its travel, the sum of all learning rates so far.

At rates that are not too high, training follows the gradient flow and the rate is only the speed; ten times the rate
covers the same path ten times as far. The effect of a higher rate, or of a later decay, is therefore read off the same
curve, extrapolated in travel.

Reference:
    Barrett and Dherin 2021, "Implicit gradient regularization", for the next term of the expansion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lrfind.core.dataset import Floats

USUAL_SHARE = 0.5
"""Mean rate over peak of the usual decays: cosine, linear and, about, one-cycle."""


@dataclass(frozen=True)
class Travel:
    """Learning rates of a training, whose running sum is the travel.

    Attributes:
        at: steps of the rows that have a rate, shape (rows,).
        rate: learning rates, shape (rows,).
        known: whether the log has rates; if not, `rate` is constant.
    """

    at: Floats
    rate: Floats
    known: bool

    @property
    def peak(self) -> float:
        """Highest rate."""
        return float(self.rate.max())

    @property
    def share(self) -> float:
        """Mean rate over peak, in [0, 1]."""
        weight = np.diff(np.concatenate([[0.0], self.at])) if self.at[0] > 0 else np.gradient(self.at)
        return float((self.rate * weight).sum() / weight.sum() / self.peak)

    @property
    def last(self) -> float:
        """Final rate over peak: the median of the last twentieth of the rows."""
        tail = self.rate[-max(1, len(self.rate) // 20) :]
        return float(np.median(tail)) / self.peak

    @property
    def decayed_at(self) -> float | None:
        """First step from which the rate stays below a tenth of its peak; None if it does not."""
        above = np.flatnonzero(self.rate >= 0.1 * self.peak)
        last = int(above[-1])
        return float(self.at[last + 1]) if last + 1 < len(self.at) else None

    @property
    def warmup(self) -> float:
        """First step with at least half of the peak rate."""
        return float(self.at[int(np.argmax(self.rate >= 0.5 * self.peak))])

    def gone(self, step: Floats) -> Floats:
        """Return the travel up to each step, in units of rate times the log's step.

        Args:
            step: steps, any shape.
        """
        spacing = np.diff(self.at, prepend=self.at[0] - (self.at[1] - self.at[0] if len(self.at) > 1 else 1.0))
        total = np.cumsum(self.rate * spacing)
        before = self.at[0] - spacing[0]
        gone: Floats = np.interp(step, np.concatenate([[before], self.at]), np.concatenate([[0.0], total]))
        return gone


def travel(step: Floats, rate: Floats | None) -> Travel:
    """Return the learning rates of a log.

    Args:
        step: step of each row, shape (rows,).
        rate: learning rate of each row, shape (rows,), NaN if unknown; None if the log has none.

    Returns:
        The logged rates; a constant rate if fewer than two are known or none is above zero.
    """
    if rate is not None:
        there = np.isfinite(rate) & (rate >= 0)
        if there.sum() >= 2 and rate[there].max() > 0:
            return Travel(step[there], rate[there], known=True)
    return Travel(step, np.ones(len(step)), known=False)
