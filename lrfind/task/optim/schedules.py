"""Learning-rate schedules built from optax, each a call that is evaluated or printed.

Every schedule is linear in its peak rate. The engine therefore evaluates it at peak 1 and multiplies by the rate
outside of the compiled program: `warmup_cosine_decay_schedule` refuses a traced peak, and a schedule inside of the
program would fix its length.

Formulas count steps t from the end of the warm-up; steps named in a config count from the start of the training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import numpy as np

from lrfind.analysis.build_result import ScheduleTotals
from lrfind.analysis.plateau import Plateau
from lrfind.core.dataset import Floats
from lrfind.core.registry import SCHEDULES
from lrfind.task.optim.source_code import Call, Formula, evaluate, source


def call(name: str, peak: Any, steps: int, *, warmup_steps: int = 0, **options: Any) -> Call:
    """Return the optax expression of a schedule.

    Args:
        name: name of the schedule, a key of `SCHEDULES`.
        peak: highest rate, a number or a name in source text.
        steps: length of the training, warm-up included.
        warmup_steps: steps of a linear warm-up from 0 to the peak.
        **options: keywords of the schedule.
    """
    make = SCHEDULES[name].load()
    if "at" in options:
        options["at"] = tuple(max(1, step - warmup_steps) for step in options["at"])
    body: Call = make(peak, max(1, steps - warmup_steps), **options)
    if warmup_steps == 0:
        return body
    warmup = Call("optax.linear_schedule", (0.0, peak, warmup_steps))
    return Call("optax.join_schedules", ([warmup, body], [warmup_steps]))


def unit(name: str, steps: int, **options: Any) -> Floats:
    """Evaluate a schedule with peak 1 at every step, shape (steps,).

    For `reduce_on_plateau` these are the factors while the loss improves; `lrfind.analysis.plateau` computes the drops.

    Args:
        name: name of the schedule, a key of `SCHEDULES`.
        steps: length of the training, warm-up included.
        **options: keywords of the schedule and of `call`.
    """
    schedule = evaluate(call(name, 1.0, steps, **options))
    # One compiled program: evaluated eagerly, every operation of a schedule would be compiled by itself.
    values = jax.jit(jax.vmap(schedule))(np.arange(steps))
    return np.broadcast_to(np.asarray(values, dtype=np.float64), (steps,)).copy()


@dataclass(frozen=True)
class UnitSchedule:
    """A schedule with peak 1 for a training of a given length.

    Attributes:
        factors: rate at peak 1, shape (steps,); with `plateau`, the rate before any drop.
        plateau: rule by which the loss lowers the rate; None if it never does.
    """

    factors: Floats
    plateau: Plateau | None = None

    @property
    def totals(self) -> ScheduleTotals:
        """Sum and mean of the factors."""
        return ScheduleTotals(float(self.factors.sum()), float(self.factors.mean()), self.plateau is not None)


@lru_cache(maxsize=64)
def unit_schedule(name: str, steps: int, **options: Any) -> UnitSchedule:
    """Return the unit schedule of a name, cached because each evaluation compiles it.

    Args:
        name: name of the schedule.
        steps: length of the training.
        **options: keywords of `call`, hashable.
    """
    factors = unit(name, steps, **options)
    return UnitSchedule(factors, Plateau.of(**options) if name == "reduce_on_plateau" else None)


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


def constant(peak: Any, _: int) -> Call:
    """Return a constant schedule, ``r(t) = peak``."""
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


def exponential(peak: Any, _: int, *, decay_rate: float, decay_steps: int, staircase: bool) -> Call:
    """Return an exponential decay, ``r(t) = peak decay_rate^(t / decay_steps)``.

    With `staircase` the exponent is floored.
    """
    kwargs = {"transition_steps": decay_steps, "decay_rate": decay_rate, "staircase": staircase}
    return Call("optax.exponential_decay", (peak,), kwargs)


def inverse_time(peak: Any, _: int, *, decay_rate: float, decay_steps: int, staircase: bool) -> Formula:
    """Return an inverse time decay, ``r(t) = peak / (1 + decay_rate t / decay_steps)``.

    With `staircase` the fraction t / decay_steps is floored. optax has no such schedule.

    Reference:
        Robbins & Monro 1951; Bottou 2012.
    """
    head = f"lambda step: {source(peak)} / (1 + {source(decay_rate)} * "
    if staircase:
        return Formula(lambda step: peak / (1 + decay_rate * (step // decay_steps)), f"{head}(step // {decay_steps}))")
    return Formula(lambda step: peak / (1 + decay_rate * step / decay_steps), f"{head}step / {decay_steps})")


def step(peak: Any, steps: int, *, factor: float, step_size: int) -> Call:
    """Return a step decay, ``r(t) = peak factor^floor(t / step_size)``."""
    return exponential(peak, steps, decay_rate=factor, decay_steps=step_size, staircase=True)


def scheduled_drop(peak: Any, _: int, *, at: Sequence[int], factors: Sequence[float]) -> Call:
    """Return drops at given steps, ``r(t) = peak factors[i]`` from step ``at[i]`` on.

    Reference:
        He et al. 2015, arXiv:1512.03385: to a tenth at 1/2 and a hundredth at 3/4 of the training.
    """
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


def reduce_on_plateau(peak: Any, _: int, **_rule: Any) -> Call:
    """Return the rate before any drop, ``r(t) = peak max(min_factor, factor^drops)``.

    A drop follows `patience` steps without a window whose mean loss is below ``(1 - threshold)`` times the lowest, as
    in `optax.contrib.reduce_on_plateau`; `transform` applies the drops. Keywords are those of `Plateau.of`.
    """
    return Call("optax.constant_schedule", (peak,))


def transform(name: str, accumulate: int = 1, **options: Any) -> Call | None:
    """Return the optax transformation of a loss-dependent schedule; None for others.

    It takes the loss of every micro-batch as ``value=`` of `update`. It applies a drop from the last step of a window
    on, lrfind's own loop from the first step of the next window on.

    Args:
        name: name of the schedule.
        accumulate: micro-batches per optimiser step.
        **options: keywords of the schedule.
    """
    if name != "reduce_on_plateau":
        return None
    rule = Plateau.of(**options)
    kwargs = {
        "factor": rule.factor,
        "patience": rule.patience,
        "rtol": rule.threshold,
        "cooldown": rule.cooldown,
        "accumulation_size": rule.window * accumulate,
        "min_scale": rule.minimum,
    }
    return Call("optax.contrib.reduce_on_plateau", (), kwargs)
