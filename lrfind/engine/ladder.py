"""The rates of a sweep, one per step."""

from __future__ import annotations

import numpy as np

from lrfind.types import Floats

LONGER = 10
"""A ladder is carried on by at most so many times its own steps: those of one that hardly rises would never end. A
linear one takes 4.6 times its own for two decades."""


def exponential(low: float, high: float, steps: int) -> Floats:
    """``low (high / low)^(i / (steps - 1))``: equal steps in log rate, exact at both ends, shape (steps,)."""
    return np.geomspace(low, high, steps)


def linear(low: float, high: float, steps: int) -> Floats:
    """``low + (high - low) i / (steps - 1)``: equal steps in rate, exact at both ends, shape (steps,)."""
    return np.linspace(low, high, steps)


def above(ladder: Floats, high: float) -> Floats:
    """The ladder carried on, past its end, by its own last step in log rate, up to `high` (included).

    Args:
        ladder: the rates so far, shape (steps,), increasing.
        high: the last rate of the continuation.

    Returns:
        Rates above the ladder's last, evenly spaced in log rate, at most `LONGER` times as many; empty where `high` is
        not above it.
    """
    last = ladder[-1]
    if high <= last:
        return np.empty(0)
    rise = float(np.log(high / last))
    step = max(float(np.log(last / ladder[-2])), rise / (LONGER * len(ladder)))
    steps = max(1, round(rise / step))
    return np.geomspace(last, high, steps + 1)[1:]


def below(ladder: Floats, low: float) -> Floats:
    """Rates below the ladder's first, from `low` (included), as far apart in log rate as its own first two."""
    first = ladder[0]
    if low >= first:
        return np.empty(0)
    # A linear ladder's first step may span decades; fifty steps a decade at most, five at least.
    step = np.clip(np.log10(ladder[1] / first), 1 / 50, 1 / 5)
    return np.geomspace(low, first, max(1, round(float(np.log10(first / low) / step))) + 1)[:-1]
