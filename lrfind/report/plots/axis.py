"""An axis of a plot: its limits, where values lie on it, and which ticks it has."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lrfind.core.dataset import Floats

LARGEST = 1e300
"""Values are cut at this, so that differences of them stay finite."""

OVERSHOOT = 0.4
"""Heights of the axes that a curve is drawn beyond them: far enough to leave steeply."""

EDGE = 0.07
"""Room above and below what is shown, as a part of it."""

RISE, NOISE = 0.25, 0.6
"""How far above its start, in parts of its fall, a loss is shown where it rises, and where it is noisy."""

LOG_RATIO = 10.0
"""Losses that span more than this are drawn on a log axis: a valley of long trainings would else be a flat line."""

FEWEST = 3
"""With fewer on the axis of a training's loss, it has ticks between them."""

MOST_TICKS = 7
"""More labels than this touch each other on a terminal of 80 columns."""


NARROWEST = 1e-300
"""Limits closer than this are one: a fifth of their distance may be too small to be a number."""


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes:
        low: value at the left or bottom end.
        high: value at the right or top end; above low.
        log: whether equal distances are equal ratios.
        ticks: values that have a label.
        minor: values that have a small tick without a label.
        labels: one for each tick, like ``"1e-05"`` or ``"0.5"``.
    """

    low: float
    high: float
    log: bool
    ticks: tuple[float, ...]
    minor: tuple[float, ...]
    labels: tuple[str, ...]

    def fractions(self, values: Floats) -> Floats:
        """Return fractions of the axis, 0 at the low end and 1 at the high end; NaN for log of what is not positive."""
        values = np.asarray(values, dtype=np.float64)
        if not self.log:
            with np.errstate(over="ignore"):
                return (values - self.low) / (self.high - self.low)
        with np.errstate(invalid="ignore", divide="ignore"):
            exponents = np.where(values > 0, np.log10(values), np.nan)
        return (exponents - math.log10(self.low)) / (math.log10(self.high) - math.log10(self.low))

    def clipped(self, values: Floats) -> Floats:
        """Return fractions, at most `OVERSHOOT` beyond the axis; NaN for what is not finite."""
        return np.clip(self.fractions(finite(values)), -OVERSHOOT, 1 + OVERSHOOT)

    def at(self, value: float | None) -> float:
        """Return the fraction of one value; NaN for none."""
        return math.nan if value is None else float(self.fractions(np.array([value]))[0])

    def inside(self, value: float | None) -> float | None:
        """Return the fraction of a value; None outside of the axis."""
        at = self.at(value)
        return at if 0 <= at <= 1 else None  # not so for NaN

    def interval(self, low: float | None, high: float | None) -> tuple[float, float] | None:
        """Return the fractions of both ends, cut at the ends of the axis; None where one is not finite."""
        left, right = (float(np.clip(self.at(end), 0, 1)) for end in (low, high))
        return (left, right) if math.isfinite(left) and math.isfinite(right) else None


EMPTY = Axis(0.0, 1.0, log=False, ticks=(), minor=(), labels=())
"""An axis of nothing."""


def finite(values: Floats) -> Floats:
    """Return values cut at `LARGEST`, NaN for those that are not finite; shape kept."""
    values = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(values), np.clip(values, -LARGEST, LARGEST), np.nan)


def log_axis(low: float, high: float, fewest: int = 2) -> Axis:
    """Return a logarithmic axis with decades as ticks, and 2s and 5s where there are fewer decades than `fewest`."""
    low = max(low, 1e-300)
    if not high > low * (1 + 1e-6):
        low, high = low / 2, low * 2
    first, last = math.log10(low) - 1e-9, math.log10(high) + 1e-9
    decades = [10.0**k for k in range(math.ceil(first), math.floor(last) + 1)]
    stride = max(1, -(-len(decades) // MOST_TICKS))
    ticks = decades[::stride]
    minor = [tick for tick in decades if tick not in ticks] if stride > 1 else _multiples(first, last, range(2, 10))
    if len(decades) < fewest:
        ticks = _multiples(first, last, (1, 2, 5))
        minor = _multiples(first, last, range(2, 10))
    if len(ticks) < 2:  # less than half a decade: equal steps read better
        ticks, labels = _even(low, high)
        return Axis(low, high, True, tuple(ticks), (), tuple(labels))
    return Axis(low, high, True, tuple(ticks), tuple(minor), tuple(f"{tick:.0e}" for tick in ticks))


def linear_axis(low: float, high: float) -> Axis:
    """Return a linear axis with round numbers as ticks."""
    if not high - low > NARROWEST:
        pad = max(abs(low) * 0.1, 1e-12)
        low, high = low - pad, high + pad
    ticks, labels = _even(low, high)
    return Axis(low, high, False, tuple(ticks), (), tuple(labels))


def fall_axis(low: float, start: float, top: float, *, log: bool, noise: float = -math.inf, fewest: int = 2) -> Axis:
    """Return an axis that shows the fall of a loss and the start of its rise; how far it rises beyond says nothing.

    Args:
        low: lowest loss; its exponent, as all losses here, where the axis is logarithmic.
        start: loss at the start.
        top: highest loss.
        log: whether the axis is logarithmic.
        noise: loss up to which there is noise before the lowest one.
        fewest: decades below which a log axis has ticks between them.
    """
    low = min(low, start)
    drop = start - low
    risen = start + max(RISE * drop, 0.3 if log else 0.1 * abs(start))
    top = max(start, min(noise, start + NOISE * drop), min(top, risen))
    span = top - low
    pad = EDGE * span if span > 1e-9 * max(abs(low), abs(top)) else max(0.1 * abs(start), 1e-12)
    low, top = low - pad, top + pad
    return log_axis(10 ** max(low, -300.0), 10 ** min(top, 300.0), fewest) if log else linear_axis(low, top)


def _multiples(first: float, last: float, factors: range | tuple[int, ...]) -> list[float]:
    """Return the products of factors and powers of ten between two exponents."""
    powers = range(math.floor(first), math.floor(last) + 1)
    values = (float(f"{factor}e{power}") for power in powers for factor in factors)
    return [value for value in values if value > 0 and first <= math.log10(value) <= last]


def _even(low: float, high: float) -> tuple[list[float], list[str]]:
    """Return about five round numbers between two limits, and labels that tell them apart."""
    raw = (high - low) / 5
    power = math.floor(math.log10(raw))
    step = next((m * 10.0**power for m in (1, 2, 2.5, 5) if m * 10.0**power >= raw * (1 - 1e-9)), 10.0 ** (power + 1))
    start, stop = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    if stop - start > 2 * MOST_TICKS:  # limits so close that their difference is all rounding
        start, stop = 0, -1
    ticks = [k * step for k in range(start, stop + 1)] or [low, high]
    largest = max(abs(tick) for tick in ticks)
    half = 1 if f"{step:.1e}".startswith("2.5") else 0
    power = math.floor(math.log10(step) + 1e-9)
    decimals = max(0, half - power)
    if (largest == 0 or 1e-4 <= largest < 1e6) and decimals <= 8:
        return ticks, [f"{tick:.{decimals}f}" for tick in ticks]
    digits = min(15, max(0, math.floor(math.log10(largest) + 1e-9) - power + half)) if largest > 0 else 0
    return ticks, [f"{tick:.{digits}e}" if tick else "0" for tick in ticks]
