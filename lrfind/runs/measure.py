"""Measure the learning rate of a task: range test, confirmation, result; or estimate the cost of a run."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from lrfind.analysis.build_result import Measurements, Peak, build_result
from lrfind.core.errors import stopped
from lrfind.core.result import Result
from lrfind.engine import devices
from lrfind.engine.train_loop import TrainLoop
from lrfind.engine.trainer import LaneRun
from lrfind.runs.confirmation import ConfirmationRun, expected, rehearse_schedules, starting_rate
from lrfind.runs.evaluator import Evaluator, make_evaluator
from lrfind.runs.identity import hold
from lrfind.runs.pasteable import advise
from lrfind.runs.prepare import Run
from lrfind.runs.range_test import Bounds, SweepPass, range_test
from lrfind.runs.training import chunk_size, compile_train_loop, compile_training, resumable
from lrfind.storage.journal import KIND_SWEEP
from lrfind.task.task import Task, describe


def compile_sweep(run: Run) -> tuple[TrainLoop, list[Any], Evaluator | None]:
    """Compile a sweep and its confirmation.

    Returns:
        The train loop, the training state of each seed before training, and the evaluator of the trials; None if there
        is no confirmation.
    """
    task, beside = run.task, []
    steps = task.config.sweep.steps
    lane_steps = steps * len(task.batches.seeds)
    evaluator = make_evaluator(task) if task.config.confirm.enabled else None
    if evaluator is not None:
        lane_steps = max(lane_steps, task.config.confirm.budget)
        beside = [
            partial(evaluator.compile, task.shapes()[0], run.platform),
            partial(rehearse_schedules, task, evaluator),
        ]
    train_loop, states = compile_train_loop(run, chunk=chunk_size(task, steps), lane_steps=lane_steps, beside=beside)
    return train_loop, states, evaluator


def measure(run: Run, name: str, bounds: Bounds) -> Result:
    """Run the range test and the confirmation of a task, and build the result.

    Args:
        run: run of the task.
        name: name of the config.
        bounds: lowest and highest rate that the user allows.

    Returns:
        The result. Its status is ``"interrupted"`` if a KeyboardInterrupt came after the first chunk.
    """
    task, context = run.task, run.context
    passes: list[SweepPass] = []
    confirmation: ConfirmationRun | None = None
    interrupted = False
    with devices.failures():
        train_loop, states, evaluator = compile_sweep(run)
        hold(task, states, run.replay)
        try:
            with context.phase("sweep"):
                trainer = resumable(run, train_loop, KIND_SWEEP)
                for current in range_test(trainer, states, task.config.sweep, bounds, passes):
                    context.callback.on_sweep_chunk(current.ladder, current.done, current.last_loss)
            rate = starting_rate(task.config, passes[-1].curve)
            if evaluator is not None and rate is not None:
                confirmation = ConfirmationRun(run, train_loop, states, evaluator)
                confirmation.confirm(rate, passes)
        except KeyboardInterrupt as error:
            if not stopped(error) or not any(part.chunks for part in passes):
                raise
            interrupted = True
    context.callback.phase("render")
    curves = [part.curve for part in passes if part.chunks]
    search = confirmation.search if confirmation else None
    measured = Measurements(
        curves[-1],
        passes=len(curves),
        execution=train_loop.execution,
        confirming=search is not None,
        run=search,
        stability=confirmation.stability if confirmation else {},
    )
    result = result_of(task, name, measured, interrupted=interrupted)
    return replace(result, timing=context.timing())


def result_of(task: Task, name: str, measured: Measurements, *, interrupted: bool) -> Result:
    """Return the result of a run; a finished one has settings to paste and verdicts on rules of thumb.

    Args:
        task: task of the run.
        name: name of the config.
        measured: measurements of the run.
        interrupted: whether the run stopped before its end.
    """
    described = describe(task, name, task.config.model_dump(mode="json"))
    result = build_result(measured, described, interrupted=interrupted)
    result = replace(
        result,
        facts=task.report.facts(result.recommendation.learning_rate),
        warnings=(*result.warnings, *task.user_code.notes()),
    )
    if interrupted:
        return result
    curve, schedule = measured.curve, None
    if measured.run is not None and measured.run.search.scores:
        # The schedule of the longest rung has the mean of the whole one.
        schedule = task.schedule(max(measured.run.search.scores)).totals
    elif curve.ignores_gradient_scale(result.suggestions[task.config.sweep.method].learning_rate):
        schedule = described.schedule
    mean = None if schedule is None or schedule.plateau else schedule.mean
    return replace(result, advice=advise(task.config, task.train_steps, curve.summary, result, mean))


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
