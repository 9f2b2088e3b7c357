"""What part of a curve is worth looking at: axis limits, ticks and marks, shared by the figure and the terminal plot.

Everything is given in fractions of the axes, 0 at the left and bottom and 1 at the right and top, so that both
plots agree and neither needs a scale of its own. What is not finite counts as not measured: a result read back from
its file, where inf and NaN are both null, is drawn exactly as it was the first time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lrfind.core.dataset import Floats
from lrfind.core.result import Result, Sweep
from lrfind.report.plots.axis import EMPTY, Axis, fall_axis, finite, linear_axis, log_axis

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
    y = _loss_axis(np.vstack([smoothed, *loss]), len(rates) if end is None else end + 1)
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


def _loss_axis(rows: Floats, end: int) -> Axis:
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
