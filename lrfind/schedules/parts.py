"""What the schedules are put together from."""

from __future__ import annotations

from typing import Any

from lrfind.expression import source

DIGITS = 12
"""Of what is computed from the user's numbers: 0.01 / 0.1 is 0.1, not 0.09999999999999999."""


def times(peak: Any, factor: float) -> Any:
    """``factor * peak``, where peak may be a name in source text."""
    if factor == 1:
        return peak
    return type(peak)(f"{source(dusted(factor))} * {peak}") if isinstance(peak, str) else dusted(factor * peak)


def dusted(value: float) -> float:
    """A number without the dust of binary fractions."""
    return float(f"{value:.{DIGITS}g}")


def cycles(steps: int, cycle_steps: float, cycle_mult: float = 1.0) -> list[tuple[int, int]]:
    """Where the cycles of a training begin and end, the last at `steps` or beyond; each has a step at least.

    Args:
        steps: of the training.
        cycle_steps: length of the first cycle; of a squeezed schedule it need not be whole, and ends are rounded.
        cycle_mult: every further cycle is this many times as long as the one before.
    """
    found: list[tuple[int, int]] = []
    begin, end, length = 0, 0.0, float(cycle_steps)
    while begin < steps:
        end += length
        length *= cycle_mult
        found.append((begin, max(begin + 1, round(end))))
        begin = found[-1][1]
    return found
