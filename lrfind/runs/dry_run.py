"""Estimate the cost of a sweep or a training: compile it, and time one chunk of it at rate zero."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from lrfind.analysis.build_result import Peak
from lrfind.engine import devices
from lrfind.engine.train_loop import TrainLoop
from lrfind.engine.trainer import LaneRun
from lrfind.runs.confirmation import expected
from lrfind.runs.measure import compile_sweep
from lrfind.runs.prepare import Run
from lrfind.runs.scheduled_training import compile_training


def sweep_facts(run: Run) -> dict[str, Any]:
    """Return the facts of a sweep that is not run: model, data, memory in bytes, most steps, expected seconds.

    The seconds are None if a step runs the user's code.
    """
    task, config, seconds = run.task, run.task.config, None
    lane_steps = config.sweep.steps * len(task.batches.seeds)
    with devices.failures():
        if task.user_code.in_step:
            confirm_steps = config.confirm.budget - lane_steps if config.confirm.enabled else 0
        else:
            train_loop, states, evaluator = compile_sweep(run)
            seconds, _ = time_steps(train_loop, states, config.sweep.steps)
            confirm_steps = int(expected(task, evaluator)) if evaluator else 0
            confirming = seconds * max(0, confirm_steps) / lane_steps
            seconds += min(confirming, config.confirm.max_seconds or confirming)
        return {
            **task.report.outline(),
            "lanes": len(task.batches.seeds),
            "memory_bytes": task.report.memory_bytes(),
            "sweep_steps": config.sweep.steps,
            "confirm_steps": max(0, confirm_steps),
            "train_steps": task.train_steps,
            "expected_seconds": None if seconds is None else round(seconds + sum(run.context.spent.values()), 2),
        }


def training_facts(run: Run, peak: Peak) -> dict[str, Any]:
    """Return the facts of a training that is not run: model, data, memory in bytes, validations, expected seconds.

    Validations and seconds are None if a step runs the user's code.
    """
    task, validations, seconds = run.task, None, None
    with devices.failures():
        if not task.user_code.in_step:
            train_loop, start, validator, interval = compile_training(run)
            seconds, state = time_steps(train_loop, [start], task.train_steps)
            validations = 0
            if validator is not None:
                validations = -(-task.train_steps // interval) + 1
                begin = time.perf_counter()
                validator(state)
                seconds += (time.perf_counter() - begin) * validations
        return {
            **task.report.outline(),
            "memory_bytes": task.report.memory_bytes(),
            "train_steps": task.train_steps,
            "learning_rate": peak.rate,
            "schedule": task.config.train.schedule.name,
            "looks": validations,
            "expected_seconds": None if seconds is None else round(seconds + sum(run.context.spent.values()), 2),
        }


def time_steps(train_loop: TrainLoop, states: list[Any], steps: int) -> tuple[float, Any]:
    """Return the expected seconds of so many steps and the first lane's state after one chunk at rate zero."""
    rates = np.zeros((min(train_loop.chunk, steps), len(states)))
    begin = time.perf_counter()
    chunk = next(iter(train_loop.train(LaneRun(states, rates))))
    return (time.perf_counter() - begin) * steps / len(rates), chunk.states[0]
