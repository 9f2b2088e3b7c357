"""Schedules that never rise; each returns an expression of the rate r(t) at step t."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lrfind.task.optim.schedules.parts import dusted, times
from lrfind.task.optim.source_code import Call, Formula, source


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
