"""Train once at a rate, validate on the way, and diagnose the training. Prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lrfind.analysis.build_training import LOST, Peak, TrainingRecord, build_training
from lrfind.config.schema import Config, ConfirmSection
from lrfind.core import signals
from lrfind.core.dataset import Floats
from lrfind.core.training import Training, TrainingStatus
from lrfind.runs.callbacks import Callback, RunContext, Timer
from lrfind.runs.prepare import Options, chunk_size, compile_train_loop, open_directory, prepare
from lrfind.storage import run_directory
from lrfind.storage.journal import KIND_TRAIN, KIND_VALIDATION, KIND_VALIDATOR
from lrfind.storage.layout import TRAIN
from lrfind.storage.replay import ReplayJournal

if TYPE_CHECKING:
    from lrfind.engine.train_loop import TrainLoop
    from lrfind.engine.trainer import Trainer
    from lrfind.runs.validation import Validator
    from lrfind.task.task import Task

__all__ = ["LOST", "Peak", "TrainingRecord", "train"]

Render = Callable[[Training, Timer], tuple[Training, Mapping[str, bytes]]]
"""Function that draws a training's files by name; the training comes back with the time that took."""


def train(
    config: Config, name: str, peak: Peak, render: Render, options: Options, callback: Callback, timer: Timer
) -> tuple[Training, list[Path]]:
    """Train once, diagnose the training, and write the files of the run.

    Args:
        config: resolved config; its sweep is not used.
        name: name of the config.
        peak: peak rate.
        render: function that draws the files.
        options: options of the run.
        callback: callback that is told of the progress.
        timer: timer of the run, started.

    Returns:
        The training, and the files written. Its status is ``"interrupted"`` if a KeyboardInterrupt came after the first
        chunk.

    Raises:
        InputError: data, config or device are wrong.
        RunError: the run failed.
    """
    single, context = single_run_config(config, peak), RunContext(callback, timer)
    task, platform = prepare(single, options, context)
    from lrfind.engine import devices
    from lrfind.engine.resumable import FIRST_STEPS, ResumableTrainLoop
    from lrfind.runs.identity import hold, identity, other_run
    from lrfind.storage.recover import journal_head
    from lrfind.task.task import describe

    described = describe(task, name, single.model_dump(mode="json", exclude={"sweep", "confirm"}), peak.rate)
    parts = identity(task, described.config)
    mark = run_directory.fingerprint({"train": parts})
    head = parts | journal_head(described, learning_rate=peak.rate, rate_from=peak.source, highest=peak.highest)
    other = partial(other_run, parts, no_part={})
    with open_directory(options, f"{name}-train", mark, head, other, callback, TRAIN) as directory:
        replay, interrupted = ReplayJournal(directory), False
        with devices.failures():
            train_loop, state, validator, interval = compile_training(task, platform, context, replay)
            record = TrainingRecord(
                metric_name=validator.metric_name if validator else None,
                rows=validator.scorer.rows if validator else 0,
            )
            hold(task, [state], replay)
            try:
                with context.phase("train"):
                    fields = "loss", "gradient_norm"
                    checked = FIRST_STEPS if task.user_code.digest else 0
                    trainer = ResumableTrainLoop(
                        train_loop, replay, KIND_TRAIN, callback.on_recompute, fields, task.batches.seen, checked
                    )
                    for _ in steps(task, trainer, replay, state, peak.rate, validator, interval, record):
                        callback.on_sweep_chunk(rates_so_far(task, record), record.done, record.loss[-1])
            except KeyboardInterrupt as error:
                if not signals.stopped(error) or not record.done:
                    raise
                interrupted = True
        callback.phase("render")
        status: TrainingStatus = "complete" if record.done == task.train_steps else "stopped"
        status = "interrupted" if interrupted else status
        training = build_training(record, described, peak, status)
        timing = {**{part.rstrip("_"): spent for part, spent in timer.spent.items()}, "total": timer.total}
        training, files = render(replace(training, timing=timing), timer)
        if interrupted and directory.finished:
            directory.end(status)
            return training, []
        return training, directory.finish(files, status)


def single_run_config(config: Config, peak: Peak) -> Config:
    """Return the config of one training at a rate, without a sweep."""
    return config.model_copy(
        update={
            "sweep": config.sweep.model_copy(update={"seeds": 1}),
            "confirm": ConfirmSection(enabled=False),
            "optimizer": config.optimizer.model_copy(update={"learning_rate": peak.rate}),
        }
    )


def compile_training(
    task: Task, platform: str, context: RunContext, replay: ReplayJournal
) -> tuple[TrainLoop, Any, Validator | None, int]:
    """Compile a training.

    Returns:
        The train loop, the training state before the first step, the validator, and the steps between two validations.
    """
    from lrfind.runs.validation import make_validator, validation_interval

    validator = make_validator(task, task.train_steps)
    validations = validator.validations if validator else 0
    interval, chunk = validation_interval(task.train_steps, validations, chunk_size(task, task.train_steps))
    beside = [partial(validator.compile, task.shapes()[0], platform)] if validator else []
    train_loop, states = compile_train_loop(
        task, platform, context, replay, chunk=chunk, lane_steps=task.train_steps, beside=beside
    )
    if validator is not None:
        line = {"metric": validator.metric_name, "rows": validator.scorer.rows}
        replay.memoize(KIND_VALIDATOR, lambda: line)
    return train_loop, states[0], validator, interval


def steps(
    task: Task,
    trainer: Trainer,
    replay: ReplayJournal,
    state: Any,
    peak: float,
    validator: Validator | None,
    interval: int,
    record: TrainingRecord,
) -> Iterator[None]:
    """Train, and validate on the way.

    Args:
        task: task to train.
        trainer: resumable train loop.
        replay: journal of the run.
        state: training state before the first step.
        peak: peak rate of the schedule.
        validator: validator; None if nothing is held out.
        interval: steps between two validations.
        record: receives the measurements.

    Yields:
        After every chunk, and the validation at its end.
    """
    from lrfind.runs.scheduled_training import train_on_schedule

    schedule = task.schedule(task.train_steps)
    validate(replay, validator, [state], record)
    for chunk, rates in train_on_schedule(trainer, [state], schedule, np.array([peak])):
        record.loss += chunk.loss[0].tolist()
        record.gradient_norm += chunk.gradient_norm[0].tolist()
        record.rate += rates[0].tolist()
        # Chunks of a schedule that depends on the loss may end after a multiple of the interval.
        if record.done >= len(record.validated_at) * interval or record.done == len(schedule.factors) or record.lost:
            validate(replay, validator, chunk.states, record)
        yield
        if record.lost:
            return


def validate(replay: ReplayJournal, validator: Validator | None, states: Sequence[Any], record: TrainingRecord) -> None:
    """Validate the only lane's training state, unless the journal has its validation."""
    if validator is None:
        return

    def measure() -> dict[str, Any]:
        loss, metric = validator(states[0])
        return {"step": record.done, "val_loss": loss, "metric": metric}

    record.add_validation(replay.memoize(KIND_VALIDATION, measure))


def rates_so_far(task: Task, record: TrainingRecord) -> Floats:
    """Return the rate of each finished step, and NaN for each step to come."""
    rates = np.full(task.train_steps, np.nan)
    rates[: record.done] = record.rate
    return rates
