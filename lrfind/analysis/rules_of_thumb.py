"""Predict how the usual guesses of a rate would do, from trainings or the sweep."""

from __future__ import annotations

import math

import numpy as np

from lrfind.analysis.confirmation.regret import normalized_regret
from lrfind.analysis.range_test.curve import CurveSummary
from lrfind.core.advice import Guess
from lrfind.core.dataset import Floats
from lrfind.core.result import Confirmation, Recommendation

USUAL = (0.1, 0.01, 0.001)
"""Learning rates that people try first."""

LITTLE = 0.05
"""Largest regret, as a fraction of the best improvement, of a guess that works."""

NEAR = 0.16
"""Decades beyond a rung's edge over which the edge's regret is used.

Half the spacing of its rates.
"""

DOUBLE = 2.0
"""Factor within which two rates count as equally good (Smith 2015; Bengio 2012)."""


def judge(
    reading: CurveSummary, recommendation: Recommendation, confirmation: Confirmation | None
) -> tuple[Guess, ...]:
    """Return a prediction for each rate in `USUAL`.

    Args:
        reading: summary of the sweep's loss curve.
        recommendation: recommendation of the run.
        confirmation: trainings of the confirmation; None if there were none.
    """
    return tuple(guess(rate, reading, recommendation, confirmation) for rate in USUAL)


def guess(
    rate: float, reading: CurveSummary, recommendation: Recommendation, confirmation: Confirmation | None
) -> Guess:
    """Predict the outcome of a training at one rate.

    In order of weight: trainings at or below the rate that all diverged; the longest trainings near the rate; shorter
    trainings, matched by sum of rates for a rate below the recommendation and by ratio to the best rate for one above.
    Without trainings the sweep decides.

    Args:
        rate: learning rate to predict for.
        reading: summary of the sweep's loss curve.
        recommendation: recommendation of the run.
        confirmation: trainings of the confirmation; None if there were none.
    """
    if confirmation is None or recommendation.learning_rate is None:
        return from_sweep_alone(rate, reading, recommendation)
    if (limit := diverged(confirmation, rate)) is not None:
        steps, least = limit
        reason = f"diverges: all trainings of {steps:,} steps at {least:.1e} did"
        return Guess(rate, "diverges", 1.0, steps, reason)
    longest = confirmation.horizons[-1]
    if (share := at(confirmation, longest.steps, shifted(rate, longest.learning_rate, recommendation))) is not None:
        return said(rate, share, longest.steps, f"in trainings of {longest.steps:,} steps")
    for horizon in reversed(confirmation.horizons[:-1]):
        if rate < recommendation.learning_rate:
            same = rate * recommendation.steps / horizon.steps
            share = summed(confirmation, horizon.steps, same) if same <= horizon.learning_rate else None
            how = f"as {horizon.steps:,} steps at {same:.1e} did, which have the same sum of rates"
        else:
            share = at(confirmation, horizon.steps, shifted(rate, horizon.learning_rate, recommendation))
            how = f"in trainings of {horizon.steps:,} steps"
        if share is not None:
            return said(rate, share, horizon.steps, how)
    return far(rate, recommendation, confirmation)


def said(rate: float, share: float, steps: int, how: str) -> Guess:
    """Return the prediction for a rate of known regret.

    Args:
        rate: learning rate of the guess.
        share: regret, as a fraction of the best improvement.
        steps: length of the trainings that show it.
        how: phrase that names those trainings.
    """
    shown = "less than 1%" if share < 0.01 else f"about {share:.0%}"
    if share <= LITTLE:
        return Guess(rate, "works", share, steps, f"works: loses {shown} of the improvement {how}")
    return Guess(rate, "costs", share, steps, f"loses {shown} of the improvement {how}")


def shifted(rate: float, best: float, recommendation: Recommendation) -> float:
    """Return the rate with the same ratio to `best` as `rate` has to the recommendation.

    Args:
        rate: learning rate of the guess.
        best: best rate of shorter trainings.
        recommendation: recommendation of the run, with a rate.
    """
    assert recommendation.learning_rate is not None
    return rate * best / recommendation.learning_rate


def diverged(confirmation: Confirmation, rate: float) -> tuple[int, float] | None:
    """Return length and rate of the longest trainings at or below a rate that all diverged.

    Returns:
        Steps and learning rate; None if no such trainings exist.
    """
    trials = [
        (trial.steps, trial.learning_rate)
        for trial in confirmation.candidates
        if trial.learning_rate <= rate and not any(math.isfinite(loss) for loss in trial.loss)
    ]
    return max(trials, default=None)


def at(confirmation: Confirmation, steps: int, rate: float) -> float | None:
    """Return the regret of a rate among the trainings of one length.

    Args:
        confirmation: trainings of the confirmation.
        steps: length of the trainings.
        rate: learning rate to interpolate at.

    Returns:
        Regret as a fraction of the best improvement; None if no training is near the rate.
    """
    log10_rates, loss, untrained = trained(confirmation, steps)
    return between(rate, log10_rates, normalized_regret(loss, untrained))


def summed(confirmation: Confirmation, steps: int, rate: float) -> float | None:
    """Return the regret of a rate of short trainings, relative to the longest trainings' best.

    Args:
        confirmation: trainings of the confirmation.
        steps: length of the short trainings.
        rate: learning rate of the short trainings, scaled to the sum of rates of the whole training.

    Returns:
        Regret as a fraction of the longest trainings' best improvement; None if no training is near the rate.
    """
    longest = max(trial.steps for trial in confirmation.candidates)
    _, best, _ = trained(confirmation, longest)
    log10_rates, loss, untrained = trained(confirmation, steps)
    seeds = min(best.shape[1], loss.shape[1])
    joined = np.concatenate([loss[:, :seeds], best[:, :seeds]])
    return between(rate, log10_rates, normalized_regret(joined, untrained[:seeds])[: len(loss)])


def between(rate: float, log10_rates: Floats, share: Floats) -> float | None:
    """Interpolate the regret linearly in log rate.

    Args:
        rate: learning rate to interpolate at.
        log10_rates: log10 rates of the trainings, shape (rates,), increasing.
        share: regret of each rate, shape (rates,).

    Returns:
        Regret; None if the rate is more than `NEAR` decades outside of the trainings.
    """
    log10_rate = math.log10(rate)
    if not log10_rates[0] - NEAR <= log10_rate <= log10_rates[-1] + NEAR:
        return None
    return float(np.interp(log10_rate, log10_rates, share))


def trained(confirmation: Confirmation, steps: int) -> tuple[Floats, Floats, Floats]:
    """Return rates and losses of the trainings of one length.

    Args:
        confirmation: trainings of the confirmation.
        steps: length of the trainings.

    Returns:
        log10 rates, shape (rates,), increasing; losses, shape (rates, seeds); losses before training, shape (seeds,).
    """
    trials = sorted(
        (trial for trial in confirmation.candidates if trial.steps == steps), key=lambda trial: trial.learning_rate
    )
    loss = np.array([trial.loss for trial in trials], dtype=np.float64)
    log10_rates = np.log10([trial.learning_rate for trial in trials])
    return log10_rates, loss, np.array(confirmation.untrained[: loss.shape[1]], dtype=np.float64)


def far(rate: float, recommendation: Recommendation, confirmation: Confirmation) -> Guess:
    """Return the prediction for a rate beyond all trainings."""
    assert recommendation.learning_rate is not None
    below = rate < recommendation.learning_rate
    factor = recommendation.learning_rate / rate if below else rate / recommendation.learning_rate
    where = f"{factor:,.0f} times {'below' if below else 'above'} the recommended rate, where nothing was trained"
    first = confirmation.horizons[0].steps
    _, loss, untrained = trained(confirmation, first)
    share = float(normalized_regret(loss, untrained)[0 if below else -1])
    if share <= LITTLE:
        return Guess(rate, "unknown", None, None, f"not known: {where}")
    edge = "lowest" if below else "highest"
    reason = f"loses most likely more than the {share:.0%} of the {edge} rate of {first:,} steps: it is {where}"
    return Guess(rate, "costs", None, None, reason)


def from_sweep_alone(rate: float, reading: CurveSummary, recommendation: Recommendation) -> Guess:
    """Return the prediction of the sweep alone."""
    best = recommendation.learning_rate
    if reading.diverged_at is not None:
        limit = float(reading.learning_rate[min(reading.diverged_at, len(reading.learning_rate) - 1)])
        if rate >= limit:
            return Guess(rate, "diverges", None, None, f"most likely diverges: the sweep did from {limit:.1e} on")
    if best is None:
        return Guess(rate, "unknown", None, None, "not known: there is no rate to compare it with")
    if best / DOUBLE <= rate <= best * DOUBLE:
        reason = f"most likely works: within a factor of two of the suggestion, {best:.1e}"
        return Guess(rate, "works", None, None, reason)
    if rate < best:
        reason = f"most likely slow: {best / rate:,.0f} times below the suggestion, so up to as many times the steps"
        return Guess(rate, "costs", None, None, reason)
    return Guess(rate, "unknown", None, None, f"not known: above the suggestion, {best:.1e}, and not seen to diverge")
