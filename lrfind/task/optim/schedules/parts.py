"""Arithmetic that the schedules share."""

from __future__ import annotations

from typing import Any

from lrfind.task.optim.source_code import source

DIGITS = 12
"""Significant digits of numbers computed from the user's: 0.01 / 0.1 prints as 0.1."""


def times(peak: Any, factor: float) -> Any:
    """Return ``factor * peak``; peak may be a name in source text."""
    if factor == 1:
        return peak
    return type(peak)(f"{source(dusted(factor))} * {peak}") if isinstance(peak, str) else dusted(factor * peak)


def dusted(value: float) -> float:
    """Return a number rounded to `DIGITS` significant digits."""
    return float(f"{value:.{DIGITS}g}")


def cycles(steps: int, cycle_steps: float, cycle_mult: float = 1.0) -> list[tuple[int, int]]:
    """Return first step and end of each cycle; the last one ends at `steps` or beyond.

    Args:
        steps: length of the training.
        cycle_steps: length of the first cycle; it need not be whole, and ends are rounded, to at least one step per
            cycle.
        cycle_mult: ratio of the lengths of consecutive cycles.
    """
    bounds: list[tuple[int, int]] = []
    begin, end, length = 0, 0.0, float(cycle_steps)
    while begin < steps:
        end += length
        length *= cycle_mult
        bounds.append((begin, max(begin + 1, round(end))))
        begin = bounds[-1][1]
    return bounds
