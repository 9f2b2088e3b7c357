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
    best = recommendation.learning_rate
    if confirmation is None or best is None:
        return from_sweep_alone(rate, reading, best)
    diverged = [
        (trial.steps, trial.learning_rate)
        for trial in confirmation.candidates
        if trial.learning_rate <= rate and not any(map(math.isfinite, trial.loss))
    ]
    if diverged:
        steps, least = max(diverged)
        return Guess(rate, "diverges", 1.0, steps, f"diverges: all trainings of {steps:,} steps at {least:.1e} did")
    for horizon in reversed(confirmation.horizons):
        log10_rates, loss, untrained = trained(confirmation, horizon.steps)
        if horizon is confirmation.horizons[-1] or rate >= best:
            at = rate * horizon.learning_rate / best
            regret = normalized_regret(loss, untrained)
            how = f"in trainings of {horizon.steps:,} steps"
        else:
            at = rate * recommendation.steps / horizon.steps
            regret = joint_regret(confirmation, loss, untrained)
            how = f"as {horizon.steps:,} steps at {at:.1e} did, which have the same sum of rates"
            if at > horizon.learning_rate:
                continue
        if log10_rates[0] - NEAR <= math.log10(at) <= log10_rates[-1] + NEAR:
            share = float(np.interp(math.log10(at), log10_rates, regret))
            loses = f"loses {'less than 1%' if share < 0.01 else f'about {share:.0%}'} of the improvement {how}"
            if share <= LITTLE:
                return Guess(rate, "works", share, horizon.steps, f"works: {loses}")
            return Guess(rate, "costs", share, horizon.steps, loses)
    return far(rate, best, confirmation)


def joint_regret(confirmation: Confirmation, loss: Floats, untrained: Floats) -> Floats:
    """Return the regret of short trainings, relative to the best of the longest trainings, shape (rates,).

    Args:
        confirmation: trainings of the confirmation.
        loss: losses of the short trainings, shape (rates, seeds).
        untrained: losses before training, shape (seeds,).
    """
    _, best, _ = trained(confirmation, max(trial.steps for trial in confirmation.candidates))
    seeds = min(best.shape[1], loss.shape[1])
    joined = np.concatenate([loss[:, :seeds], best[:, :seeds]])
    return normalized_regret(joined, untrained[:seeds])[: len(loss)]


def trained(confirmation: Confirmation, steps: int) -> tuple[Floats, Floats, Floats]:
    """Return rates and losses of the trainings of one length.

    Args:
        confirmation: trainings of the confirmation.
        steps: length of the trainings.

    Returns:
        log10 rates, shape (rates,), increasing; losses, shape (rates, seeds); losses before training, shape (seeds,).
    """
    trials = [trial for trial in confirmation.candidates if trial.steps == steps]
    trials.sort(key=lambda trial: trial.learning_rate)
    loss = np.array([trial.loss for trial in trials], dtype=np.float64)
    log10_rates = np.log10([trial.learning_rate for trial in trials])
    return log10_rates, loss, np.array(confirmation.untrained[: loss.shape[1]], dtype=np.float64)


def far(rate: float, best: float, confirmation: Confirmation) -> Guess:
    """Return the prediction for a rate beyond all trainings, of which the `best` one is recommended."""
    below = rate < best
    factor, side = (best / rate, "below") if below else (rate / best, "above")
    where = f"{factor:,.0f} times {side} the recommended rate, where nothing was trained"
    first = confirmation.horizons[0].steps
    _, loss, untrained = trained(confirmation, first)
    share = float(normalized_regret(loss, untrained)[0 if below else -1])
    if share <= LITTLE:
        return Guess(rate, "unknown", None, None, f"not known: {where}")
    edge = "lowest" if below else "highest"
    reason = f"loses most likely more than the {share:.0%} of the {edge} rate of {first:,} steps: it is {where}"
    return Guess(rate, "costs", None, None, reason)


def from_sweep_alone(rate: float, reading: CurveSummary, best: float | None) -> Guess:
    """Return the prediction of the sweep alone, which suggests the rate `best`."""
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
