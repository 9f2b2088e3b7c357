"""Extrapolate a loss curve in the logarithm of travel, the sum of learning rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lrfind.analysis.diagnosis.series import SPARSE, Series
from lrfind.core.dataset import Floats

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
        halves = 2 * decades
        if self.ratio >= 1:
            fall = self.later * halves
        else:
            fall = self.later * self.ratio * (1 - self.ratio**halves) / (1 - self.ratio)
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
    reach = 1.15
    if known:
        reach = np.log(1 / np.sqrt(near[0] * near[1])) / np.log(np.sqrt(last[0] * last[1] / (near[0] * near[1])))
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
    error = sigma / float(np.sqrt(len(inside)))
    return float(inside.mean()), error
