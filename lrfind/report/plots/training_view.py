"""What part of a training is worth looking at: axes of steps, losses and rates.

They are shared by its figure and its terminal plot. Everything is in fractions of the axes, as in
`lrfind.report.plots.curve_view`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lrfind.core.dataset import Floats
from lrfind.core.training import Training
from lrfind.report.plots.axis import EMPTY, FEWEST, LOG_RATIO, Axis, fall_axis, finite, linear_axis, log_axis

FINEST = 1500
"""Points of a curve; a screen shows no more, and a longer one is drawn by the means of as many parts."""

WIDTH = 50
"""The smoothed curve is a mean over one part in so many."""

DEEPEST = 1e-3
"""A training loss below this part of the lowest validation loss is off the axis: how far rows are learnt by heart says
nothing, and the validation loss would be a flat line."""

LOW_RATE = 1e-4
"""A rate below this part of its peak is drawn at the bottom of a log axis: a decay to zero has no lower end."""


@dataclass(frozen=True)
class TrainingView:
    """A training in fractions of its axes.

    Attributes:
        x: the axis of steps.
        y: the axis of the loss.
        z: the axis of the rate.
        steps: where each point of the curve lies on x, shape (points,).
        loss: where its loss lies on y; NaN where it is not finite.
        smoothed: where the smoothed loss lies on y.
        looks: where each look lies on x, shape (looks,).
        val_loss: where its loss lies on y.
        rate_steps: where each rate lies on x.
        rate: where each rate lies on z.
        best: the look with the lowest loss; None without looks.
    """

    x: Axis
    y: Axis
    z: Axis
    steps: Floats
    loss: Floats
    smoothed: Floats
    looks: Floats
    val_loss: Floats
    rate_steps: Floats
    rate: Floats
    best: tuple[float, float] | None


def training_view(training: Training) -> TrainingView:
    """Return axes, curves and marks of a training, in fractions of the axes."""
    done = len(training.loss)
    x = linear_axis(0.0, float(max(done, 1)))
    at, loss = thinned(finite(training.loss))
    smoothed = moving_mean(loss, max(1, len(loss) // WIDTH))
    scores = training.scores
    looks = np.empty(0) if scores is None else scores.step
    val = np.empty(0) if scores is None else finite(scores.loss)
    lowest = float(np.nanmin(val)) if np.isfinite(val).any() else 0.0
    y = loss_axis([smoothed, val], [loss, val], DEEPEST * lowest)
    rate_at, rate = thinned(training.rate)
    z = rate_axis(rate)
    best = None
    if scores is not None and y.inside(lowest) is not None and np.isfinite(val).any():
        best = x.at(looks[scores.best]), y.at(lowest)
    floor = np.where(rate > 0, rate, z.low) if z.log else rate
    return TrainingView(
        x=x,
        y=y,
        z=z,
        steps=x.fractions(at),
        loss=y.clipped(loss),
        smoothed=y.clipped(smoothed),
        looks=x.fractions(looks),
        val_loss=y.clipped(val),
        rate_steps=x.fractions(rate_at),
        rate=np.clip(z.fractions(floor), 0, 1),
        best=best,
    )


def thinned(values: Floats) -> tuple[Floats, Floats]:
    """Return steps and values, shape (points,) each: means of equal parts where there are more than `FINEST`."""
    steps = np.arange(len(values), dtype=np.float64)
    if len(values) <= FINEST:
        return steps, values
    edges = np.linspace(0, len(values), FINEST + 1).astype(int)
    counts = np.diff(edges)
    return np.add.reduceat(steps, edges[:-1]) / counts, np.add.reduceat(values, edges[:-1]) / counts


def moving_mean(y: Floats, width: int) -> Floats:
    """Return a centred moving mean, shape kept: fewer values at the start, where a loss falls fastest, and at the end.

    Args:
        y: shape (steps,); NaN counts as missing.
        width: number of values in a mean.
    """
    known = np.isfinite(y)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, y, 0.0))])
    count = np.concatenate([[0], np.cumsum(known)])
    half = width // 2
    at = np.arange(len(y))
    reach = np.minimum(half, at)
    low, high = at - reach, np.minimum(at + reach + 1, len(y))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, (total[high] - total[low]) / (count[high] - count[low]), np.nan)


def loss_axis(curves: Sequence[Floats], starts: Sequence[Floats], deepest: float = 0.0) -> Axis:
    """Return an axis that shows the fall of losses and the start of a rise.

    Args:
        curves: losses that are to be seen; NaN for what is not finite.
        starts: losses of which the first ones are to be seen.
        deepest: loss below which a positive one is off the axis.
    """
    known = np.concatenate([curve[np.isfinite(curve)] for curve in curves])
    if not known.size:
        return EMPTY
    low, top = float(known.min()), float(known.max())
    start = max(float(loss[np.isfinite(loss)][0]) for loss in starts if np.isfinite(loss).any())
    low = max(low, deepest) if low > 0 else low
    log = low > 0 and start > LOG_RATIO * low
    if log:
        low, start, top = math.log10(low), math.log10(start), math.log10(max(top, 1e-300))
    return fall_axis(low, start, top, log=log, fewest=FEWEST)


def rate_axis(rate: Floats) -> Axis:
    """Return a log axis for rates that mostly lie below a tenth of their peak, else a linear one from zero."""
    peak = float(rate.max()) if rate.size else 1.0
    above = rate[rate >= LOW_RATE * peak]
    low = float(above.min()) if above.size else peak
    falls_by_factors = above.size and np.median(above) < 0.1 * peak
    if falls_by_factors and low > 0:
        return log_axis(low / 1.5, peak * 1.5)
    return linear_axis(0.0, peak * 1.1)
