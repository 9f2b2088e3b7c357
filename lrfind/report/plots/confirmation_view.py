"""What of a confirmation is worth looking at: axes, lines and marks, in fractions of the axes as in `curve_view`.

A candidate's loss is the median over its seeds; a training that diverged counts as worse than any other. What is not
finite counts as diverged, so a result read back from its file is drawn exactly as it was the first time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lrfind.core.dataset import Floats
from lrfind.core.result import Candidate, Confirmation, Horizon, Result
from lrfind.report.plots.axis import LARGEST, Axis, log_axis
from lrfind.report.plots.curve_view import span_on
from lrfind.report.plots.loss_scale import Scale, scale

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


@dataclass(frozen=True)
class _Row:
    """The candidates of one length, rates rising; a training that diverged has the loss inf."""

    steps: int
    rates: Floats
    loss: Floats
    seeds: tuple[Floats, ...]


def confirmation_view(result: Result, confirmation: Confirmation) -> ConfirmationView:
    """Return axes, lines and marks of a confirmation, in fractions of the axes."""
    recommendation, rows = result.recommendation, _rows(confirmation.candidates)
    rate = recommendation.learning_rate if _usable(recommendation.learning_rate) else None
    shorter = bool(rows) and rows[-1].steps < recommendation.steps
    extrapolated = rate is not None and confirmation.exponent is not None and shorter
    x = _rate_axis(rows, confirmation.horizons, rate)
    losses = [seeds for row in rows for seeds in row.seeds]
    y = scale(losses, confirmation.untrained, len(rows), BELOW if extrapolated else 0.0)
    bests = {horizon.steps: horizon for horizon in confirmation.horizons}
    lines = [_line(row, number, len(rows), bests.get(row.steps), x, y) for number, row in enumerate(rows)]
    off = np.concatenate([np.empty(0), *(row[~(y.fractions(row) <= y.ceiling)] for row in losses)])
    mark = None if rate is None else float(x.fractions(np.array([rate]))[0])
    whole = [line for line in lines if line.steps == recommendation.steps]
    return ConfirmationView(
        x=x,
        y=y.axis,
        lines=tuple(lines),
        untrained=y.untrained,
        several=any(len(row) > 1 for row in losses),
        off="" if not off.size else "off the scale" if np.isfinite(off).any() else "diverged",
        mark=mark,
        on_line=_on_line(mark, whole[0].rates, whole[0].loss, y.ceiling) if whole else None,
        ahead=(mark, BELOW / 2) if extrapolated and mark is not None else None,
        interval=span_on(x, recommendation.low, recommendation.high),
    )


def _rows(candidates: Sequence[Candidate]) -> list[_Row]:
    rows = []
    for steps in sorted({candidate.steps for candidate in candidates}):
        tried = [
            candidate
            for candidate in candidates
            if candidate.steps == steps and candidate.loss and _usable(candidate.learning_rate)
        ]
        tried.sort(key=lambda candidate: candidate.learning_rate)
        seeds = [np.array(candidate.loss, dtype=np.float64) for candidate in tried]
        seeds = [np.where(np.isfinite(row), np.clip(row, -LARGEST, LARGEST), np.inf) for row in seeds]
        if tried:
            rates = np.array([candidate.learning_rate for candidate in tried], dtype=np.float64)
            rows.append(_Row(steps, rates, np.array([_median(row) for row in seeds]), tuple(seeds)))
    return rows


def _usable(rate: float | None) -> bool:
    return rate is not None and 1 / LARGEST < rate < LARGEST  # not so for NaN


def _median(losses: Floats) -> float:
    """Return the median of losses; inf where half of the seeds diverged."""
    ordered = np.sort(losses)
    return float(ordered[(len(ordered) - 1) // 2] / 2 + ordered[len(ordered) // 2] / 2)


def _rate_axis(rows: Sequence[_Row], horizons: Sequence[Horizon], rate: float | None) -> Axis:
    rates = [float(rate) for row in rows for rate in row.rates]
    rates += [horizon.learning_rate for horizon in horizons if _usable(horizon.learning_rate)]
    rates += [rate] if rate is not None else []
    if not rates:
        return log_axis(1e-4, 1e-2)
    low, high = math.log10(min(rates)), math.log10(max(rates))
    side = max(SIDE * (high - low), LEAST_SIDE)
    return log_axis(10 ** max(low - side, -300.0), 10 ** min(high + side, 300.0))


def _line(row: _Row, number: int, count: int, best: Horizon | None, x: Axis, y: Scale) -> Line:
    rates, loss = x.fractions(row.rates), y.fractions(row.loss)
    points = np.array(
        [(at, loss) for at, seeds in zip(rates, row.seeds, strict=True) for loss in y.fractions(seeds)],
        dtype=np.float64,
    ).reshape(-1, 2)
    on_scale = points[:, 1] <= y.ceiling
    off = tuple(rates[~(loss <= y.ceiling)].tolist())
    at_best = float(x.fractions(np.array([best.learning_rate]))[0]) if best is not None else math.nan
    return Line(
        steps=row.steps,
        strength=number / (count - 1) if count > 1 else 1.0,
        rates=rates,
        loss=loss,
        seeds=points[on_scale],
        off=off,
        off_seeds=tuple(dict.fromkeys(at for at in points[~on_scale, 0].tolist() if at not in off)),
        lane=y.ceiling + (1 - y.ceiling) * (number + 0.5) / count,
        best=_on_line(at_best, rates, loss, y.ceiling),
    )


def _on_line(at: float | None, rates: Floats, loss: Floats, ceiling: float) -> tuple[float, float] | None:
    """Return the point of a line at x, level with its nearer end outside of it; None for a line off the scale."""
    known = loss <= ceiling
    if at is None or not math.isfinite(at) or not known.any():
        return None
    return at, float(np.interp(at, rates[known], loss[known]))
