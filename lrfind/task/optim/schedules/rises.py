"""Schedules that rise; each returns an expression of the rate r(t) at step t."""

from __future__ import annotations

from typing import Any

from lrfind.task.optim.schedules.parts import cycles, times
from lrfind.task.optim.source_code import Call


def one_cycle(peak: Any, steps: int, *, peak_fraction: float, div_factor: float, final_div_factor: float) -> Call:
    """Return one cycle of half a cosine up and half a cosine down.

    It rises from ``peak / div_factor`` and falls to ``peak / (div_factor final_div_factor)``.

    Reference:
        Smith 2018, arXiv:1803.09820.
    """
    kwargs = {"pct_start": peak_fraction, "div_factor": div_factor, "final_div_factor": final_div_factor}
    return Call("optax.cosine_onecycle_schedule", (steps, peak), kwargs)


def cosine_restarts(
    peak: Any, steps: int, *, cycle_steps: float, cycle_mult: float, decay: float, end_factor: float
) -> Call:
    """Return a cosine decay with warm restarts.

    ``r(t) = peak decay^i (end_factor + (1 - end_factor) (1 + cos(pi u)) / 2)`` in cycle i, u in [0, 1) the position in
    the cycle; cycle lengths grow by the factor `cycle_mult`.

    Reference:
        Loshchilov & Hutter 2016, arXiv:1608.03983.
    """
    falls = []
    for number, (begin, end) in enumerate(cycles(steps, cycle_steps, cycle_mult)):
        top = times(peak, decay**number)
        ends = {"init_value": top, "peak_value": top, "end_value": times(peak, decay**number * end_factor)}
        falls.append(ends | {"warmup_steps": 0, "decay_steps": end - begin})
    return Call("optax.sgdr_schedule", (falls,))


def triangular(peak: Any, steps: int, *, cycle_steps: float, base_factor: float, decay: float) -> Call:
    """Return a triangular cyclical schedule, composed of linear schedules.

    ``r(t) = peak (base_factor + (1 - base_factor) decay^i (1 - |2 u - 1|))`` in cycle i, u in [0, 1) the position in
    the cycle; its top is a whole step.

    Reference:
        Smith 2015, arXiv:1506.01186.
    """
    lines, begins = [], []
    base = times(peak, base_factor)
    for number, (begin, end) in enumerate(cycles(steps, cycle_steps)):
        top = times(peak, base_factor + (1 - base_factor) * decay**number)
        middle = (begin + end) // 2
        if middle > begin:  # a cycle of one step is its top
            lines.append(Call("optax.linear_schedule", (base, top, middle - begin)))
            begins.append(begin)
        if middle < steps:
            lines.append(Call("optax.linear_schedule", (top, base, end - middle)))
            begins.append(middle)
    return Call("optax.join_schedules", (lines, begins[1:]))
