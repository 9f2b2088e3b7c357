"""Decide when to end a sweep early; divergence itself is read off the finished curve."""

from __future__ import annotations

import numpy as np

from lrfind.core.dataset import Floats

PATIENCE = 5
"""Consecutive steps that must be hopeless in every seed."""

FAR = 100.0
"""Excess of a hopeless loss over the initial one, in multiples of gain or initial loss.

A judgement, generous because a loss may jump and return (catapult, Lewkowycz et al. 2020) and because more steps cost
less than a lost answer.
"""


def hopeless(loss: Floats) -> bool:
    """Return whether the loss of every seed is too high to return.

    Args:
        loss: losses so far, shape (seeds, steps); may hold NaN and infinities, and be zero or negative.
    """
    if loss.shape[1] <= PATIENCE:
        return False
    initial = loss[:, :1]
    lowest = np.nanmin(np.where(np.isfinite(loss), loss, np.nan), axis=1, keepdims=True, initial=np.inf)
    with np.errstate(invalid="ignore"):
        limit = initial + FAR * np.maximum(initial - lowest, np.abs(initial))
        # Written as "not below", for a NaN is below nothing.
        lost = ~(loss[:, -PATIENCE:] <= limit)
    return bool(lost.all())
