"""The curve of a range test: values per step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from lrfind.analysis.confirmation.horizon_scaling import ignores_gradient_scale
from lrfind.analysis.range_test.curve import CurveSummary, summarize
from lrfind.core.dataset import Floats


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
