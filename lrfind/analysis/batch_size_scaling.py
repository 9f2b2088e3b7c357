"""Fit the best rate over the batch size by a power law, ``rate = scale * batch^exponent``.

The fit is compared with linear scaling (exponent 1; Goyal et al. 2017, for SGD) and square-root scaling (exponent 1/2;
Malladi et al. 2022, for Adam and RMSprop).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lrfind.core.dataset import Floats

LINEAR, ROOT = 1.0, 0.5
"""Exponents of linear and square-root scaling, without unit."""

ERRORS = 2.0
"""Half-width of the exponent's interval, in standard errors."""

NARROWEST = math.log(1.05)
"""Least width of an interval in natural-log rate: no rate is known better than to 5 %."""


@dataclass(frozen=True)
class Rule:
    """A power law of a given exponent through the measured rates.

    Attributes:
        exponent: exponent of the batch size.
        scale: rate at batch size 1.
        off: largest ratio between a measured rate and the law's, either way.
    """

    exponent: float
    scale: float
    off: float

    def rate(self, batch_size: float) -> float:
        """Return the law's rate at a batch size."""
        return float(self.scale * batch_size**self.exponent)


@dataclass(frozen=True)
class Law:
    """Power laws of the rates at several batch sizes.

    Attributes:
        fitted: law with the fitted exponent.
        low: lower end of the exponent's interval.
        high: upper end of the exponent's interval.
        linear: law with exponent 1.
        root: law with exponent 1/2.
    """

    fitted: Rule
    low: float
    high: float
    linear: Rule
    root: Rule


def law(batch_sizes: Floats, rates: Floats, low: Floats, high: Floats) -> Law | None:
    """Fit the law by weighted least squares of log rate on log batch size.

    A uniform distribution over an interval has the standard error ``e = log(high / low) / sqrt(12)``. With weights ``w
    = 1 / e^2`` and x the log batch size, the exponent's standard error is ``1 / sqrt(sum w (x - mean x)^2)``; its
    interval spans `ERRORS` of them on each side. A rate without an interval gets the width of the widest one, or of a
    factor of ten if there is none.

    Args:
        batch_sizes: batch sizes, shape (points,).
        rates: best rate of each batch size, shape (points,); one that is not finite or not positive is left out.
        low: lower ends of the rates' intervals, shape (points,); NaN for none.
        high: upper ends of the rates' intervals, shape (points,); NaN for none.

    Returns:
        The laws; None if fewer than two batch sizes have a rate.
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
    """Return the standard error of each log rate from its interval, shape (points,).

    Args:
        low: lower ends of the rates' intervals, shape (points,); NaN for none.
        high: upper ends of the rates' intervals, shape (points,); NaN for none.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        width = np.log(high / low)
    width = np.where(np.isfinite(width), np.maximum(width, NARROWEST), np.nan)
    widest = float(np.nanmax(width)) if np.isfinite(width).any() else math.log(10)
    return np.asarray(np.where(np.isnan(width), widest, width) / math.sqrt(12), np.float64)
