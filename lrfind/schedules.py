"""Learning-rate schedules, built from optax: a schedule is described once as a call, then evaluated or written down.

Every schedule's rate is its peak and every one is linear in it, so the engine multiplies a unit schedule by the rate
outside of the compiled program. (`warmup_cosine_decay_schedule` refuses a traced peak, and a schedule inside the
program would fix its length.)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lrfind.expression import Call, evaluate, source
from lrfind.registry import SCHEDULES
from lrfind.types import Floats


def constant(peak: Any, steps: int) -> Call:
    """The same rate at every step: ``r(t) = peak``."""
    del steps
    return Call("optax.constant_schedule", (peak,))


def linear(peak: Any, steps: int, *, end_factor: float) -> Call:
    """A straight line: ``r(t) = peak (1 - (1 - end_factor) t / steps)``."""
    return Call("optax.linear_schedule", (peak, scaled(peak, end_factor), steps))


def exponential(peak: Any, steps: int, *, decay_rate: float, decay_steps: int, staircase: bool) -> Call:
    """``r(t) = peak decay_rate^(t / decay_steps)``, the exponent floored if staircase."""
    del steps
    kwargs = {"transition_steps": decay_steps, "decay_rate": decay_rate, "staircase": staircase}
    return Call("optax.exponential_decay", (peak,), kwargs)


def step(peak: Any, steps: int, *, factor: float, step_size: int) -> Call:
    """``r(t) = peak factor^floor(t / step_size)``."""
    del steps
    kwargs = {"transition_steps": step_size, "decay_rate": factor, "staircase": True}
    return Call("optax.exponential_decay", (peak,), kwargs)


def cosine(peak: Any, steps: int, *, end_factor: float) -> Call:
    """``r(t) = peak (end_factor + (1 - end_factor) (1 + cos(pi t / steps)) / 2)`` (Loshchilov & Hutter 2016)."""
    return Call("optax.cosine_decay_schedule", (peak, steps), {"alpha": end_factor})


def one_cycle(peak: Any, steps: int, *, peak_fraction: float, div_factor: float, final_div_factor: float) -> Call:
    """Half a cosine up from peak / div_factor, half a cosine down to peak / (div_factor final_div_factor) (Smith
    2018)."""
    kwargs = {"pct_start": peak_fraction, "div_factor": div_factor, "final_div_factor": final_div_factor}
    return Call("optax.cosine_onecycle_schedule", (steps, peak), kwargs)


def scaled(peak: Any, factor: float) -> Any:
    """``factor * peak``, where peak may be a name in source text."""
    return type(peak)(f"{source(factor)} * {peak}") if isinstance(peak, str) else factor * peak


def call(name: str, peak: Any, steps: int, *, warmup_steps: int = 0, **options: Any) -> Call:
    """The optax expression of a schedule.

    Args:
        name: a key of `SCHEDULES`.
        peak: its highest rate.
        steps: length of the training, warm-up included.
        warmup_steps: steps of a straight line from 0 to the peak that come first.
        options: the schedule's own keywords.
    """
    make = SCHEDULES[name].load()
    body: Call = make(peak, max(1, steps - warmup_steps), **options)
    if warmup_steps == 0:
        return body
    warmup = Call("optax.linear_schedule", (0.0, peak, warmup_steps))
    return Call("optax.join_schedules", ([warmup, body], [warmup_steps]))


def unit(name: str, steps: int, **options: Any) -> Floats:
    """The schedule with peak 1 at every step, shape (steps,); multiply by a rate."""
    import jax

    schedule = evaluate(call(name, 1.0, steps, **options))
    # One compiled program: evaluated eagerly, every operation of a schedule would be compiled by itself.
    values = jax.jit(jax.vmap(schedule))(np.arange(steps))
    return np.broadcast_to(np.asarray(values, dtype=np.float64), (steps,)).copy()


def to_source(name: str, peak: Any, steps: int, **options: Any) -> str:
    """The schedule as a line of optax to paste."""
    return source(call(name, peak, steps, **options))
