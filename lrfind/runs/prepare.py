"""Prepare a run: import JAX, load the data, build the task, compile its train loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from lrfind.config.schema import Config
from lrfind.core.result import Execution
from lrfind.runs.callbacks import Callback, RunContext
from lrfind.storage import run_directory
from lrfind.storage.folder_choice import FolderOptions, take
from lrfind.storage.journal import KIND_EXECUTION
from lrfind.storage.ownership import Other
from lrfind.storage.replay import ReplayJournal, position
from lrfind.storage.run_directory import RunDirectory
from lrfind.task.user_code.loader import ImportPolicy

if TYPE_CHECKING:
    from lrfind.engine.train_loop import TrainLoop
    from lrfind.runs.evaluator import Evaluator
    from lrfind.task.task import Task


@dataclass(frozen=True)
class Options(FolderOptions):
    """Options of a run that are not part of the config. Only `low`, `high` and `device` move the curve.

    Attributes:
        low: lowest rate the user allows; None leaves it to the extension.
        high: highest rate the user allows; None leaves it to the extension.
        device: ``"cpu"``, ``"gpu"``, ``"tpu"``, or None for JAX's choice.
        cache: whether to keep compiled programs between processes.
        policy: where the user's own code may be loaded from.
    """

    low: float | None = None
    high: float | None = None
    device: str | None = None
    cache: bool = True
    policy: ImportPolicy = field(default_factory=ImportPolicy)


@contextmanager
def open_directory(
    options: Options,
    name: str,
    mark: str,
    head: Mapping[str, Any],
    other: Other,
    callback: Callback,
    result: str = run_directory.RESULT,
) -> Iterator[RunDirectory]:
    """Take the run directory of a config, `Options.out` or a free one under `Options.runs`, and tell the callback.

    Args:
        options: options of the run.
        name: name of the run.
        mark: fingerprint of the run.
        head: head of its journal.
        other: function that describes a folder with a run of another fingerprint.
        callback: callback that is told of the folder, and of a run that is carried on.
        result: name of the file that says that a run is whole.
    """
    with take(options, name, mark, head, other=other, result=result) as directory:
        callback.folder(directory.path, directory.passed)
        reached = position(directory.recorded)
        if reached is not None or directory.rejected_lines:
            callback.resume(reached, directory.rejected_lines)
        yield directory


def prepare(config: Config, options: Options, context: RunContext) -> tuple[Task, str]:
    """Import JAX, load the data and build the network.

    Returns:
        Task and platform.

    Raises:
        InputError: data, config or device are wrong.
        RunError: memory does not suffice for the model.
    """
    with context.phase("import"):
        from lrfind.engine import devices, jax_settings

        jax_settings.keep_freed()
        platform = devices.configure(options.device, cache=options.cache)
        jax_settings.set_aside()
        jax_settings.quiet_callbacks()
        from lrfind.task.task import make
    with context.phase("data"), devices.failures():
        if config.targets:
            from lrfind.task import from_user_code

            task = from_user_code.make(config, options.policy)
        else:
            task = make(config)
        jax_settings.set_aside()  # The user's own code may have set others.
    if note := jax_settings.said_of_aside():
        context.callback.note(note)
    return task, platform


def chunk_size(task: Task, steps: int) -> int:
    """Return the largest number of steps per chunk for a training of so many steps."""
    from lrfind.engine.batch_feed import chunk_within
    from lrfind.engine.train_loop import chunk_for

    return chunk_within(
        chunk_for(task.objective.parameters, task.batches.rows_per_step, steps), task.batches.bytes_per_step
    )


def compile_train_loop(
    task: Task,
    platform: str,
    context: RunContext,
    replay: ReplayJournal,
    *,
    chunk: int,
    lane_steps: int,
    beside: Sequence[Callable[[], object]] = (),
) -> tuple[TrainLoop, list[Any]]:
    """Compile the train loop of a task, and journal its execution; a run that is carried on keeps its execution.

    Args:
        task: task to train.
        platform: ``"cpu"``, ``"gpu"`` or ``"tpu"``.
        context: callback and timer of the run.
        replay: journal of the run.
        chunk: steps per chunk.
        lane_steps: optimiser steps of the run, summed over lanes.
        beside: other functions that compile, run at the same time.

    Returns:
        The compiled train loop, and the training state of each seed before training.
    """
    from lrfind.engine.train_loop import TrainLoop

    line = replay.replay(KIND_EXECUTION)
    train_loop = TrainLoop(
        task.step,
        task.batches.feed(),
        platform,
        execution=Execution(line["steps"], line["lanes"], line["compiler"]) if line else None,
        chunk=chunk,
        lane_steps=lane_steps,
    )
    with context.phase("compile"), ThreadPoolExecutor(max_workers=2) as pool:
        starting = pool.submit(task.starts, platform)  # XLA compiles outside of Python's lock, so these overlap.
        others = [pool.submit(function) for function in beside]
        train_loop.compile(task.shapes())
        for other in others:
            other.result()
        if line is None:
            replay.append({"kind": KIND_EXECUTION, **asdict(train_loop.execution)})
        return train_loop, starting.result()


def compile_sweep(
    task: Task, platform: str, context: RunContext, replay: ReplayJournal
) -> tuple[TrainLoop, list[Any], Evaluator | None]:
    """Compile a sweep and its confirmation.

    Returns:
        The train loop, the training state of each seed before training, and the evaluator of the trials; None if there
        is no confirmation.
    """
    from lrfind.runs.confirmation import rehearse_schedules
    from lrfind.runs.evaluator import make_evaluator

    config, beside = task.config, []
    lane_steps = config.sweep.steps * len(task.batches.seeds)
    evaluator = make_evaluator(task) if config.confirm.enabled else None
    if evaluator is not None:
        lane_steps = max(lane_steps, config.confirm.budget)
        beside = [
            partial(evaluator.compile, task.shapes()[0], platform),
            partial(rehearse_schedules, task, evaluator),
        ]
    train_loop, states = compile_train_loop(
        task,
        platform,
        context,
        replay,
        chunk=chunk_size(task, config.sweep.steps),
        lane_steps=lane_steps,
        beside=beside,
    )
    return train_loop, states, evaluator
