"""Measure a learning rate: range test, confirmation, result, files of the run. Prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lrfind.config.schema import Config
from lrfind.config.variants import NO_PART
from lrfind.core import signals
from lrfind.core.result import Result
from lrfind.runs.callbacks import Callback, RunContext, Timer
from lrfind.runs.dry_run import dry_run_sweep as dry_run
from lrfind.runs.prepare import Options, compile_sweep, open_directory, prepare
from lrfind.storage import run_directory
from lrfind.storage.null import NullRunDirectory
from lrfind.storage.replay import ReplayJournal
from lrfind.storage.run_directory import RunDirectory

if TYPE_CHECKING:
    from lrfind.runs.range_test import Bounds
    from lrfind.task.task import Task

__all__ = ["Options", "Render", "dry_run", "measure", "sweep"]

Render = Callable[[Result, Timer], tuple[Result, Mapping[str, bytes]]]
"""Function that draws a result's files by name; the result comes back with the time that took."""


def sweep(
    config: Config, name: str, render: Render, options: Options, callback: Callback, timer: Timer
) -> tuple[Result, list[Path]]:
    """Measure a curve, confirm its suggestion, and write the files of the run.

    Args:
        config: resolved config.
        name: name of the config.
        render: function that draws the files.
        options: options of the run.
        callback: callback that is told of the progress.
        timer: timer of the run, started.

    Returns:
        The result, and the files written. Its status is ``"interrupted"`` if a KeyboardInterrupt came after the first
        chunk; a finished run in the same folder then stays, and nothing but the journal is written.

    Raises:
        InputError: data, config or device are wrong.
        RunError: the run failed.
    """
    context, bounds = RunContext(callback, timer), (options.low, options.high)
    task, platform = prepare(config, options, context)
    from lrfind.runs.identity import identity, other_run
    from lrfind.runs.range_test import PROBE_EVERY
    from lrfind.storage.recover import journal_head
    from lrfind.task.task import describe

    resolved = config.model_dump(mode="json")
    parts = identity(task, resolved) | {
        "bounds": list(bounds),
        "groups": list(config.optimizer.groups),  # their order counts, which a hash of keys does not see
    }
    mark = run_directory.fingerprint(parts | {"config": config.model_dump(mode="json", exclude=NO_PART)})
    head = parts | journal_head(describe(task, name, resolved), probe_every=PROBE_EVERY)
    with open_directory(options, name, mark, head, partial(other_run, parts), callback) as directory:
        return measure(task, platform, name, directory, render, bounds, context)


def measure(
    task: Task,
    platform: str,
    name: str,
    directory: RunDirectory | NullRunDirectory,
    render: Render,
    bounds: Bounds,
    context: RunContext,
) -> tuple[Result, list[Path]]:
    """Run the range test and the confirmation of a task, and build the result.

    Args:
        task: task to train.
        platform: ``"cpu"``, ``"gpu"`` or ``"tpu"``.
        name: name of the config.
        directory: run directory.
        render: function that draws the files.
        bounds: lowest and highest rate that the user allows.
        context: callback and timer of the run.

    Returns:
        The result, and the files written, as `sweep`.
    """
    from lrfind.engine import devices
    from lrfind.engine.resumable import FIRST_STEPS, ResumableTrainLoop
    from lrfind.runs.build_result import result_of
    from lrfind.runs.confirmation import ConfirmationRun, starting_rate
    from lrfind.runs.identity import hold
    from lrfind.runs.range_test import SweepPass, range_test
    from lrfind.storage.journal import KIND_SWEEP

    replay, callback = ReplayJournal(directory), context.callback
    passes: list[SweepPass] = []
    confirmation: ConfirmationRun | None = None
    interrupted = False
    with devices.failures():
        train_loop, states, evaluator = compile_sweep(task, platform, context, replay)
        hold(task, states, replay)
        try:
            with context.phase("sweep"):
                trainer = ResumableTrainLoop(
                    train_loop,
                    replay,
                    KIND_SWEEP,
                    callback.on_recompute,
                    seen=task.batches.seen,
                    checked=FIRST_STEPS if task.user_code.digest else 0,
                )
                for current in range_test(trainer, states, task.config.sweep, bounds, passes):
                    callback.on_sweep_chunk(current.ladder, current.done, current.last_loss)
            rate = starting_rate(task.config, passes[-1].curve)
            if evaluator is not None and rate is not None:
                confirmation = ConfirmationRun(task, platform, train_loop, states, evaluator, replay, context)
                confirmation.confirm(rate, passes)
        except KeyboardInterrupt as error:
            if not signals.stopped(error) or not any(part.chunks for part in passes):
                raise
            interrupted = True
    callback.phase("render")
    result = result_of(task, name, passes, train_loop.execution, confirmation, interrupted=interrupted)
    result, files = render(replace(result, timing=context.timer.timing()), context.timer)
    if interrupted and directory.finished:
        directory.end(result.status)
        return result, []
    return result, directory.finish(files, result.status)
