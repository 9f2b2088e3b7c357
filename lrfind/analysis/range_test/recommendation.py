"""Turn the suggestions of the range test into one recommended rate with its warnings."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from lrfind.analysis.confirmation.horizon_scaling import factor, steps_near
from lrfind.analysis.range_test.curve import CurveSummary
from lrfind.analysis.range_test.methods import Method, margin
from lrfind.core.dataset import Floats
from lrfind.core.result import Recommendation, Suggestion

DISAGREE = 10.0
"""Ratio of the seeds' own rates, highest over lowest, from which the seeds disagree.

The best rate is known to a factor of two or three at best (Smith 2015; Bengio 2012); a decade is another order of
magnitude.
"""

EDGE = 0.05
"""Fraction of the steps at each end of the curve that counts as its edge."""

TEMPERED = "steepest"
"""Method whose suggestion is averaged with the rate at the lowest loss.

The other methods stay as their authors published them.
"""

LOWEST = 0.4
"""Factor from the rate at the lowest loss to the rate that trainings prefer, without unit.

Minimises the mean regret of the geometric mean; see docs/calibration.md#lowest-loss-factor.
"""


def recommend(method: str, suggestion: Suggestion, *, seeds: int, schedule: str, steps: int) -> Recommendation:
    """Return the unconfirmed recommendation of the chosen method.

    Its interval is the spread over the seeds. `averaged_with_minimum` and, if the optimiser ignores the gradient scale,
    `scaled_to_horizon` are applied to it by the caller.

    Args:
        method: name of the method.
        suggestion: suggestion of that method.
        seeds: number of seeds.
        schedule: name of the schedule that the rate is for.
        steps: length of the training that the rate is for.
    """
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


def averaged_with_minimum(recommendation: Recommendation, reading: CurveSummary) -> Recommendation:
    """Return the geometric mean of the rates at steepest descent and at lowest loss.

    The rate at the lowest loss is multiplied by `LOWEST` first.

    Both are estimates from one noisy curve with partly independent errors. A recommendation of another method is
    returned unchanged.

    Args:
        recommendation: unconfirmed recommendation.
        reading: summary of the curve of all seeds.
    """
    steep = recommendation.learning_rate
    if steep is None or recommendation.method != TEMPERED:
        return recommendation
    lowest = float(reading.learning_rate[reading.lowest])
    rate = math.sqrt(steep * LOWEST * lowest)
    return scaled(
        recommendation,
        rate / steep,
        f"between the steepest descent ({steep:.1e}) and {LOWEST:g} times the rate at the lowest loss ({lowest:.1e})"
        f"{margin(reading, rate)}",
    )


def scaled_to_horizon(recommendation: Recommendation, rates: Floats, wanted: float) -> Recommendation:
    """Scale an unconfirmed recommendation to the length of the whole training by `factor`.

    Args:
        recommendation: recommendation for the few steps that the sweep spends near its rate.
        rates: learning rate of each step of the sweep, shape (steps,).
        wanted: sum of the schedule at peak 1 over the steps of the training.
    """
    if recommendation.learning_rate is None:
        return recommendation
    swept = steps_near(rates, recommendation.learning_rate)
    by = factor(swept, wanted)
    reason = (
        f"the sweep suggests {recommendation.learning_rate:.1e}, where it spends {swept:.0f} steps; updates have a "
        "size of their own whatever the gradient, "
        f"so for {recommendation.steps:,} steps it is taken {1 / by:.2g} times lower"
    )
    return scaled(recommendation, by, reason)


def scaled(recommendation: Recommendation, by: float, reason: str) -> Recommendation:
    """Return a recommendation with rate and interval multiplied by a factor.

    Args:
        recommendation: recommendation to scale.
        by: factor on rate, low and high.
        reason: new reason, one sentence.
    """
    rate, low, high = (
        None if end is None else end * by
        for end in (recommendation.learning_rate, recommendation.low, recommendation.high)
    )
    return replace(recommendation, learning_rate=rate, low=low, high=high, reason=reason)


def warnings(reading: CurveSummary, suggestion: Suggestion, *, seeds: int) -> tuple[str, ...]:
    """Return warnings on a suggestion, one sentence each.

    Args:
        reading: summary of the curve of all seeds.
        suggestion: suggestion of the chosen method.
        seeds: number of seeds.
    """
    rate = suggestion.learning_rate
    if rate is None:
        return ()
    sentences = []
    rates = reading.learning_rate
    if reading.diverged_at is None:
        sentences.append(
            f"the loss never diverged up to {rates[-1]:.1e}: normalised networks may not, otherwise raise max_lr"
        )
        if reading.lowest >= (1 - EDGE) * (len(rates) - 1):
            sentences.append(
                "the loss was still falling at the last rate, so a higher rate may be better; raise sweep.max_lr"
            )
    if at_start(reading, rate):
        sentences.append("the rate lies at the low end of the sweep, so a lower one may be better; lower sweep.min_lr")
    if suggestion.low and suggestion.high and suggestion.high / suggestion.low > DISAGREE:
        sentences.append(
            f"the seeds disagree by {math.log10(suggestion.high / suggestion.low):.1f} decades; a larger batch, more "
            "sweep.seeds or more sweep.steps would narrow it"
        )
    if seeds == 1:
        sentences.append("one seed was measured, so there is no interval; the default is four")
    return tuple(sentences)


def range_warnings(min_lr: float, max_lr: float, first: float, last: float, *, extended_down: bool) -> tuple[str, ...]:
    """Return warnings that the sweep left its configured range, one sentence each.

    Args:
        min_lr: lowest rate of the config.
        max_lr: highest rate of the config.
        first: first rate of the sweep.
        last: last rate of the sweep.
        extended_down: whether the sweep was repeated from a lower rate.
    """
    sentences = []
    if extended_down:
        sentences.append(f"the action lay below min_lr {min_lr:.1e}, so the sweep was measured again from {first:.1e}")
    if last > max_lr * (1 + 1e-9):
        sentences.append(f"the loss had not diverged at max_lr {max_lr:.1e}, so the sweep went on to {last:.1e}")
    return tuple(sentences)


def at_start(reading: CurveSummary, rate: float) -> bool:
    """Return whether a rate lies within the first `EDGE` of the curve."""
    return rate <= float(reading.learning_rate[int(EDGE * (len(reading.learning_rate) - 1))])


BELOW = 10.0
"""Factor from divergence down to the first guess if a sweep shows no fall.

Most good rates lie within a decade and a half below divergence, which the first rung covers.
"""


def guess(reading: CurveSummary) -> float | None:
    """Return a rate at which to begin trainings if the curve shows none.

    Returns:
        A tenth of the rate at divergence, or of the last rate; None if the loss was lost from the first rates on.
    """
    if reading.too_high or not np.isfinite(reading.smoothed[:1]).all():
        return None
    rates = reading.learning_rate
    top = float(rates[-1] if reading.diverged_at is None else rates[reading.diverged_at])
    return top / BELOW


def begins_too_high(reading: CurveSummary, method: Method) -> bool:
    """Return whether the best rate lies below the sweep's first one.

    Signs are a blow-up at the first rates, and a suggestion at the low edge.

    Args:
        reading: summary of the curve of all seeds.
        method: method that reads a rate off the curve.
    """
    return reading.too_high or (reading.no_rate_reason is None and at_start(reading, method(reading)[0]))


def stopped(rates: Floats, *, confirming: bool) -> str:
    """Describe how far an interrupted run came.

    Args:
        rates: learning rate of each step of the sweep so far, shape (steps,).
        confirming: whether trials of the confirmation had begun.
    """
    if confirming:
        return "interrupted during the confirmation"
    return f"interrupted after {len(rates):,} steps, at a rate of {float(rates[-1]):.1e}"
