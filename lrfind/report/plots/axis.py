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


def finite(values: Floats) -> Floats:
    """Return values cut at `LARGEST`, NaN for those that are not finite; shape kept."""
    values = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(values), np.clip(values, -LARGEST, LARGEST), np.nan)


def clipped(axis: Axis, values: Floats) -> Floats:
    """Return the fractions of values, at most `OVERSHOOT` beyond the axis; shape kept."""
    return np.clip(axis.fractions(values), -OVERSHOOT, 1 + OVERSHOOT)


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
    return Axis(low, high, True, tuple(ticks), tuple(minor), tuple(_power(tick) for tick in ticks))


def linear_axis(low: float, high: float) -> Axis:
    """Return a linear axis with round numbers as ticks."""
    if not high - low > NARROWEST:
        pad = max(abs(low) * 0.1, 1e-12)
        low, high = low - pad, high + pad
    ticks, labels = _even(low, high)
    return Axis(low, high, False, tuple(ticks), (), tuple(labels))


def _multiples(first: float, last: float, factors: range | tuple[int, ...]) -> list[float]:
    """Return the products of factors and powers of ten between two exponents."""
    powers = range(math.floor(first), math.floor(last) + 1)
    values = (float(f"{factor}e{power}") for power in powers for factor in factors)
    return [value for value in values if value > 0 and first <= math.log10(value) <= last]


def _power(value: float) -> str:
    factor, _, power = f"{value:.0e}".partition("e")
    return f"{factor}e{power}"


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
