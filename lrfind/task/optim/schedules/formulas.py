"""Schedules by formula: expressions of optax, evaluated to train and printed to paste."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lrfind.task.optim.source_code import Call, Formula, source

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


def constant(peak: Any, steps: int) -> Call:
    """Return a constant schedule, ``r(t) = peak``."""
    del steps
    return Call("optax.constant_schedule", (peak,))


def linear(peak: Any, steps: int, *, end_factor: float) -> Call:
    """Return a linear decay, ``r(t) = peak (1 - (1 - end_factor) t / steps)``."""
    return Call("optax.linear_schedule", (peak, times(peak, end_factor), steps))


def polynomial(peak: Any, steps: int, *, power: float, end_factor: float) -> Call:
    """Return a polynomial decay.

    ``r(t) = peak (end_factor + (1 - end_factor) (1 - t / steps)^power)``.

    Reference:
        Chen et al. 2016, arXiv:1606.00915 ("poly").
    """
    return Call("optax.polynomial_schedule", (peak, times(peak, end_factor), power, steps))


def exponential(peak: Any, steps: int, *, decay_rate: float, decay_steps: int, staircase: bool) -> Call:
    """Return an exponential decay, ``r(t) = peak decay_rate^(t / decay_steps)``.

    With `staircase` the exponent is floored.
    """
    del steps
    kwargs = {"transition_steps": decay_steps, "decay_rate": decay_rate, "staircase": staircase}
    return Call("optax.exponential_decay", (peak,), kwargs)


def inverse_time(peak: Any, steps: int, *, decay_rate: float, decay_steps: int, staircase: bool) -> Formula:
    """Return an inverse time decay, ``r(t) = peak / (1 + decay_rate t / decay_steps)``.

    With `staircase` the fraction t / decay_steps is floored. optax has no such schedule.

    Reference:
        Robbins & Monro 1951; Bottou 2012.
    """
    del steps
    if staircase:
        passed = f"(step // {decay_steps})"
        return Formula(
            lambda step: peak / (1 + decay_rate * (step // decay_steps)),
            f"lambda step: {source(peak)} / (1 + {source(decay_rate)} * {passed})",
        )
    return Formula(
        lambda step: peak / (1 + decay_rate * step / decay_steps),
        f"lambda step: {source(peak)} / (1 + {source(decay_rate)} * step / {decay_steps})",
    )


def step(peak: Any, steps: int, *, factor: float, step_size: int) -> Call:
    """Return a step decay, ``r(t) = peak factor^floor(t / step_size)``."""
    del steps
    kwargs = {"transition_steps": step_size, "decay_rate": factor, "staircase": True}
    return Call("optax.exponential_decay", (peak,), kwargs)


def scheduled_drop(peak: Any, steps: int, *, at: Sequence[int], factors: Sequence[float]) -> Call:
    """Return drops at given steps, ``r(t) = peak factors[i]`` from step ``at[i]`` on.

    Reference:
        He et al. 2015, arXiv:1512.03385: to a tenth at 1/2 and a hundredth at 3/4 of the training.
    """
    del steps
    # Of drops that a squeezed schedule brings to one step the last one holds.
    drops = dict(zip(at, factors, strict=True))
    before = (1.0, *drops.values())
    scales = {begin: dusted(factor / last) for (begin, factor), last in zip(drops.items(), before, strict=False)}
    return Call("optax.piecewise_constant_schedule", (peak, scales))


def cosine(peak: Any, steps: int, *, end_factor: float) -> Call:
    """Return a cosine decay.

    ``r(t) = peak (end_factor + (1 - end_factor) (1 + cos(pi t / steps)) / 2)``.

    Reference:
        Loshchilov & Hutter 2016, arXiv:1608.03983.
    """
    return Call("optax.cosine_decay_schedule", (peak, steps), {"alpha": end_factor})


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
