"""Carry a rate from the length of the sweep or of the trials to that of the training.

Under a schedule scaled to the length, the best rate of many optimisers hardly moves. The update norm of Lion (signs),
Muon (orthogonal matrices) and LAMB (a share of the weight norm) depends on the rate alone and not on the gradient norm:
the path through weight space is rate times steps, so their best rate falls about as the inverse length, and a rate that
suits the few steps that a sweep spends near it is far too high for a thousand. Trials of two lengths show the exponent
if they are long enough. The norms recorded by the sweep tell the two kinds of optimiser apart and bound the exponent at
once, if less exactly (see docs/calibration.md#horizon-exponent-from-the-sweep).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lrfind.core.dataset import Floats

LIMITS = (-1.0, 0.0)
"""Bounds of the exponent, without unit.

A sign-like optimiser covers rate times steps, so no best rate falls faster than 1 / steps; an exponent above 0 would
say that short trainings end before high rates harm them.
"""

SMALL_SLOPE = 0.2
"""Least absolute value of a fitted exponent that differs from zero.

About the error that the spacing of the rungs' rates leaves in it; see docs/calibration.md#smallest-exponent.
"""


def horizon_exponent(bests: Mapping[int, float], max_exponent: float = 0.0) -> float:
    """Fit the exponent p of `best rate ~ steps^p` by least squares of log rate on log length.

    Args:
        bests: log10 of the best rate by length in steps.
        max_exponent: upper bound of the exponent, from the norms of the sweep.

    Returns:
        The exponent within `LIMITS`, 0 if it may be noise, at most `max_exponent`; `max_exponent` if there is one
        length only.
    """
    if len(bests) < 2:
        return max_exponent
    lengths = np.log10(np.array(list(bests), dtype=np.float64))
    slope = float(np.polyfit(lengths, np.array(list(bests.values())), 1)[0])
    return min(max_exponent, float(np.clip(slope, *LIMITS)) if slope < -SMALL_SLOPE else 0.0)


def extrapolate_rate(bests: Mapping[int, float], steps: int, max_exponent: float = 0.0) -> float:
    """Return log10 of the best rate at another length, extrapolated by `horizon_exponent`.

    Args:
        bests: log10 of the best rate by length in steps.
        steps: length to extrapolate to.
        max_exponent: upper bound of the exponent, from the norms of the sweep.
    """
    longest = max(bests)
    return bests[longest] + horizon_exponent(bests, max_exponent) * float(np.log10(steps / longest))


STEADY = 0.16
"""Largest standard deviation of log(update norm / rate) with updates of one size.

Lies between Muon (0.10) and all gradient-dependent optimisers (0.25 and more); see
docs/calibration.md#spread-of-updates.
"""

STILL = (1e-3, 1e-1)
"""Bounds, as fractions of the suggested rate, between which the weights hardly move.

A norm that is a share of the weight norm is constant there.
"""

EXACT = 0.002
"""Largest standard deviation of log(update norm / rate) at nearly fixed weights.

Lies between LAMB and all gradient-dependent optimisers; see docs/calibration.md#spread-of-updates-at-fixed-weights.
"""

MOVED = 4.0
"""Least spread of the log gradient norm, in multiples of the spread of the log update norm.

A sweep with a nearly constant gradient norm cannot show whether updates depend on the gradient.
"""

POWER = 0.75
"""Exponent p of `rate ~ steps^-p` for optimisers that ignore the gradient scale.

Halfway between 1 (all steps in one direction) and 1/2 (a random walk); see docs/calibration.md#horizon-exponent.
"""


def ignores_gradient_scale(rates: Floats, update_norm: Floats, gradient_norm: Floats, suggested: float | None) -> bool:
    """Return whether the optimiser's update norm does not depend on the gradient norm.

    True for Lion, Muon and LAMB. Tested by `steady` on the whole sweep with `STEADY`, then on the steps at nearly fixed
    weights with `EXACT`.

    Args:
        rates: learning rate of each step, shape (steps,).
        update_norm: global norm of each update, shape (seeds, steps).
        gradient_norm: global norm of each gradient, shape (seeds, steps).
        suggested: rate that the curve suggests; None skips the second test.
    """
    if steady(rates, update_norm, gradient_norm, STEADY):
        return True
    if suggested is None:
        return False
    low, high = (part * suggested for part in STILL)
    still = (rates >= low) & (rates <= high)
    return steady(rates[still], update_norm[:, still], gradient_norm[:, still], EXACT)


def steady(rates: Floats, update_norm: Floats, gradient_norm: Floats, most: float) -> bool:
    """Return whether log(update norm / rate) varies little, and less than log(gradient norm).

    Spreads are standard deviations about each seed's mean, pooled over the seeds.

    Args:
        rates: learning rate of each step, shape (steps,).
        update_norm: global norm of each update, shape (seeds, steps).
        gradient_norm: global norm of each gradient, shape (seeds, steps).
        most: largest spread of log(update norm / rate).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        updates, gradients = np.log(update_norm / rates), np.log(gradient_norm)
    known = np.isfinite(updates) & np.isfinite(gradients)
    if known.sum() < 2:
        return False
    spread, of_gradients = (_spread(values, known) for values in (updates, gradients))
    return spread < most and MOVED * spread < of_gradients


def _spread(values: Floats, known: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    rows = [row[finite] for row, finite in zip(values, known, strict=True) if finite.any()]
    return float(np.concatenate([row - row.mean() for row in rows]).std())


def steps_near(rates: Floats, rate: float) -> float:
    """Return the number of steps at one rate that cover the path of the sweep up to that rate.

    The sum of all rates of the sweep up to the given rate, divided by it.

    Args:
        rates: learning rate of each step of the sweep, shape (steps,), increasing.
        rate: learning rate to express the path in.
    """
    return float(rates[rates <= rate * (1 + 1e-9)].sum() / rate)


def factor(swept: float, wanted: float) -> float:
    """Return the factor from a sweep's rate to a whole training's.

    ``min(1, (swept / wanted)^POWER)``.

    Args:
        swept: steps that the sweep spends near its rate, from `steps_near`.
        wanted: sum of the schedule at peak 1 over the steps of the training.
    """
    return min(1.0, float((swept / wanted) ** POWER))
