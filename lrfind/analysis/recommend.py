"""From the suggestions to the one rate the tool stands behind, and what a reader should know before trusting it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from lrfind.analysis.carry import factor, steps_near
from lrfind.analysis.curve import Reading
from lrfind.analysis.suggest import Method, margin
from lrfind.types import Floats, Recommendation, Suggestion

DISAGREE = 10.0
"""Seeds whose own rates lie further apart than this factor disagree: the best rate is known to a factor of two or
three at best
(Smith 2015; Bengio 2012), and a decade is what people mean by another order of magnitude."""

EDGE = 0.05
"""A suggestion within this part of the curve's ends is at the edge of what was measured."""

TEMPERED = "steepest"
"""The method whose suggestion is tempered: the default. The others are what their authors made them."""

LOWEST = 0.4
"""The part of the rate at the lowest loss that trainings keep best. Alone it errs as much as the steepest descent does,
by a factor of 3.7 (standard deviation over 45 tasks of three sweeps each), but not alike: of the geometric mean of both
the mean regret is 0.039 and the 95th percentile 0.14, of the steepest descent alone 0.055 and 0.33, of the other alone
0.048 and 0.19. Weights from 0.4 to 0.7 and parts from 0.3 to 0.6 do within 0.009 of that mean."""


def recommend(method: str, suggestion: Suggestion, *, seeds: int, schedule: str, steps: int) -> Recommendation:
    """The recommendation without confirmation: the suggestion of the chosen method, its interval from the seeds'
    spread. `tempered` follows, and `carried` where the optimiser asks for it."""
    interval_from = None if suggestion.low is None else f"spread of {seeds} seeds"
    return Recommendation(
        learning_rate=suggestion.learning_rate,
        low=suggestion.low,
        high=suggestion.high,
        method=method,
        confirmed=False,
        schedule=schedule,
        steps=steps,
        interval_from=interval_from,
        reason=suggestion.reason,
    )


def tempered(found: Recommendation, reading: Reading) -> Recommendation:
    """The steepest descent's recommendation, unconfirmed, half way (in log rate) to what the lowest loss says.

    Both are readings of one noisy curve, which err in part independently of each other.

    Args:
        found: the suggestion of the chosen method.
        reading: of all seeds.
    """
    steep = found.learning_rate
    if steep is None or found.method != TEMPERED:
        return found
    lowest = float(reading.learning_rate[reading.lowest])
    rate = math.sqrt(steep * LOWEST * lowest)
    return scaled(
        found,
        rate / steep,
        f"between the steepest descent ({steep:.1e}) and {LOWEST:g} times the rate at the lowest loss ({lowest:.1e})"
        f"{margin(reading, rate)}",
    )


def carried(found: Recommendation, rates: Floats, wanted: float) -> Recommendation:
    """An unconfirmed recommendation carried on to the whole training, for updates that are `carry.deaf`.

    Args:
        found: for as few steps as the sweep spends near it.
        rates: of the sweep, shape (steps,).
        wanted: the sum of the schedule, peak 1, over the training's steps.
    """
    if found.learning_rate is None:
        return found
    swept = steps_near(rates, found.learning_rate)
    by = factor(swept, wanted)
    return scaled(
        found,
        by,
        f"the sweep suggests {found.learning_rate:.1e}, where it spends {swept:.0f} steps; updates have a "
        f"size of their own whatever the gradient, so for {found.steps:,} steps it is taken {1 / by:.2g} times lower",
    )


def scaled(found: Recommendation, by: float, reason: str) -> Recommendation:
    """A recommendation of a rate moved by a factor, its interval with it."""
    rate, low, high = (None if each is None else each * by for each in (found.learning_rate, found.low, found.high))
    return replace(found, learning_rate=rate, low=low, high=high, reason=reason)


def warnings(reading: Reading, suggestion: Suggestion, *, seeds: int) -> tuple[str, ...]:
    """What a reader should know, one sentence each.

    Args:
        reading: of all seeds.
        suggestion: of the chosen method.
        seeds: how many there are.
    """
    rate = suggestion.learning_rate
    if rate is None:
        return ()
    found = []
    rates = reading.learning_rate
    if reading.diverged_at is None:
        found.append(
            f"the loss never diverged up to {rates[-1]:.1e}: normalised networks may not, otherwise raise max_lr"
        )
        if reading.lowest >= (1 - EDGE) * (len(rates) - 1):
            found.append(
                "the loss was still falling at the last rate, so a higher rate may be better; raise sweep.max_lr"
            )
    if at_start(reading, rate):
        found.append("the rate lies at the low end of the sweep, so a lower one may be better; lower sweep.min_lr")
    if suggestion.low and suggestion.high and suggestion.high / suggestion.low > DISAGREE:
        found.append(
            f"the seeds disagree by {math.log10(suggestion.high / suggestion.low):.1f} decades; a larger batch, more "
            "sweep.seeds or more sweep.steps would narrow it"
        )
    if seeds == 1:
        found.append("one seed was measured, so there is no interval; the default is four")
    return tuple(found)


def range_warnings(min_lr: float, max_lr: float, first: float, last: float, *, extended_down: bool) -> tuple[str, ...]:
    """That the sweep went beyond its configured range.

    Args:
        min_lr: as configured.
        max_lr: as configured.
        first: the first rate of the sweep.
        last: its last.
        extended_down: it was measured again from lower down.
    """
    found = []
    if extended_down:
        found.append(f"the action lay below min_lr {min_lr:.1e}, so the sweep was measured again from {first:.1e}")
    if last > max_lr * (1 + 1e-9):
        found.append(f"the loss had not diverged at max_lr {max_lr:.1e}, so the sweep went on to {last:.1e}")
    return tuple(found)


def at_start(reading: Reading, rate: float) -> bool:
    """Whether a rate lies at the low end of what was measured."""
    return rate <= float(reading.learning_rate[int(EDGE * (len(reading.learning_rate) - 1))])


BELOW = 10.0
"""Factor below divergence at which trainings begin where a sweep shows no fall: most good rates lie within a decade and
a half of it, and the first heat looks that far."""


def guess(reading: Reading) -> float | None:
    """A rate to begin training with where the curve shows none; None where it was lost from the first rates on."""
    if reading.too_high or not np.isfinite(reading.smoothed[:1]).all():
        return None
    rates = reading.learning_rate
    top = float(rates[-1] if reading.diverged_at is None else rates[reading.diverged_at])
    return top / BELOW


def begins_too_high(reading: Reading, method: Method) -> bool:
    """Whether the action lies below the first rate: the loss blew up before it fell, or fell at once."""
    return reading.too_high or (reading.trouble is None and at_start(reading, method(reading)[0]))


def stopped(rates: Floats, *, confirming: bool) -> str:
    """How far a run came that was interrupted, or killed.

    Args:
        rates: of the sweep so far, shape (steps,).
        confirming: whether its trainings had begun.
    """
    if confirming:
        return "interrupted during the confirmation"
    return f"interrupted after {len(rates):,} steps, at a rate of {float(rates[-1]):.1e}"
