"""Read a learning rate off a loss curve by one of several methods.

The default is `steepest`; the others reproduce the rules of fastai for comparison. All use the smoothed curve over all
seeds before divergence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lrfind.analysis.range_test.curve import CurveSummary, summarize
from lrfind.core.dataset import Floats
from lrfind.core.registry import METHODS
from lrfind.core.result import Suggestion

Method = Callable[[CurveSummary], tuple[float, str]]
"""A function ``reading -> (rate, reason)``."""

ALIKE = 2.0
"""Standard errors within which two slopes count as equal: 95 % of normal noise."""

ROUNDING = 1e-9
"""Relative difference below which two rates are the same step of the sweep."""

SLIDE_STEPS = 15
"""Distance of the slopes that `slide` compares, in steps per hundred (fastai ``lr_diff``)."""

SLIDE_THRESHOLD = 0.005
"""Change of slope at which the slide ends, in drops per step (fastai's ``thresh``)."""


def steepest(reading: CurveSummary) -> tuple[float, str]:
    """Return the rate of steepest descent, ``argmin d loss / d log10 rate`` over the fall.

    Among slopes that noise cannot tell from the steepest, the highest rate is taken, which trains fastest. Without
    noise it is the steepest point itself.
    """
    slope, error = reading.slope[reading.descent], reading.slope_error[reading.descent]
    best = int(np.argmin(slope))
    alike = np.flatnonzero(slope <= slope[best] + ALIKE * error[best])
    at = reading.descent.start + int(alike[-1])
    rate = float(reading.learning_rate[at])
    descent = f"{-reading.slope[at]:.2g} per decade of rate"
    return rate, f"the loss falls most steeply here, by {descent}{margin(reading, rate)}"


def valley(reading: CurveSummary) -> tuple[float, str]:
    """Return the middle of the longest run of steps over which the smoothed loss only falls."""
    falling = np.diff(reading.smoothed[: reading.end]) < 0
    ends = np.flatnonzero(np.diff(np.concatenate([[False], falling, [False]]).astype(int)))
    starts, stops = ends[::2], ends[1::2]
    longest = int(np.argmax(stops - starts))
    first, last = int(starts[longest]), int(stops[longest])
    rates = reading.learning_rate
    reason = f"middle of the longest fall, from {rates[first]:.1e} to {rates[last]:.1e}"
    return float(rates[(first + last) // 2]), reason


def minimum(reading: CurveSummary) -> tuple[float, str]:
    """Return a tenth of the rate at the lowest loss, but no less than the first rate."""
    at = float(reading.learning_rate[reading.lowest])
    first = float(reading.learning_rate[0])
    if at / 10 < first:
        return first, f"a tenth of the rate at the lowest loss ({at:.1e}) would be below the sweep's first rate"
    return at / 10, f"a tenth of the rate at the lowest loss ({at:.1e})"


def slide(reading: CurveSummary) -> tuple[float, str]:
    """Return the rate, from the right, at which slopes `SLIDE_STEPS` apart first agree."""
    slope = np.gradient(reading.smoothed[: reading.end]) / reading.drop
    apart = min(max(1, round(SLIDE_STEPS * len(reading.learning_rate) / 100)), reading.end - 1)
    left = reading.end - 1 - apart
    while left > 0 and abs(slope[left + apart] - slope[left]) > SLIDE_THRESHOLD:
        left -= 1
    return float(reading.learning_rate[left]), "left end of the slide into the lowest loss"


def margin(reading: CurveSummary, rate: float) -> str:
    """Describe the ratio of the rate at divergence to a rate."""
    if reading.diverged_at is None:
        return "; the loss never diverged"
    limit = float(reading.learning_rate[min(reading.diverged_at, len(reading.learning_rate) - 1)])
    return f", {limit / rate:.1f} times below where it turns to diverge ({limit:.1e})"


def suggest(name: str, reading: CurveSummary, loss: Floats) -> Suggestion:
    """Return the suggestion of a method, with the range over the single seeds.

    The range is widened by one step of the sweep on each side, because nothing was measured in between.

    Args:
        name: name of the method, a key of `METHODS`.
        reading: summary of the curve of all seeds.
        loss: loss of each seed, shape (seeds, steps).
    """
    if reading.no_rate_reason is not None:
        return Suggestion(None, None, None, reading.no_rate_reason)
    method: Method = METHODS[name].load()
    rate, reason = method(reading)
    # The curve of one seed is smoothed with the joint bandwidth, and its slope error scaled down to the joint curve's.
    alone = [summarize(reading.learning_rate, row[None], bandwidth=reading.bandwidth) for row in loss]
    known = [curve for curve in alone if curve.no_rate_reason is None]
    own = [method(replace(curve, slope_error=curve.slope_error / np.sqrt(len(loss))))[0] for curve in known]
    if len(own) < 2:
        return Suggestion(rate, None, None, reason)
    rates = reading.learning_rate
    below = int(np.searchsorted(rates, min(rate, *own) * (1 - ROUNDING), side="left"))
    above = int(np.searchsorted(rates, max(rate, *own) * (1 + ROUNDING), side="right")) - 1
    return Suggestion(rate, float(rates[max(below - 1, 0)]), float(rates[min(above + 1, len(rates) - 1)]), reason)


def suggestions(default: str, reading: CurveSummary, loss: Floats) -> dict[str, Suggestion]:
    """Return the suggestion of every method by name, the default method first."""
    names = [default, *(name for name in METHODS if name != default)]
    return {name: suggest(name, reading, loss) for name in names}
