"""Estimate the cost of a sweep or a training: do everything but the measuring."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from lrfind.runs.callbacks import Callback, RunContext, Timer
from lrfind.runs.prepare import Options, compile_sweep, prepare
from lrfind.runs.train import Peak, compile_training, single_run_config
from lrfind.storage.null import NullRunDirectory
from lrfind.storage.replay import ReplayJournal

if TYPE_CHECKING:
    from lrfind.config.schema import Config
    from lrfind.engine.train_loop import TrainLoop
    from lrfind.task.task import Task


def dry_run_sweep(config: Config, options: Options, callback: Callback, timer: Timer) -> dict[str, Any]:
    """Load and compile a sweep, and time one chunk of it at rate zero.

    The user's own code is traced for its shapes and takes no step; nothing is compiled or timed then.

    Args:
        config: resolved config.
        options: options of the run.
        callback: callback that is told of the progress.
        timer: timer of the run, started.

    Returns:
        Facts by name: model, data, parameters, memory in bytes, expected seconds.

    Raises:
        InputError: data, config or device are wrong.
    """
    context = RunContext(callback, timer)
    task, platform = prepare(config, options, context)
    from lrfind.engine import devices

    with devices.failures():
        trainings, seconds = expected_sweep(task, platform, context)
        return {
            **task.report.outline(),
            "lanes": len(task.batches.seeds),
            "memory_bytes": task.report.memory_bytes(),
            "sweep_steps": config.sweep.steps,
            "confirm_steps": trainings,
            "train_steps": task.train_steps,
            "expected_seconds": in_total(seconds, timer),
        }


def dry_run(config: Config, peak: Peak, options: Options, callback: Callback, timer: Timer) -> dict[str, Any]:
    """Load and compile a training, and time one chunk of it at rate zero and one validation.

    The user's own code is traced for its shapes and takes no step; nothing is compiled or timed then.

    Args:
        config: resolved config; its sweep is not used.
        peak: peak rate.
        options: options of the run.
        callback: callback that is told of the progress.
        timer: timer of the run, started.

    Returns:
        Facts by name: model, data, parameters, memory in bytes, expected seconds.

    Raises:
        InputError: data, config or device are wrong.
    """
    context = RunContext(callback, timer)
    task, platform = prepare(single_run_config(config, peak), options, context)
    from lrfind.engine import devices

    with devices.failures():
        validations, seconds = expected_training(task, platform, context)
        return {
            **task.report.outline(),
            "memory_bytes": task.report.memory_bytes(),
            "train_steps": task.train_steps,
            "learning_rate": peak.rate,
            "schedule": config.train.schedule.name,
            "looks": validations,
            "expected_seconds": in_total(seconds, timer),
        }


def in_total(seconds: float | None, timer: Timer) -> float | None:
    """Return the expected seconds with those that were spent already; None if they are unknown."""
    return None if seconds is None else round(seconds + sum(timer.spent.values()), 2)


def expected_sweep(task: Task, platform: str, context: RunContext) -> tuple[int, float | None]:
    """Return the most steps of the confirmation and the expected seconds of the run.

    The seconds are None if a step runs the user's code.
    """
    from lrfind.runs.confirmation import expected

    config = task.config
    if task.user_code.in_step:
        most = config.confirm.budget - config.sweep.steps * len(task.batches.seeds) if config.confirm.enabled else 0
        return max(0, most), None
    train_loop, states, evaluator = compile_sweep(task, platform, context, ReplayJournal(NullRunDirectory()))
    seconds, _ = time_steps(train_loop, states, config.sweep.steps)
    trainings = max(0, int(expected(task, evaluator))) if evaluator else 0
    confirming = seconds * trainings / (config.sweep.steps * len(states))
    return trainings, seconds + min(confirming, config.confirm.max_seconds or confirming)


def expected_training(task: Task, platform: str, context: RunContext) -> tuple[int | None, float | None]:
    """Return the number of validations and the expected seconds of a training.

    Both are None if a step runs the user's code.
    """
    if task.user_code.in_step:
        return None, None
    replay = ReplayJournal(NullRunDirectory())
    train_loop, state, validator, interval = compile_training(task, platform, context, replay)
    seconds, state = time_steps(train_loop, [state], task.train_steps)
    if validator is None:
        return 0, seconds
    validations = -(-task.train_steps // interval) + 1
    begin = time.perf_counter()
    validator(state)
    return validations, seconds + (time.perf_counter() - begin) * validations


def time_steps(train_loop: TrainLoop, states: list[Any], steps: int) -> tuple[float, Any]:
    """Return the expected seconds of so many steps and the first lane's state after one chunk at rate zero."""
    from lrfind.engine.trainer import LaneRun

    rates = np.zeros((min(train_loop.chunk, steps), len(states)))
    begin = time.perf_counter()
    chunk = next(iter(train_loop.train(LaneRun(states, rates))))
    return (time.perf_counter() - begin) * steps / len(rates), chunk.states[0]
