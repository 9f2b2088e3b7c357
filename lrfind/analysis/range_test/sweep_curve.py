"""The curve of a range test, and when to end the test early; divergence itself is read off the finished curve."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lrfind.analysis.confirmation.horizon_scaling import ignores_gradient_scale
from lrfind.analysis.range_test.curve import CurveSummary, summarize
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


@dataclass(frozen=True)
class SweepCurve:
    """The measured curve of one pass of a range test.

    Attributes:
        learning_rate: learning rate of each step, shape (steps,).
        loss: training loss, shape (seeds, steps).
        gradient_norm: global gradient norm, shape (seeds, steps).
        update_norm: global update norm, shape (seeds, steps).
        trust: trust-region ratio, shape (seeds, steps); NaN where it was not measured.
    """

    learning_rate: Floats
    loss: Floats
    gradient_norm: Floats
    update_norm: Floats
    trust: Floats

    @cached_property
    def summary(self) -> CurveSummary:
        """Summary of the loss over all seeds."""
        return summarize(self.learning_rate, self.loss)

    def ignores_gradient_scale(self, suggested: float | None) -> bool:
        """Return whether the optimiser's update norm does not depend on the gradient norm.

        Args:
            suggested: rate that the curve suggests; None if it suggests none.
        """
        return ignores_gradient_scale(self.learning_rate, self.update_norm, self.gradient_norm, suggested)
