"""What a training would take: everything but the training."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from lrfind.runs.callbacks import Callback, Timer
from lrfind.runs.sweep import Options, prepare
from lrfind.runs.train import Peak, compiled, single_run_config
from lrfind.storage.null import NullRunDirectory
from lrfind.storage.replay import ReplayJournal

if TYPE_CHECKING:
    from lrfind.config.schema import Config
    from lrfind.task.task import Task


def dry_run(config: Config, peak: Peak, options: Options, callback: Callback, timer: Timer) -> dict[str, Any]:
    """Load and compile, and time one chunk of the training at a rate of zero, and one look.

    The user's own code is loaded and traced for its shapes, and takes no step: then nothing is compiled or timed.

    Returns:
        Facts by name, for reading: model, data, parameters, memory in bytes, expected seconds.

    Raises:
        InputError: data, config or device are wrong.
    """
    task, platform = prepare(single_run_config(config, peak), options, callback, timer)
    from lrfind.engine import devices

    with devices.failures():
        looks, seconds = _expected(task, platform, callback, timer)
        return {
            **task.report.outline(),
            "memory_bytes": task.report.memory_bytes(),
            "train_steps": task.train_steps,
            "learning_rate": peak.rate,
            "schedule": config.train.schedule.name,
            "looks": looks,
            "expected_seconds": None if seconds is None else round(seconds + sum(timer.spent.values()), 2),
        }


def _expected(task: Task, platform: str, callback: Callback, timer: Timer) -> tuple[int | None, float | None]:
    """The looks and the seconds of the training; None for both where a step runs the user's code."""
    if task.user_code.in_step:
        return None, None
    train_loop, state, validator, between = compiled(task, platform, callback, timer, ReplayJournal(NullRunDirectory()))
    begin = time.perf_counter()
    still = np.zeros((min(train_loop.chunk, task.train_steps), 1))
    chunk = next(iter(train_loop.run([state], still)))
    seconds = (time.perf_counter() - begin) * task.train_steps / len(still)
    looks = -(-task.train_steps // between) + 1 if validator is not None else 0
    if validator is not None:
        begin = time.perf_counter()
        validator(chunk.states[0])
        seconds += (time.perf_counter() - begin) * looks
    return looks, seconds
