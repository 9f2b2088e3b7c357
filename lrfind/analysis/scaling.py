"""How the best rate grows with the batch size: ``rate = scale * batch^exponent``, fitted in logarithms.

Beside it stand linear scaling (exponent 1; Goyal et al. 2017, for SGD) and square-root scaling (1/2; Malladi et al.
2022, for Adam and RMSprop).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lrfind.types import Floats

LINEAR, ROOT = 1.0, 0.5
"""Exponents of the usual rules."""

ERRORS = 2.0
"""Standard errors on each side that the exponent's range spans."""

NARROWEST = math.log(1.05)
"""Intervals narrower than this, in log rate, count as this wide: no rate is known better than to 5 %."""


@dataclass(frozen=True)
class Rule:
    """A law with a given exponent, laid through the measured rates.

    Attributes:
        exponent: of the batch size.
        scale: the rate at batch size 1.
        off: the largest factor between a measured rate and the law's.
    """

    exponent: float
    scale: float
    off: float

    def rate(self, batch_size: float) -> float:
        """The law's rate at a batch size."""
        return float(self.scale * batch_size**self.exponent)


@dataclass(frozen=True)
class Law:
    """What the rates of several batch sizes say.

    Attributes:
        fitted: the law of the best exponent.
        low: lower end of the exponents that the intervals allow.
        high: upper end of them.
        linear: the law with exponent 1.
        root: the law with exponent 1/2.
    """

    fitted: Rule
    low: float
    high: float
    linear: Rule
    root: Rule


def law(batch_sizes: Floats, rates: Floats, low: Floats, high: Floats) -> Law | None:
    """Fit the law by weighted least squares of log rate against log batch size.

    Every rate of an interval is taken to be as likely as the others, which makes the standard error of a log rate
    ``log(high / low) / sqrt(12)``; that of the exponent follows as ``1 / sqrt(sum w (x - mean)^2)`` with the weights
    ``w = 1 / error^2``, and the range is two of them on each side. A rate without an interval has the width of the
    widest one there is, and a factor of ten where there is none.

    Args:
        batch_sizes: shape (points,).
        rates: the best of each, shape (points,); what is not finite or not above 0 is left out.
        low: lower ends of their intervals, shape (points,); NaN where there is none.
        high: upper ends of them.

    Returns:
        None where there are no two batch sizes with a rate.
    """
    known = np.isfinite(rates) & (rates > 0)
    x, y = np.log(batch_sizes[known]), np.log(rates[known])
    if len(np.unique(x)) < 2:
        return None
    error = errors(low[known], high[known])
    weight = error**-2
    mean = np.average(x, weights=weight)
    spread = float((weight * (x - mean) ** 2).sum())
    exponent = float((weight * (x - mean) * y).sum() / spread)
    margin = ERRORS / math.sqrt(spread)

    def through(exponent: float) -> Rule:
        at_one = float(np.average(y - exponent * x, weights=weight))
        return Rule(exponent, math.exp(at_one), math.exp(float(np.abs(y - exponent * x - at_one).max())))

    return Law(through(exponent), exponent - margin, exponent + margin, through(LINEAR), through(ROOT))


def errors(low: Floats, high: Floats) -> Floats:
    """Standard error of the logarithm of each rate, from its interval, shape (points,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        width = np.log(high / low)
    width = np.where(np.isfinite(width), np.maximum(width, NARROWEST), np.nan)
    widest = float(np.nanmax(width)) if np.isfinite(width).any() else math.log(10)
    return np.asarray(np.where(np.isnan(width), widest, width) / math.sqrt(12), np.float64)
