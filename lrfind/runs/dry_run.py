"""What a training would take: everything but the training."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from lrfind.runs.callbacks import Clock, Watcher
from lrfind.runs.sweep import Options, prepare
from lrfind.runs.train import Peak, alone, compiled
from lrfind.storage.null import Nowhere
from lrfind.storage.replay import Tape

if TYPE_CHECKING:
    from lrfind.config.schema import Config
    from lrfind.task.task import Plan


def rehearse(config: Config, peak: Peak, options: Options, watcher: Watcher, clock: Clock) -> dict[str, Any]:
    """Load and compile, and time one chunk of the training at a rate of zero, and one look.

    The user's own code is loaded and traced for its shapes, and takes no step: then nothing is compiled or timed.

    Returns:
        Facts by name, for reading: model, data, parameters, memory in bytes, expected seconds.

    Raises:
        InputError: data, config or device are wrong.
    """
    plan, platform = prepare(alone(config, peak), options, watcher, clock)
    from lrfind.engine import devices
    from lrfind.task.task import memory

    with devices.failures():
        looks, seconds = _expected(plan, platform, watcher, clock)
        return {
            "model": plan.described,
            "parameters": plan.parameters,
            "frozen": plan.frozen,
            "precision": config.precision,
            "data": plan.describe_data(),
            "loss": plan.loss,
            "memory_bytes": memory(plan),
            "train_steps": plan.train_steps,
            "learning_rate": peak.rate,
            "schedule": config.train.schedule.name,
            "looks": looks,
            "expected_seconds": None if seconds is None else round(seconds + sum(clock.spent.values()), 2),
        }


def _expected(plan: Plan, platform: str, watcher: Watcher, clock: Clock) -> tuple[int | None, float | None]:
    """The looks and the seconds of the training; None for both where a step runs the user's code."""
    if plan.runs_own_code:
        return None, None
    kernel, state, look, between = compiled(plan, platform, watcher, clock, Tape(Nowhere()))
    begin = time.perf_counter()
    still = np.zeros((min(kernel.chunk, plan.train_steps), 1))
    chunk = next(iter(kernel.run([state], still)))
    seconds = (time.perf_counter() - begin) * plan.train_steps / len(still)
    looks = -(-plan.train_steps // between) + 1 if look is not None else 0
    if look is not None:
        begin = time.perf_counter()
        look(chunk.states[0])
        seconds += (time.perf_counter() - begin) * looks
    return looks, seconds
