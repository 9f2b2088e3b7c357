"""The trainings of a run: compiled, journalled, on a schedule; and one training with validations on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

from lrfind.analysis.build_result import Peak, RunDescription, TrainingRecord, build_training
from lrfind.analysis.plateau import PlateauTracker
from lrfind.core.dataset import Floats
from lrfind.core.errors import stopped
from lrfind.core.result import Execution
from lrfind.core.training import Training, TrainingStatus
from lrfind.engine import devices
from lrfind.engine import train_loop as loops
from lrfind.engine.resumable import FIRST_STEPS, ResumableTrainLoop
from lrfind.engine.train_loop import TrainLoop
from lrfind.engine.trainer import FIELDS, Chunk, LaneRun, Trainer
from lrfind.runs.evaluator import Validator, make_validator, validation_interval
from lrfind.runs.identity import hold
from lrfind.runs.prepare import Run
from lrfind.storage.journal import KIND_EXECUTION, KIND_TRAIN, KIND_VALIDATION, KIND_VALIDATOR
from lrfind.task.optim.schedules import UnitSchedule
from lrfind.task.task import Task


def chunk_size(task: Task, steps: int) -> int:
    """Return the largest number of steps per chunk for a training of so many steps."""
    batches = task.batches
    return loops.chunk_for(task.objective.parameters, batches.rows_per_step, steps, batches.bytes_per_step)


def compile_train_loop(
    run: Run, *, chunk: int, lane_steps: int, beside: Sequence[Callable[[], object]] = ()
) -> tuple[loops.TrainLoop, list[Any]]:
    """Compile the train loop of a task, and journal its execution; a run that is carried on keeps its execution.

    Args:
        run: run of the task.
        chunk: steps per chunk.
        lane_steps: optimiser steps of the run, summed over lanes.
        beside: other functions that compile, run at the same time.

    Returns:
        The compiled train loop, and the training state of each seed before training.
    """
    task, line = run.task, run.replay.replay(KIND_EXECUTION)
    execution = Execution(line["steps"], line["lanes"], line["compiler"]) if line else None
    train_loop = loops.TrainLoop(
        task.step, task.batches.feed(), run.platform, execution=execution, chunk=chunk, lane_steps=lane_steps
    )
    with run.context.phase("compile"), ThreadPoolExecutor(max_workers=2) as pool:
        starting = pool.submit(task.starts, run.platform)  # XLA compiles outside of Python's lock, so these overlap.
        others = [pool.submit(function) for function in beside]
        train_loop.compile(task.shapes())
        for other in others:
            other.result()
        if line is None:
            run.replay.append({"kind": KIND_EXECUTION, **asdict(train_loop.execution)})
        return train_loop, starting.result()


def resumable(
    run: Run, train_loop: loops.TrainLoop, kind: str, fields: Sequence[str] = FIELDS, *, from_start: bool = True
) -> ResumableTrainLoop:
    """Return a train loop that journals its chunks and replays those of the run's journal.

    Args:
        run: run of the task.
        train_loop: compiled train loop.
        kind: kind of the journal records.
        fields: fields of a chunk that are journalled.
        from_start: whether the chunks are the first of the run, which hold it to the user's own code.
    """
    checked = FIRST_STEPS if from_start and run.task.user_code.digest else 0
    return ResumableTrainLoop(
        train_loop, run.replay, kind, run.context.callback.on_recompute, fields, run.task.batches.seen, checked
    )


def train_on_schedule(
    train_loop: Trainer,
    states: Sequence[Any],
    schedule: UnitSchedule,
    peaks: Floats,
    seeds: Sequence[int] | None = None,
    *,
    label: Mapping[str, Any] | None = None,
) -> Iterator[tuple[Chunk, Floats]]:
    """Train lanes on a schedule, each at its own peak rate.

    If the loss lowers the rate, the lanes run up to the end of the first window after which any lane's rate may drop;
    then each lane's own losses decide. The result is therefore independent of chunk length and of the other lanes.

    Args:
        train_loop: train loop.
        states: training state of each lane.
        schedule: unit schedule of the whole training.
        peaks: peak rate of each lane, shape (lanes,).
        seeds: seed whose batches and keys each lane takes; None for lane i to take seed i.
        label: record of the trial for the journal (see `lrfind.engine.resumable`).

    Yields:
        Each chunk, in order and computed on demand, and the learning rates of its steps, shape (lanes, steps).
    """
    planned = schedule.factors[:, None] * peaks
    if schedule.plateau is None:
        for chunk in train_loop.train(LaneRun(states, planned, seeds=seeds, label=label)):
            yield chunk, planned[chunk.start : chunk.stop].T
        return
    window, tracker = schedule.plateau.window, PlateauTracker(schedule.plateau, len(peaks))
    loss = np.empty((len(peaks), 0))
    judged = 0
    while (done := loss.shape[1]) < len(schedule.factors):
        while judged + window <= done:
            tracker.see(loss[:, judged : judged + window])
            judged += window
        stop = min(len(schedule.factors), judged + tracker.surely * window)
        rates = planned[done:stop] * tracker.scale
        for chunk in train_loop.train(LaneRun(states, rates, start=done, seeds=seeds, label=label)):
            states = chunk.states
            loss = np.concatenate([loss, chunk.loss], axis=1)
            yield chunk, rates[chunk.start - done : chunk.stop - done].T


def compile_training(run: Run) -> tuple[TrainLoop, Any, Validator | None, int]:
    """Compile a training.

    Returns:
        The train loop, the training state before the first step, the validator, and the steps between two validations.
    """
    task = run.task
    validator = make_validator(task, task.train_steps)
    validations = validator.validations if validator else 0
    interval, chunk = validation_interval(task.train_steps, validations, chunk_size(task, task.train_steps))
    beside = [partial(validator.compile, task.shapes()[0], run.platform)] if validator else []
    train_loop, states = compile_train_loop(run, chunk=chunk, lane_steps=task.train_steps, beside=beside)
    if validator is not None:
        line = {"metric": validator.metric_name, "rows": validator.scorer.rows}
        run.replay.memoize(KIND_VALIDATOR, lambda: line)
    return train_loop, states[0], validator, interval


def measure(run: Run, described: RunDescription, peak: Peak) -> Training:
    """Train, validate on the way, and diagnose the training.

    Args:
        run: run of the task.
        described: what is known beforehand.
        peak: peak rate of the schedule.
    """
    task, context = run.task, run.context
    record, rates, interrupted = TrainingRecord(), np.full(task.train_steps, np.nan), False

    def validate(states: Sequence[Any]) -> None:
        if validator is not None:
            line = run.replay.memoize(KIND_VALIDATION, partial(scores, validator, states, record.done))
            record.add_validation(line)

    with devices.failures():
        train_loop, start, validator, interval = compile_training(run)
        if validator is not None:
            record.metric_name, record.rows = validator.metric_name, validator.scorer.rows
        hold(task, [start], run.replay)
        try:
            with context.phase("train"):
                trainer = resumable(run, train_loop, KIND_TRAIN, ("loss", "gradient_norm"))
                schedule = task.schedule(task.train_steps)
                validate([start])
                for chunk, rate in train_on_schedule(trainer, [start], schedule, np.array([peak.rate])):
                    record.loss += chunk.loss[0].tolist()
                    record.gradient_norm += chunk.gradient_norm[0].tolist()
                    record.rate += rate[0].tolist()
                    rates[: record.done] = record.rate
                    # Chunks of a schedule that depends on the loss may end after a multiple of the interval.
                    due = record.done >= len(record.validated_at) * interval
                    if due or record.done == len(schedule.factors) or record.lost:
                        validate(chunk.states)
                    context.callback.on_sweep_chunk(rates, record.done, record.loss[-1])
                    if record.lost:
                        break
        except KeyboardInterrupt as error:
            if not stopped(error) or not record.done:
                raise
            interrupted = True
    context.callback.phase("render")
    status: TrainingStatus = "complete" if record.done == task.train_steps else "stopped"
    return build_training(record, described, peak, "interrupted" if interrupted else status)


def scores(validator: Validator, states: Sequence[Any], step: int) -> dict[str, Any]:
    """Return the journal's line of a validation of the only lane's training state."""
    loss, metric = validator(states[0])
    return {"step": step, "val_loss": loss, "metric": metric}
