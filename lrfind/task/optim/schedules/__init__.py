"""Learning-rate schedules built from optax, each a call that is evaluated or printed.

Every schedule is linear in its peak rate. The engine therefore evaluates it at peak 1 and multiplies by the rate
outside of the compiled program: `warmup_cosine_decay_schedule` refuses a traced peak, and a schedule inside of the
program would fix its length.

Formulas count steps t from the end of the warm-up; steps named in a config count from the start of the training.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lrfind.core.dataset import Floats
from lrfind.core.registry import SCHEDULES
from lrfind.task.optim.schedules.plateau import transform
from lrfind.task.optim.source_code import Call, evaluate, source

__all__ = ["call", "to_source", "transform", "unit"]


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
    import jax

    schedule = evaluate(call(name, 1.0, steps, **options))
    # One compiled program: evaluated eagerly, every operation of a schedule would be compiled by itself.
    values = jax.jit(jax.vmap(schedule))(np.arange(steps))
    return np.broadcast_to(np.asarray(values, dtype=np.float64), (steps,)).copy()


def to_source(name: str, peak: Any, steps: int, **options: Any) -> str:
    """Return the optax expression of a schedule as source text.

    For `reduce_on_plateau` it is the warm-up and the rate that `transform` lowers.

    Args:
        name: name of the schedule, a key of `SCHEDULES`.
        peak: highest rate, a number or a name in source text.
        steps: length of the training, warm-up included.
        **options: keywords of the schedule and of `call`.
    """
    return source(call(name, peak, steps, **options))
