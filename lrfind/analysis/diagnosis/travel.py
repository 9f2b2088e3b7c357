"""Measure how far a training has come by its travel, the sum of all learning rates so far, and what more would gain.

At rates that are not too high, training follows the gradient flow and the rate is only the speed; ten times the rate
covers the same path ten times as far. The effect of a higher rate, or of a later decay, is therefore read off the same
curve, extrapolated in travel.

Reference:
    Barrett and Dherin 2021, "Implicit gradient regularization", for the next term of the expansion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lrfind.analysis.diagnosis.series import SPARSE, Series
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


FAR, NEAR = (0.08, 0.125), (0.25, 0.4)
"""Windows around a tenth and a root-tenth of the travel, as fractions of it.

They split the last decade of travel into two equal halves.
"""

FAR_BLIND, NEAR_BLIND = (0.055, 0.09), (0.18, 0.3)
"""The same windows in fractions of the steps, for unknown rates.

They lie between those of a constant rate and those of a cosine, which travels twice as far in its first half.
"""

LAST, LAST_BLIND = (0.75, 0.92), (0.6, 0.85)
"""Last window, as fractions of the travel or, for unknown rates, of the steps.

It stops short of the end, where the loss falls because noise settles as the rate goes to zero.
"""

SURE = 2.0
"""Standard errors by which a fall exceeds noise."""


@dataclass(frozen=True)
class Gain:
    """Fall of a loss over the last decade of travel, and its extrapolation.

    Attributes:
        earlier: fall over the first half of that decade.
        later: fall over the second half of that decade.
        ratio: later over earlier, at most 1.
        room: largest possible further fall: to zero if the loss is never negative, else infinite.
        error: standard error of `later`.
    """

    earlier: float
    later: float
    ratio: float
    room: float
    error: float

    def over(self, decades: float) -> float:
        """Return the further fall, each half decade of travel bringing `ratio` times the last.

        Args:
            decades: decades of travel.
        """
        halves, ratio, later = 2 * decades, self.ratio, self.later
        fall = later * halves if ratio >= 1 else later * ratio * (1 - ratio**halves) / (1 - ratio)
        return float(min(max(fall, 0.0), self.room))


def gain(column: Series, gone: Floats, *, known: bool) -> Gain:
    """Measure the fall of a column over the last decade of travel.

    Args:
        column: entries of the loss.
        gone: travel at each entry, shape (entries,), non-decreasing.
        known: whether the travel comes from logged rates.
    """
    y, whole = column.value, float(gone[-1])
    far, near, last = (FAR, NEAR, LAST) if known else (FAR_BLIND, NEAR_BLIND, LAST_BLIND)
    # Of a few entries the spread is how they fall, not how sure they are.
    sigma = column.sigma if len(y) < SPARSE else None
    (first, first_error), (second, second_error), (third, third_error) = (
        window(y, gone / whole, part, sigma) for part in (far, near, last)
    )
    end = column.end
    middle = near[0] * near[1]
    reach = np.log(1 / np.sqrt(middle)) / np.log(np.sqrt(last[0] * last[1] / middle)) if known else 1.15
    earlier, later = first - second, (second - third) * float(reach)
    error = float(np.hypot(second_error, third_error) * reach)
    if later < SURE * error:
        later = 0.0
    sure = earlier > SURE * float(np.hypot(first_error, second_error))
    ratio = float(np.clip(later / earlier, 0.0, 1.0)) if sure else 1.0
    return Gain(earlier, later, ratio, end if y.min() >= 0 else np.inf, error)


def window(y: Floats, part: Floats, bounds: tuple[float, float], sigma: float | None = None) -> tuple[float, float]:
    """Return mean and standard error of the entries within two fractions of the travel.

    Without an entry inside, the value is interpolated between the neighbours.

    Args:
        y: losses, shape (entries,).
        part: fraction of the travel at each entry, shape (entries,).
        bounds: lower and upper fraction of the window.
        sigma: standard deviation of an entry's noise; None to estimate it from the entries inside.
    """
    low, high = bounds
    inside = y[(part > low) & (part <= high)]
    if len(inside) == 0:
        return float(np.interp(np.sqrt(low * high), part, y)), 0.0
    if sigma is None:
        sigma = float(inside.std(ddof=1)) if len(inside) > 1 else 0.0
    return float(inside.mean()), sigma / float(np.sqrt(len(inside)))
