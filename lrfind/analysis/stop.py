"""When to end a sweep early. Not the same as divergence, which is read off the finished curve."""

from __future__ import annotations

import numpy as np

from lrfind.types import Floats

PATIENCE = 5
"""Steps in a row that have to be hopeless, in every seed."""

FAR = 100.0
"""Hopeless is a loss above the initial one by this many times the larger of what was gained and the initial loss
itself. A judgement, not a measurement: generous, because a loss may jump and come back (the catapult of Lewkowycz et
al. 2020), and because going on costs a few steps where stopping too early costs the answer."""


def hopeless(loss: Floats) -> bool:
    """Whether coming back is out of the question.

    Args:
        loss: so far, shape (seeds, steps). May hold NaN and infinities, and be zero or negative.
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
