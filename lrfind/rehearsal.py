"""What a training would take: everything but the training."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from lrfind.nowhere import Nowhere
from lrfind.run import Options, prepare
from lrfind.tape import Tape
from lrfind.train import Peak, alone, compiled
from lrfind.watch import Clock, Watcher

if TYPE_CHECKING:
    from lrfind.config.schema import Config


def rehearse(config: Config, peak: Peak, options: Options, watcher: Watcher, clock: Clock) -> dict[str, Any]:
    """Load and compile, and time one chunk of the training at a rate of zero, and one look.

    Returns:
        Facts by name, for reading: model, data, parameters, memory in bytes, expected seconds.

    Raises:
        InputError: data, config or device are wrong.
    """
    plan, platform = prepare(alone(config, peak), options, watcher, clock)
    from lrfind.engine import devices
    from lrfind.plan import memory

    with devices.failures():
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
        "expected_seconds": round(seconds + sum(clock.spent.values()), 2),
    }
