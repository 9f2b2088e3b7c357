"""What of a confirmation is worth looking at: axes, lines and marks, in fractions of the axes as in `curve_view`.

A candidate's loss is the median over its seeds; a training that diverged counts as worse than any other. What is not
finite counts as diverged, so a result read back from its file is drawn exactly as it was the first time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from lrfind.core.dataset import Floats
from lrfind.core.result import Candidate, Confirmation, Result
from lrfind.report.plots.axis import EDGE, EMPTY, FEWEST, LARGEST, LOG_RATIO, Axis, finite, linear_axis, log_axis
from lrfind.report.plots.curve_view import on_curve

WORSE = 1.1
"""How far up from the lowest loss to the one before training losses are shown: a little worse than untrained is often
only the noise of a few held-out rows; beyond, how much worse says nothing."""

FAR = 10.0
"""The same without a loss before training, in distances from the lowest loss to the median of all."""

FLAT = 0.05
"""Losses that differ by less than this part of the lowest one are drawn as the flat line that they are."""

IN_SIGHT = 0.15
"""The loss before training is shown where it lies above the others by no more than this part of their span."""

LANE, ALONE = 0.045, 0.15
"""Height of a row of marks at the top of the axes, where each length has its own for the candidates off the scale; and
where nothing else is in the axes."""

SIDE = 0.07
"""Room beside the rates, as a part of their span."""

LEAST_SIDE = 0.1
"""Decades of room beside the rates at least, for a single one too."""

BELOW = 0.15
"""Height of the strip at the bottom where the arrow to a training that was not run ends."""


@dataclass(frozen=True)
class Line:
    """The candidates of one length.

    Attributes:
        steps: the length.
        strength: 0 for the shortest of all lengths, 1 for the longest.
        rates: where the candidates lie on x, rising, shape (candidates,).
        loss: where their loss lies on y, shape (candidates,); NaN where it diverged.
        seeds: where each training lies that is on the scale, shape (points, 2).
        off: where on x candidates are off the scale.
        off_seeds: where on x some trainings of a candidate are, but not the candidate.
        lane: where on y the marks for both lie.
        best: the best rate, on the line.
    """

    steps: int
    strength: float
    rates: Floats
    loss: Floats
    seeds: Floats
    off: tuple[float, ...]
    off_seeds: tuple[float, ...]
    lane: float
    best: tuple[float, float] | None


@dataclass(frozen=True)
class ConfirmationView:
    """A confirmation in fractions of its axes.

    Attributes:
        x: the axis of the rate.
        y: the axis of the loss.
        lines: one for each length, the shortest first.
        untrained: the loss before training on y, where it is in sight.
        several: whether a candidate was trained with several seeds.
        off: what has left the scale: ``"diverged"``, or ``"off the scale"`` where some has not; empty for nothing.
        mark: the recommended rate on x.
        on_line: the recommended rate on the line of the whole training, where that was run.
        ahead: where the arrow to the recommended rate ends, where it is carried on from shorter trainings.
        interval: both ends on x.
    """

    x: Axis
    y: Axis
    lines: tuple[Line, ...]
    untrained: float | None
    several: bool
    off: str
    mark: float | None
    on_line: tuple[float, float] | None
    ahead: tuple[float, float] | None
    interval: tuple[float, float] | None


def confirmation_view(result: Result, confirmation: Confirmation) -> ConfirmationView:
    """Return axes, lines and marks of a confirmation, in fractions of the axes."""
    advised = result.recommendation
    bests = {horizon.steps: horizon.learning_rate for horizon in confirmation.horizons}
    rate = advised.learning_rate if _usable(advised.learning_rate) else None
    tried = [candidate for candidate in confirmation.candidates if candidate.loss and _usable(candidate.learning_rate)]
    tried.sort(key=lambda candidate: (candidate.steps, candidate.learning_rate))
    rows = [list(row) for _, row in groupby(tried, key=lambda candidate: candidate.steps)]
    rates = [*(candidate.learning_rate for candidate in tried), *bests.values(), advised.learning_rate]
    exponents = [math.log10(rate) for rate in rates if rate is not None and _usable(rate)] or [-4.0, -2.0]
    side = max(SIDE * (max(exponents) - min(exponents)), LEAST_SIDE)
    x = log_axis(10 ** max(min(exponents) - side, -300.0), 10 ** min(max(exponents) + side, 300.0))
    shorter = bool(rows) and rows[-1][0].steps < advised.steps
    extrapolated = rate is not None and confirmation.exponent is not None and shorter
    losses = np.concatenate([np.empty(0), *map(_losses, tried)])
    y, ceiling, untrained = scale(losses, confirmation.untrained, len(rows), BELOW if extrapolated else 0.0)
    lines = []
    for number, row in enumerate(rows):
        strength = number / (len(rows) - 1) if len(rows) > 1 else 1.0
        lane = ceiling + (1 - ceiling) * (number + 0.5) / len(rows)
        lines.append(_line(row, strength, lane, x.at(bests.get(row[0].steps)), x, y, ceiling))
    off = losses[~(y.clipped(losses) <= ceiling)]
    mark = None if rate is None else x.at(rate)
    on_line = None
    for line in lines:
        if line.steps == advised.steps:
            on_line = on_curve(x.at(rate), line.rates, np.where(line.loss <= ceiling, line.loss, np.nan))
    return ConfirmationView(
        x=x,
        y=y,
        lines=tuple(lines),
        untrained=untrained,
        several=any(len(candidate.loss) > 1 for candidate in tried),
        off="" if not off.size else "off the scale" if np.isfinite(off).any() else "diverged",
        mark=mark,
        on_line=on_line,
        ahead=(mark, BELOW / 2) if extrapolated and mark is not None else None,
        interval=x.interval(advised.low, advised.high),
    )


def _usable(rate: float | None) -> bool:
    return rate is not None and 1 / LARGEST < rate < LARGEST  # not so for NaN


def _losses(candidate: Candidate) -> Floats:
    """Return the loss of each seed, cut at `LARGEST`; inf for what diverged."""
    losses = finite(np.array(candidate.loss))
    return np.where(np.isnan(losses), np.inf, losses)


def _line(
    row: Sequence[Candidate], strength: float, lane: float, best: float, x: Axis, y: Axis, ceiling: float
) -> Line:
    seeds = [_losses(candidate) for candidate in row]
    rates = x.fractions(np.array([candidate.learning_rate for candidate in row]))
    loss = y.clipped(np.array([np.median(losses) for losses in seeds]))
    points = np.column_stack([np.repeat(rates, list(map(len, seeds))), y.clipped(np.concatenate(seeds))])
    on_scale = points[:, 1] <= ceiling  # not so for NaN
    off = rates[~(loss <= ceiling)]
    return Line(
        steps=row[0].steps,
        strength=strength,
        rates=rates,
        loss=loss,
        seeds=points[on_scale],
        off=tuple(off.tolist()),
        off_seeds=tuple(np.setdiff1d(points[~on_scale, 0], off).tolist()),
        lane=lane,
        best=on_curve(best, rates, np.where(loss <= ceiling, loss, np.nan)),
    )


def scale(losses: Floats, untrained: Sequence[float], lengths: int, below: float) -> tuple[Axis, float, float | None]:
    """Return an axis that shows every loss but those so high that they say nothing.

    The second value is the height up to which losses are shown, above it are marks for those that are not; the third is
    where the loss before training lies, where it is in sight.

    Args:
        losses: of every training; inf for what diverged.
        untrained: losses before training.
        lengths: how many lengths of training there are, each with a row for the marks of what is off the scale.
        below: height that is kept free at the bottom.
    """
    known = losses[np.isfinite(losses)]
    if not known.size:
        return EMPTY, 1 - min(ALONE * lengths, 1.0), None
    before = [float(np.clip(loss, -LARGEST, LARGEST)) for loss in untrained if math.isfinite(loss)]
    start = float(np.median(before)) if before else math.nan
    low = float(known.min())
    far = WORSE * (start - low) if before else FAR * (float(np.median(known)) - low)
    top = float(known[known <= low + max(far, FLAT * abs(low))].max())
    log = low > 1 / LARGEST and top > LOG_RATIO * low
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
        axis = log_axis(10 ** max(bottom, -300.0), 10 ** min(bottom + height, 300.0), FEWEST)
        axis = replace(axis, minor=())  # the labelled ones are close enough
    else:
        axis = linear_axis(bottom, bottom + height)
    return axis, ceiling, axis.at(10**start if log else start) if in_sight else None
