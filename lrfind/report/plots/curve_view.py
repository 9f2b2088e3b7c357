"""What part of a sweep or a training is worth looking at: axes, curves and marks, for its figure and in the terminal.

Everything is given in fractions of the axes, 0 at the left and bottom and 1 at the right and top, so that both
plots agree and neither needs a scale of its own. What is not finite counts as not measured: a result read back from
its file, where inf and NaN are both null, is drawn exactly as it was the first time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lrfind.core.dataset import Floats
from lrfind.core.result import Result, Sweep
from lrfind.core.training import Training
from lrfind.report.plots.axis import EMPTY, FEWEST, LOG_RATIO, Axis, fall_axis, finite, linear_axis, log_axis

LOG_LOSS_DECADES = 2.5
"""A positive loss that falls by more than this is drawn on a log axis; on a linear one its end would be a flat line."""


@dataclass(frozen=True)
class CurveView:
    """A sweep in fractions of its axes.

    Attributes:
        x: the axis of the learning rate.
        y: the axis of the loss.
        rates: where each step lies on x, shape (steps,).
        seeds: where each seed's loss lies on y, shape (seeds, steps); NaN where not measured.
        smoothed: where the smoothed curve lies on y, shape (steps,).
        mark: the recommended rate, on the curve.
        other: the suggestion of the configured method on the curve, where the recommendation is another rate.
        interval: both ends on x.
        diverges: where on x more than half of the seeds have diverged.
    """

    x: Axis
    y: Axis
    rates: Floats
    seeds: Floats
    smoothed: Floats
    mark: tuple[float, float] | None
    other: tuple[float, float] | None
    interval: tuple[float, float] | None
    diverges: float | None


def curve_view(result: Result) -> CurveView:
    """Return axes, curves and marks of a sweep, in fractions of the axes."""
    sweep, advised = result.sweep, result.recommendation
    linear = (result.config.get("sweep") or {}).get("ladder") == "linear"
    rates = finite(sweep.learning_rate)
    known = rates[np.isfinite(rates) & (linear | (rates > 0))]
    lowest, highest = (float(known.min()), float(known.max())) if known.size else (1e-7, 10.0)
    x = linear_axis(lowest, highest) if linear else log_axis(lowest, highest)
    rates = x.fractions(rates)
    end = _diverged(sweep)
    loss, smoothed = finite(sweep.loss), finite(sweep.smoothed)
    y = _sweep_axis(np.vstack([smoothed, *loss]), len(rates) if end is None else end + 1)
    smoothed, seeds = y.clipped(smoothed), y.clipped(loss)

    rate = advised.learning_rate
    other = next((suggestion.learning_rate for suggestion in result.suggestions.values()), None)
    if rate is None or (other is not None and math.isclose(other, rate, rel_tol=0.05)):
        other = None
    return CurveView(
        x=x,
        y=y,
        rates=rates,
        seeds=seeds,
        smoothed=smoothed,
        mark=on_curve(x.at(rate), rates, smoothed, *seeds),
        other=on_curve(x.at(other), rates, smoothed, *seeds),
        interval=x.interval(advised.low, advised.high),
        diverges=None if end is None or not math.isfinite(rates[end]) else float(rates[end]),
    )


def _diverged(sweep: Sweep) -> int | None:
    """Return the upper median over seeds of the step of divergence; None where half of them do not diverge."""
    steps = len(sweep.learning_rate)
    ends = sorted(steps if at is None else at for at in sweep.diverged_at)
    middle = ends[len(ends) // 2] if ends else steps
    return middle if 0 <= middle < steps else None


def _sweep_axis(rows: Floats, end: int) -> Axis:
    """Return an axis that shows the fall of the loss and the start of its rise.

    Args:
        rows: the smoothed curve, then the seeds, shape (1 + seeds, steps); NaN where not measured.
        end: step at which half of the seeds have diverged.
    """
    before = rows[:, :end] if np.isfinite(rows[:, :end]).any() else rows
    if not np.isfinite(before).any():
        return EMPTY
    curve, batches = before[:1], before[1:]
    lows = [float(np.nanmin(curve))] if np.isfinite(curve).any() else []
    lows += [float(np.nanquantile(batches, 0.01))] if np.isfinite(batches).any() else []
    measured = [row[np.isfinite(row)] for row in before if np.isfinite(row).any()]
    low, start = min(lows), float(np.median([row[0] for row in measured]))
    log = low > 0 and start > low * 10**LOG_LOSS_DECADES
    if log:
        with np.errstate(invalid="ignore", divide="ignore"):
            before = np.where(before > 0, np.log10(before), np.nan)
        low, start = math.log10(low), math.log10(start)
    lowest = int(np.nanargmin(next(row for row in before if np.isfinite(row).any())))
    until_lowest = before[:, : 1 + lowest]
    noise = float(np.nanquantile(until_lowest, 0.99)) if np.isfinite(until_lowest).any() else start
    return fall_axis(low, start, float(np.nanmax(before)), log=log, noise=noise)


def on_curve(at: float, rates: Floats, *curves: Floats) -> tuple[float, float] | None:
    """Return the point at x of the first curve that was measured, level beyond its ends; None beyond the axis."""
    for curve in curves if -0.01 <= at <= 1.01 else ():  # not so for NaN
        known = np.isfinite(curve) & np.isfinite(rates)
        if known.any():
            return at, float(np.clip(np.interp(at, rates[known], curve[known]), 0, 1))
    return None


FINEST = 1500
"""Points of a curve; a screen shows no more, and a longer one is drawn by the means of as many parts."""

SMOOTH = 50
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
    smoothed = moving_mean(loss, max(1, len(loss) // SMOOTH))
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
