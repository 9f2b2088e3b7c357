"""The methods: each reads one rate off a curve. The default is `steepest`; the others are the rules of fastai, for
comparison.

All see the same thing: the smoothed curve over all seeds, before divergence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lrfind.analysis.curve import Reading, read
from lrfind.registry import METHODS
from lrfind.types import Floats, Suggestion

Method = Callable[[Reading], tuple[float, str]]
"""``reading -> (rate, reason)``."""

ALIKE = 2.0
"""Standard errors within which two slopes are alike: 95 % of normal noise."""

ROUNDING = 1e-9
"""Two rates this close, relatively, are the same step of a ladder."""

SLIDE_STEPS = 15
"""Distance of the two slopes that `slide` compares, in steps of a hundred-step sweep (fastai: ``lr_diff=15``)."""

SLIDE_THRESHOLD = 0.005
"""Difference of slopes per step, as a part of the drop, at which the slide has ended (fastai: ``thresh=.005``, of
the raw loss)."""


def steepest(reading: Reading) -> tuple[float, str]:
    """The rate at the steepest descent of loss against log rate: ``argmin d loss / d log10 rate`` over the fall.

    Where noise cannot tell several slopes from the steepest, it is the highest of their rates: equally steep as far as
    anyone can know, and the faster training. On a curve without noise that is the steepest point itself.
    """
    slope, error = reading.slope[reading.fall], reading.slope_error[reading.fall]
    best = int(np.argmin(slope))
    alike = np.flatnonzero(slope <= slope[best] + ALIKE * error[best])
    at = reading.fall.start + int(alike[-1])
    rate = float(reading.learning_rate[at])
    return (
        rate,
        f"the loss falls most steeply here, by {-reading.slope[at]:.2g} per decade of rate{margin(reading, rate)}",
    )


def valley(reading: Reading) -> tuple[float, str]:
    """The middle of the longest stretch on which the loss only falls."""
    falling = np.diff(reading.smoothed[: reading.end]) < 0
    ends = np.flatnonzero(np.diff(np.concatenate([[False], falling, [False]]).astype(int)))
    starts, stops = ends[::2], ends[1::2]
    longest = int(np.argmax(stops - starts))
    first, last = int(starts[longest]), int(stops[longest])
    rates = reading.learning_rate
    return float(
        rates[(first + last) // 2]
    ), f"middle of the longest fall, from {rates[first]:.1e} to {rates[last]:.1e}"


def minimum(reading: Reading) -> tuple[float, str]:
    """A tenth of the rate at the lowest loss, but no rate below the sweep's own first."""
    at = float(reading.learning_rate[reading.lowest])
    first = float(reading.learning_rate[0])
    if at / 10 < first:
        return first, f"a tenth of the rate at the lowest loss ({at:.1e}) would be below the sweep's first rate"
    return at / 10, f"a tenth of the rate at the lowest loss ({at:.1e})"


def slide(reading: Reading) -> tuple[float, str]:
    """From the right, the first place at which slopes `SLIDE_STEPS` apart agree: where the loss has stopped sliding
    down."""
    slope = np.gradient(reading.smoothed[: reading.end]) / reading.drop
    apart = min(max(1, round(SLIDE_STEPS * len(reading.learning_rate) / 100)), reading.end - 1)
    left = reading.end - 1 - apart
    while left > 0 and abs(slope[left + apart] - slope[left]) > SLIDE_THRESHOLD:
        left -= 1
    return float(reading.learning_rate[left]), "left end of the slide into the lowest loss"


def margin(reading: Reading, rate: float) -> str:
    """How far below divergence a rate is, in words."""
    if reading.diverged_at is None:
        return "; the loss never diverged"
    limit = float(reading.learning_rate[min(reading.diverged_at, len(reading.learning_rate) - 1)])
    return f", {limit / rate:.1f} times below where it turns to diverge ({limit:.1e})"


def suggest(name: str, reading: Reading, loss: Floats) -> Suggestion:
    """What a method says of a curve, with the range of what it says of each seed alone.

    The range is wider by a step of the ladder on each side: nothing was measured in between.

    Args:
        name: a key of `METHODS`.
        reading: of all seeds.
        loss: shape (seeds, steps).
    """
    if reading.trouble is not None:
        return Suggestion(None, None, None, reading.trouble)
    method: Method = METHODS[name].load()
    rate, reason = method(reading)
    own = [own_rate for row in loss if (own_rate := of_seed(method, reading, row, len(loss))) is not None]
    if len(own) < 2:
        return Suggestion(rate, None, None, reason)
    rates = reading.learning_rate
    below = int(np.searchsorted(rates, min(rate, *own) * (1 - ROUNDING), side="left"))
    above = int(np.searchsorted(rates, max(rate, *own) * (1 + ROUNDING), side="right")) - 1
    return Suggestion(rate, float(rates[max(below - 1, 0)]), float(rates[min(above + 1, len(rates) - 1)]), reason)


def of_seed(method: Method, reading: Reading, row: Floats, seeds: int) -> float | None:
    """What a method says of one seed's curve, smoothed as the curve of all and trusted as if it were as exact."""
    alone = read(reading.learning_rate, row[None], bandwidth=reading.bandwidth)
    if alone.trouble is not None:
        return None
    return method(replace(alone, slope_error=alone.slope_error / np.sqrt(seeds)))[0]


def suggestions(default: str, reading: Reading, loss: Floats) -> dict[str, Suggestion]:
    """What every method says, the default first."""
    names = [default, *(name for name in METHODS if name != default)]
    return {name: suggest(name, reading, loss) for name in names}
