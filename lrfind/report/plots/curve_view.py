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
from lrfind.report.plots.axis import Axis, clipped, finite, linear_axis, log_axis
from lrfind.report.sweep.trust_ratio import half_trust

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
        stability: where on x a quadratic of the measured sharpness is no longer stable.
        trust: where on x the trust-region ratio falls through 1/2.
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
    stability: float | None
    trust: float | None


def curve_view(result: Result) -> CurveView:
    """Return axes, curves and marks of a sweep, in fractions of the axes."""
    sweep, advised = result.sweep, result.recommendation
    linear = (result.config.get("sweep") or {}).get("ladder") == "linear"
    x = _rate_axis(sweep.learning_rate, linear)
    rates = x.fractions(finite(sweep.learning_rate))
    end = _diverged(sweep)
    loss, smoothed = finite(sweep.loss), finite(sweep.smoothed)
    y = _loss_axis(loss, smoothed, len(rates) if end is None else end + 1)
    smoothed = clipped(y, smoothed)
    seeds = clipped(y, loss)

    method = next(iter(result.suggestions.values()), None)
    other = None if method is None or advised.learning_rate is None else method.learning_rate
    if (
        other is not None
        and advised.learning_rate is not None
        and math.isclose(other, advised.learning_rate, rel_tol=0.05)
    ):
        other = None
    return CurveView(
        x=x,
        y=y,
        rates=rates,
        seeds=seeds,
        smoothed=smoothed,
        mark=_on_curve(advised.learning_rate, x, rates, smoothed, seeds),
        other=_on_curve(other, x, rates, smoothed, seeds),
        interval=span_on(x, advised.low, advised.high),
        diverges=None if end is None or not math.isfinite(rates[end]) else float(rates[end]),
        stability=_inside(x, result.evidence.stability_limit),
        trust=_inside(x, half_trust(result)),
    )


def span_on(axis: Axis, low: float | None, high: float | None) -> tuple[float, float] | None:
    """Return the fractions of both ends of an interval, cut at the ends of the axis; None where one is not finite."""
    if low is None or high is None:
        return None
    left, right = np.clip(axis.fractions(np.array([low, high])), 0, 1)
    return (float(left), float(right)) if math.isfinite(left) and math.isfinite(right) else None


def _inside(axis: Axis, value: float | None) -> float | None:
    """Return the fraction of a value; None outside of the axis."""
    at = math.nan if value is None else float(axis.fractions(np.array([value]))[0])
    return at if 0 <= at <= 1 else None


def _diverged(sweep: Sweep) -> int | None:
    """Return the upper median over seeds of the step of divergence; None where half of them do not diverge."""
    steps = len(sweep.learning_rate)
    ends = sorted(steps if at is None else at for at in sweep.diverged_at)
    middle = ends[len(ends) // 2] if ends else steps
    return middle if 0 <= middle < steps else None


def _rate_axis(rates: Floats, linear: bool) -> Axis:
    known = rates[np.isfinite(rates)] if linear else rates[np.isfinite(rates) & (rates > 0)]
    if not known.size:
        return log_axis(1e-7, 10.0)
    low, high = float(known.min()), float(known.max())
    return linear_axis(low, high) if linear else log_axis(low, high)


def _loss_axis(loss: Floats, smoothed: Floats, end: int) -> Axis:
    """Return an axis that shows the fall of the loss and the start of its rise."""
    rows = np.vstack([smoothed[None, :], loss]) if loss.size else smoothed[None, :]
    before = rows[:, :end] if np.isfinite(rows[:, :end]).any() else rows
    if not np.isfinite(before).any():
        return Axis(0.0, 1.0, log=False, ticks=(), minor=(), labels=())
    low, start = _lowest(before), _first(before)
    log = low > 0 and start > low * 10**LOG_LOSS_DECADES
    if log:
        with np.errstate(invalid="ignore", divide="ignore"):
            before = np.where(before > 0, np.log10(before), np.nan)
        low, start = math.log10(low), math.log10(start)
    low = min(low, start)
    drop = start - low
    until_lowest = before[:, : 1 + _column_of_lowest(before)]
    noise = float(np.nanquantile(until_lowest, 0.99)) if np.isfinite(until_lowest).any() else start
    rise = float(np.nanmax(before))
    # the start with its noise, and a little of the rise; a flat curve gets some of the rise by its own size
    top = max(
        start, min(noise, start + 0.6 * drop), min(rise, start + max(0.25 * drop, 0.3 if log else 0.1 * abs(start)))
    )
    span = top - low
    pad = 0.07 * span if span > 1e-9 * max(abs(low), abs(top)) else max(0.1 * abs(start), 1e-12)
    low, top = low - pad, top + pad
    return log_axis(10 ** max(low, -300.0), 10 ** min(top, 300.0)) if log else linear_axis(low, top)


def _lowest(rows: Floats) -> float:
    """Return the lowest value of the smoothed curve and of the batches' 1 % quantile."""
    curve, batches = rows[:1], rows[1:]
    lows = [float(np.nanmin(curve))] if np.isfinite(curve).any() else []
    return min([*lows, float(np.nanquantile(batches, 0.01))] if np.isfinite(batches).any() else lows)


def _first(rows: Floats) -> float:
    """Return the median over the curves of the first value measured."""
    return float(np.median([row[np.isfinite(row)][0] for row in rows if np.isfinite(row).any()]))


def _column_of_lowest(rows: Floats) -> int:
    row = next(row for row in rows if np.isfinite(row).any())
    return int(np.nanargmin(row))


def _on_curve(
    rate: float | None, x: Axis, rates: Floats, smoothed: Floats, seeds: Floats
) -> tuple[float, float] | None:
    """Return the point of the curve at a rate: on the smoothed curve, else among the seeds, else at half height."""
    if rate is None or not math.isfinite(rate):
        return None
    at = float(x.fractions(np.array([rate]))[0])
    if not math.isfinite(at) or not -0.01 <= at <= 1.01:
        return None
    for curve in (smoothed, *seeds):
        known = np.isfinite(curve) & np.isfinite(rates)
        if known.any():
            return at, float(np.clip(np.interp(at, rates[known], curve[known]), 0, 1))
    return at, 0.5
