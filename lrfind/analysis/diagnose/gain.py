"""What going further along the same path would have brought: the curve, carried on in the logarithm of the travel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lrfind.analysis.diagnose.series import SPARSE, Series
from lrfind.types import Floats

FAR, NEAR = (0.08, 0.125), (0.25, 0.4)
"""Windows around a tenth and a root-tenth of the travel: the last decade of it in two equal parts."""

FAR_BLIND, NEAR_BLIND = (0.055, 0.09), (0.18, 0.3)
"""The same in steps, where the rates are not known: between those of a constant rate and those of a cosine, which comes
twice as far in its first half."""

LAST, LAST_BLIND = (0.75, 0.92), (0.6, 0.85)
"""Short of the end: what the loss falls while the rate comes to nothing is noise that settles, and no travel."""

SURE = 2.0
"""Standard errors that a fall has to be above noise."""


@dataclass(frozen=True)
class Gain:
    """How a level fell over the last decade of travel, and would go on to fall.

    Attributes:
        earlier: its fall over the first half of that decade.
        later: its fall over the second half.
        ratio: later over earlier, at most 1: how the fall slows down.
        room: how far it can fall at all: to zero, for a loss that is above it throughout.
    error: standard error of `later`.
    """

    earlier: float
    later: float
    ratio: float
    room: float
    error: float

    def over(self, decades: float) -> float:
        """The further fall over so many decades of travel, each half of one `ratio` of the one before."""
        halves = 2 * decades
        if self.ratio >= 1:
            found = self.later * halves
        else:
            found = self.later * self.ratio * (1 - self.ratio**halves) / (1 - self.ratio)
        return float(min(max(found, 0.0), self.room))


def gain(column: Series, gone: Floats, *, known: bool) -> Gain:
    """Read the last decade of a column.

    Args:
        column: the loss.
        gone: travel at each of its entries, shape (entries,), not falling.
        known: whether the travel comes from known rates.
    """
    y, whole = column.value, float(gone[-1])
    far, near, last = (FAR, NEAR, LAST) if known else (FAR_BLIND, NEAR_BLIND, LAST_BLIND)
    # Of a few entries the spread is how they fall, not how sure they are.
    sigma = column.sigma if len(y) < SPARSE else None
    (first, first_error), (second, second_error), (third, third_error) = (
        window(y, gone / whole, part, sigma) for part in (far, near, last)
    )
    end = column.end
    reach = np.log(1 / np.sqrt(near[0] * near[1])) / np.log(np.sqrt(last[0] * last[1] / (near[0] * near[1])))
    if not known:
        reach = 1.15
    earlier, later = first - second, (second - third) * float(reach)
    error = float(np.hypot(second_error, third_error) * reach)
    if later < SURE * error:
        later = 0.0
    ratio = (
        float(np.clip(later / earlier, 0.0, 1.0))
        if earlier > SURE * float(np.hypot(first_error, second_error))
        else 1.0
    )
    return Gain(earlier, later, ratio, end if y.min() >= 0 else np.inf, error)


def window(y: Floats, part: Floats, bounds: tuple[float, float], sigma: float | None = None) -> tuple[float, float]:
    """Mean and standard error of the entries within two parts of the travel; between its neighbours where none is.

    `sigma` is the noise of an entry; None reads it off these.
    """
    low, high = bounds
    inside = y[(part > low) & (part <= high)]
    if len(inside) == 0:
        return float(np.interp(np.sqrt(low * high), part, y)), 0.0
    if sigma is None:
        sigma = float(inside.std(ddof=1)) if len(inside) > 1 else 0.0
    error = sigma / float(np.sqrt(len(inside)))
    return float(inside.mean()), error
