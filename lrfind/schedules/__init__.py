"""Learning-rate schedules, built from optax: a schedule is described once as a call, then evaluated or written down.

Every schedule's rate is its peak and every one is linear in it, so the engine multiplies a unit schedule by the rate
outside of the compiled program. (`warmup_cosine_decay_schedule` refuses a traced peak, and a schedule inside the
program would fix its length.)

The formulas hold from the end of the warm-up on, and count steps from there; named steps are those of the training.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lrfind.expression import Call, evaluate, source
from lrfind.registry import SCHEDULES
from lrfind.schedules.plateau import transform
from lrfind.types import Floats

__all__ = ["call", "to_source", "transform", "unit"]


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
    if "at" in options:
        options["at"] = tuple(max(1, place - warmup_steps) for place in options["at"])
    body: Call = make(peak, max(1, steps - warmup_steps), **options)
    if warmup_steps == 0:
        return body
    warmup = Call("optax.linear_schedule", (0.0, peak, warmup_steps))
    return Call("optax.join_schedules", ([warmup, body], [warmup_steps]))


def unit(name: str, steps: int, **options: Any) -> Floats:
    """The schedule with peak 1 at every step, shape (steps,); multiply by a rate.

    Of `reduce_on_plateau` it is what holds while the loss improves: the drops are `lrfind.analysis.plateau`'s.
    """
    import jax

    schedule = evaluate(call(name, 1.0, steps, **options))
    # One compiled program: evaluated eagerly, every operation of a schedule would be compiled by itself.
    values = jax.jit(jax.vmap(schedule))(np.arange(steps))
    return np.broadcast_to(np.asarray(values, dtype=np.float64), (steps,)).copy()


def to_source(name: str, peak: Any, steps: int, **options: Any) -> str:
    """The schedule as a line of optax to paste; of `reduce_on_plateau`, the warm-up and the rate that `transform`
    lowers."""
    return source(call(name, peak, steps, **options))
