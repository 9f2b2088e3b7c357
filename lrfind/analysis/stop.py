"""When to end a sweep early. Not the same as divergence, which is read off the finished curve."""

from __future__ import annotations

import numpy as np

from lrfind.types import Floats

PATIENCE = 5
"""Steps in a row that have to be hopeless, in every seed."""

FAR = 100.0
"""Hopeless is a loss above the initial one by this many times the larger of what was gained and the initial loss
itself. The
rate only rises, so nothing that far up comes back; a catapult (Lewkowycz et al. 2020) stays well below. Twenty
times the drop, the next round figure down, is passed for a while by squared losses of deep networks that do come
back."""


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
