"""From the rate of a short sweep to that of a long training, for optimisers whose steps the gradient has no say in.

Lion steps by signs and Muon by orthogonal matrices; LAMB steps by a share of the weights. The rate alone says how far a
step goes, whatever the gradient. The path through the weights (or through their logarithms) is then rate times steps,
and a rate that suits the few steps a sweep spends near it is far too high for a thousand. Updates of other methods
shrink with the gradient or with its noise, and their best rate stays about where it is. Which kind an optimiser is
shows in the norms that the sweep records.
"""

from __future__ import annotations

import numpy as np

from lrfind.types import Floats

STEADY = 0.16
"""Updates over rate whose logarithms spread less than this (standard deviation over a whole sweep) are of one size.
Measured on 27 tasks: Lion 0.00 to 0.02, Muon 0.10, all others 0.25 and more."""

STILL = (1e-3, 1e-1)
"""Rates, as parts of the suggested one, at which the weights hardly move: what the updates are a share of stays."""

EXACT = 0.002
"""Updates over rate that spread less than this while the weights are still do not follow the gradient. Measured on 37
tasks: LAMB 0.00003 to 0.0007, Adam (batches of 512) 0.006 and more, a clipped gradient with momentum 0.015, all others
that are not `STEADY` 0.018 and more."""

MOVED = 4.0
"""The gradient norm must have spread by this factor more than the updates did: a sweep in which the gradient hardly
changes tells nothing of how updates follow it."""

POWER = 0.75
"""The rate falls as this power of the number of steps. Where every step goes the same way the path grows as steps times
rate, and the power is 1; where noise rules it grows as the root, and the power is a half; this is the middle.
(Regret on 27 tasks, mean: 0.064 at 1/2, 0.036 at 3/4, 0.043 at 1, 0.133 without. With ten more, three of them LAMB, and
the power of those alone: 0.040, 0.039, 0.048, 0.072.)"""


def deaf(rates: Floats, update_norm: Floats, gradient_norm: Floats, suggested: float | None) -> bool:
    """Whether updates have their size from the rate, or from rate and weights, whatever the gradient.

    Args:
        rates: shape (steps,).
        update_norm: shape (seeds, steps).
        gradient_norm: shape (seeds, steps).
        suggested: what the curve suggests.
    """
    if steady(rates, update_norm, gradient_norm, STEADY):
        return True
    if suggested is None:
        return False
    low, high = (part * suggested for part in STILL)
    still = (rates >= low) & (rates <= high)
    return steady(rates[still], update_norm[:, still], gradient_norm[:, still], EXACT)


def steady(rates: Floats, update_norm: Floats, gradient_norm: Floats, most: float) -> bool:
    """Whether updates over rate spread less than `most` in every seed taken together, and less than gradients do.

    Spreads are standard deviations of logarithms, about each seed's own mean.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        updates, gradients = np.log(update_norm / rates), np.log(gradient_norm)
    known = np.isfinite(updates) & np.isfinite(gradients)
    if known.sum() < 2:
        return False
    spread, of_gradients = (_spread(values, known) for values in (updates, gradients))
    return spread < most and MOVED * spread < of_gradients


def _spread(values: Floats, known: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    rows = [row[here] for row, here in zip(values, known, strict=True) if here.any()]
    return float(np.concatenate([row - row.mean() for row in rows]).std())


def steps_near(rates: Floats, rate: float) -> float:
    """Steps at a rate that go as far as the sweep went until it: the sum of all rates up to it, over it."""
    return float(rates[rates <= rate * (1 + 1e-9)].sum() / rate)


def factor(swept: float, wanted: float) -> float:
    """What the sweep's rate is multiplied by for a training that goes as far as `wanted` steps at its peak; at most 1.

    Args:
        swept: see `steps_near`.
        wanted: the sum of the schedule, peak 1, over the training's steps.
    """
    return min(1.0, float((swept / wanted) ** POWER))
