"""Compute the learning rates of a range test, one per step."""

from __future__ import annotations

import numpy as np

from lrfind.core.dataset import Floats

LONGER = 10
"""Largest length of an extension, in multiples of the ladder's steps.

It bounds ladders that hardly rise; a linear one needs 4.6 times its steps for two decades.
"""


def exponential(low: float, high: float, steps: int) -> Floats:
    """Return ``low (high / low)^(i / (steps - 1))``, even in log rate, shape (steps,)."""
    return np.geomspace(low, high, steps)


def linear(low: float, high: float, steps: int) -> Floats:
    """Return rates evenly spaced, ``low + (high - low) i / (steps - 1)``, shape (steps,)."""
    return np.linspace(low, high, steps)


def extend_up(ladder: Floats, high: float) -> Floats:
    """Extend a ladder upwards by its last step in log rate, up to `high` included.

    Args:
        ladder: rates so far, shape (steps,), increasing.
        high: last rate of the extension.

    Returns:
        Rates above the ladder's last, evenly spaced in log rate, at most `LONGER` times as many; empty if `high` is not
        above it.
    """
    last = ladder[-1]
    if high <= last:
        return np.empty(0)
    rise = float(np.log(high / last))
    step = max(float(np.log(last / ladder[-2])), rise / (LONGER * len(ladder)))
    steps = max(1, round(rise / step))
    return np.geomspace(last, high, steps + 1)[1:]


def extend_down(ladder: Floats, low: float) -> Floats:
    """Extend a ladder downwards by its first step in log rate, from `low` included.

    Args:
        ladder: rates so far, shape (steps,), increasing.
        low: first rate of the extension.

    Returns:
        Rates below the ladder's first, evenly spaced in log rate; empty if `low` is not below it.
    """
    first = ladder[0]
    if low >= first:
        return np.empty(0)
    # A linear ladder's first step may span decades; fifty steps a decade at most, five at least.
    step = np.clip(np.log10(ladder[1] / first), 1 / 50, 1 / 5)
    return np.geomspace(low, first, max(1, round(float(np.log10(first / low) / step))) + 1)[:-1]
