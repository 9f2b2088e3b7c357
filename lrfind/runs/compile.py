"""Compile the train loop of a run, and give it the run's journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from lrfind.core.result import Execution
from lrfind.engine import train_loop as loops
from lrfind.engine.resumable import FIRST_STEPS, ResumableTrainLoop
from lrfind.engine.trainer import FIELDS
from lrfind.runs.prepare import Run
from lrfind.storage.journal import KIND_EXECUTION
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
