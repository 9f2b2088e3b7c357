"""The scale of the losses that trainings end with: one that diverged must not squash the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lrfind.core.dataset import Floats
from lrfind.report.plots.axis import LARGEST, Axis, clipped, linear_axis, log_axis

LOG_LOSS_RATIO = 10.0
"""Losses that span more than this are drawn on a log axis: the long trainings' valley would else be a flat line."""

WORSE = 1.1
"""How far up from the lowest loss to the one before training losses are shown: a little worse than untrained is often
only the noise of a few held-out rows; beyond, how much worse says nothing."""

FAR = 10.0
"""The same without a loss before training, in distances from the lowest loss to the median of all."""

FLAT = 0.05
"""Losses that differ by less than this part of the lowest one are drawn as the flat line that they are."""

IN_SIGHT = 0.15
"""The loss before training is shown where it lies above the others by no more than this part of their span."""

EDGE = 0.07
"""Room above and below what is shown, as a part of it."""

LANE, ALONE = 0.045, 0.15
"""Height of a row of marks at the top of the axes, where each length has its own for the candidates off the scale; and
where nothing else is in the axes."""

FEWEST_DECADES = 3
"""With fewer on its axis, a loss has ticks between them."""


@dataclass(frozen=True)
class Scale:
    """The scale of losses.

    Attributes:
        axis: of the loss.
        ceiling: the height up to which losses are shown; above it are marks for those that are not.
        untrained: where the loss before training lies, where it is in sight.
    """

    axis: Axis
    ceiling: float
    untrained: float | None

    def fractions(self, losses: Floats) -> Floats:
        """Return fractions of the axis; NaN for inf."""
        return clipped(self.axis, np.where(np.isfinite(losses), losses, np.nan))


def scale(rows: Sequence[Floats], untrained: Sequence[float], lengths: int, below: float) -> Scale:
    """Return limits that show every loss but those so high that they say nothing.

    Args:
        rows: the losses; inf for what diverged.
        untrained: losses before training.
        lengths: how many lengths of training there are, each with a row for the marks of what is off the scale.
        below: height that is kept free at the bottom.
    """
    losses = np.concatenate([np.empty(0), *rows])
    finite = losses[np.isfinite(losses)]
    if not finite.size:
        return Scale(Axis(0.0, 1.0, log=False, ticks=(), minor=(), labels=()), 1 - min(ALONE * lengths, 1.0), None)
    before = [float(np.clip(loss, -LARGEST, LARGEST)) for loss in untrained if math.isfinite(loss)]
    start = float(np.median(before)) if before else math.nan
    low = float(finite.min())
    far = WORSE * (start - low) if before else FAR * (float(np.median(finite)) - low)
    top = float(finite[finite <= low + max(far, FLAT * abs(low))].max())
    log = low > 1 / LARGEST and top > LOG_LOSS_RATIO * low
    missing = FLAT * abs(low) - (top - low)
    if missing > 0:
        low, top = low - missing / 2, top + missing / 2
    ceiling = 1 - LANE * lengths if (losses > top).any() else 1.0
    if log:
        low, top, start = math.log10(low), math.log10(top), math.log10(start) if start > 0 else math.nan
    in_sight = low < start <= top + IN_SIGHT * (top - low)  # not so for NaN
    top = max(top, start) if in_sight else top
    span = top - low
    if not span > 1e-9 * max(abs(low), abs(top)):
        span = max(0.1 * abs(low), 1e-12)
    height = (1 + 2 * EDGE) * span / (ceiling - below)
    bottom = top + EDGE * span - ceiling * height
    if log:
        axis = log_axis(10 ** max(bottom, -300.0), 10 ** min(bottom + height, 300.0), FEWEST_DECADES)
        axis = replace(axis, minor=())  # the labelled ones are close enough
    else:
        axis = linear_axis(bottom, bottom + height)
    at_start = axis.fractions(np.array([10**start if log else start]))
    return Scale(axis, ceiling, float(at_start[0]) if in_sight else None)
