"""One real training: config -> plan -> steps -> diagnosis -> run directory. Prints nothing; whoever watches is told."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lrfind.analysis.diagnosis.training import judge, trace
from lrfind.config.schema import Config, ConfirmSection
from lrfind.core import signals
from lrfind.core.dataset import Floats
from lrfind.core.result import Execution
from lrfind.core.training import Scores, Training
from lrfind.runs.callbacks import Callback, Timer
from lrfind.runs.identity import hold, identity, other_run
from lrfind.runs.sweep import Options, prepare
from lrfind.storage import run_directory
from lrfind.storage.layout import PLOT, ROWS, TRAIN
from lrfind.storage.replay import ReplayJournal, position

if TYPE_CHECKING:
    from lrfind.engine.train_loop import TrainLoop
    from lrfind.engine.trainer import Trainer
    from lrfind.runs.validation import Validator
    from lrfind.task.task import Task

__all__ = ["PLOT", "ROWS", "TRAIN", "Peak", "Taken", "judge", "trace", "train"]

LOST = 100
"""Losses in a row that are not finite end a training: no step makes numbers of them again."""


@dataclass(frozen=True)
class Peak:
    """The rate to train at.

    Attributes:
        rate: the schedule's peak.
        source: where it comes from, for reports.
        highest: rate above which other trainings are known to lose; None where nothing is known.
    """

    rate: float
    source: str
    highest: float | None = None


@dataclass
class Taken:
    """What was measured so far; a training that is carried on begins with some of it.

    Attributes:
        loss: of each step.
        gradient_norm: of each step.
        rate: of each step.
        at: updates made at each look.
        val_loss: at each look.
        metric: at each look.
    """

    loss: list[float] = field(default_factory=list)
    gradient_norm: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    metric: list[float] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Steps that were done."""
        return len(self.loss)

    @property
    def lost(self) -> bool:
        """Whether coming back is out of the question."""
        last = self.loss[-LOST:]
        return len(last) == LOST and not any(map(math.isfinite, last))


Render = Callable[[Training, Timer], tuple[Training, Mapping[str, bytes]]]
"""Draws a training's files by name; the training comes back with the time that took."""


def train(
    config: Config, name: str, peak: Peak, render: Render, options: Options, callback: Callback, timer: Timer
) -> tuple[Training, list[Path]]:
    """Train once, say what it shows, and leave the files of the run.

    Args:
        config: of the training; of its sweep nothing is used.
        name: the config's.
        peak: the rate.
        render: draws the files.
        options: of the run.
        callback: is told.
        timer: of the run.

    Returns:
        The training, and the files written. Its status is ``"interrupted"`` where a KeyboardInterrupt came after the
        first chunk.

    Raises:
        InputError: data, config or device are wrong.
        RunError: the run failed.
    """
    single = single_run_config(config, peak)
    task, platform = prepare(single, options, callback, timer)
    from lrfind.engine import devices
    from lrfind.engine.resumable import ResumableTrainLoop
    from lrfind.storage.recover import journal_head

    resolved = single.model_dump(mode="json", exclude={"sweep", "confirm"})
    parts = identity(task, resolved)
    mark = run_directory.fingerprint({"train": parts})
    # What a training that is killed can be told by, without JAX.
    told = journal_head(name, task.report.facts(peak.rate), task.train_steps, task.report.assumptions)
    head = parts | told | {"learning_rate": peak.rate, "rate_from": peak.source, "highest": peak.highest}
    other = partial(other_run, parts, no_part={})
    with options.take(f"{name}-train", mark, head, other, TRAIN) as directory:
        callback.folder(directory.path, directory.passed)
        replay = ReplayJournal(directory)
        if (reached := position(directory.recorded)) is not None or directory.rejected_lines:
            callback.resume(reached, directory.rejected_lines)
        taken, interrupted = Taken(), False
        with devices.failures():
            train_loop, state, validator, between = compiled(task, platform, callback, timer, replay)
            hold(task, [state], replay)
            try:
                with timer("train"):
                    callback.phase("train")
                    fields = "loss", "gradient_norm"
                    recorded = ResumableTrainLoop(
                        train_loop, replay, "train", callback.on_recompute, fields, task.batches.seen
                    )
                    for _ in steps(task, recorded, replay, state, peak.rate, validator, between, taken):
                        callback.on_sweep_chunk(line_of_rates(task, taken), taken.done, taken.loss[-1])
            except KeyboardInterrupt as error:
                if not signals.stopped(error) or not taken.done:
                    raise
                interrupted = True
        callback.phase("render")
        status = "interrupted" if interrupted else "complete" if taken.done == task.train_steps else "stopped"
        training = build_training(task, name, peak, taken, validator, status, timer)
        training, files = render(training, timer)
        if interrupted and directory.finished:
            directory.end(status)
            return training, []
        return training, directory.finish(files, status)


def single_run_config(config: Config, peak: Peak) -> Config:
    """The config of one training at a rate, with no sweep around it."""
    return config.model_copy(
        update={
            "sweep": config.sweep.model_copy(update={"seeds": 1}),
            "confirm": ConfirmSection(enabled=False),
            "optimizer": config.optimizer.model_copy(update={"learning_rate": peak.rate}),
        }
    )


def compiled(
    task: Task, platform: str, callback: Callback, timer: Timer, replay: ReplayJournal
) -> tuple[TrainLoop, Any, Validator | None, int]:
    """The compiled kernel, the starting state, what is looked at, and the steps between two looks. A training that is
    carried on keeps its execution."""
    from lrfind.engine.host_batches import chunk_within
    from lrfind.engine.train_loop import TrainLoop, chunk_for
    from lrfind.runs.validation import make_validator, validation_interval

    looked = make_validator(task, task.train_steps)
    chunk = chunk_within(
        chunk_for(task.objective.parameters, task.batches.rows_per_step, task.train_steps), task.batches.bytes_per_step
    )
    between, chunk = validation_interval(task.train_steps, looked.validations if looked else 0, chunk)
    told = replay.replay("execution")
    execution = Execution(told["steps"], told["lanes"], told["compiler"]) if told else None
    train_loop = TrainLoop(
        task.step, task.batches.feed(), platform, execution=execution, chunk=chunk, lane_steps=task.train_steps
    )
    with timer("compile"), ThreadPoolExecutor(max_workers=2) as pool:
        callback.phase("compile")
        starting = pool.submit(task.starts, platform)  # XLA compiles outside of Python's lock, so these overlap.
        scoring = pool.submit(looked.compile, task.shapes()[0], platform) if looked else None
        train_loop.compile(task.shapes())
        if scoring is not None:
            scoring.result()
        if told is None:
            replay.append({"kind": "execution", **asdict(train_loop.execution)})
        if looked is not None:
            replay.memoize("look", lambda: {"metric": looked.metric_name, "rows": looked.scorer.rows})
        return train_loop, starting.result()[0], looked, between


def steps(
    task: Task,
    train_loop: Trainer,
    replay: ReplayJournal,
    state: Any,
    peak: float,
    validator: Validator | None,
    between: int,
    taken: Taken,
) -> Iterator[None]:
    """Train, and look on the way.

    Args:
        task: of the training.
        train_loop: recorded.
        replay: what the looks saw, told again where the training is carried on.
        state: before the first step.
        peak: the schedule's peak.
        validator: what is looked at; None for nothing.
        between: steps between two looks.
        taken: filled.

    Yields:
        After every chunk, and the look at its end.
    """
    from lrfind.runs.confirmation import schedule
    from lrfind.runs.scheduled_training import train_on_schedule

    along = schedule(task, task.train_steps)
    seen(replay, validator, [state], taken)
    for chunk, rates in train_on_schedule(train_loop, [state], along, np.array([peak])):
        taken.loss += chunk.loss[0].tolist()
        taken.gradient_norm += chunk.gradient_norm[0].tolist()
        taken.rate += rates[0].tolist()
        # Chunks of a schedule that waits for the loss end where they must, and may step over a look's place.
        if taken.done >= len(taken.at) * between or taken.done == along.steps or taken.lost:
            seen(replay, validator, chunk.states, taken)
        yield
        if taken.lost:
            return


def seen(replay: ReplayJournal, validator: Validator | None, states: Sequence[Any], taken: Taken) -> None:
    """Look at the one lane's state, unless that was done before."""
    if validator is None:
        return

    def measure() -> dict[str, Any]:
        loss, metric = validator(states[0])
        return {"step": taken.done, "val_loss": loss, "metric": metric}

    told = replay.memoize("score", measure)
    taken.at.append(told["step"])
    taken.val_loss.append(float(told["val_loss"]))
    taken.metric.append(float(told["metric"]))


def line_of_rates(task: Task, taken: Taken) -> Floats:
    """The rates so far, and a place for each to come: what a progress bar counts by."""
    rates = np.full(task.train_steps, np.nan)
    rates[: taken.done] = taken.rate
    return rates


def build_training(
    task: Task, name: str, peak: Peak, taken: Taken, validator: Validator | None, status: Any, timer: Timer
) -> Training:
    """Diagnose what was measured, and put the training together."""
    from lrfind.engine import devices

    scores = None
    if validator is not None:
        at, loss, metric = (np.array(each, np.float64) for each in (taken.at, taken.val_loss, taken.metric))
        scores = Scores(at, loss, metric, validator.metric_name, validator.scorer.rows)
    loss = np.array(taken.loss, np.float64)
    rate = np.array(taken.rate, np.float64)
    config = task.config
    return Training(
        name=name,
        status=status,
        learning_rate=peak.rate,
        rate_from=peak.source,
        schedule=config.train.schedule.name,
        steps=task.train_steps,
        rate=rate,
        loss=loss,
        gradient_norm=np.array(taken.gradient_norm, np.float64),
        scores=scores,
        findings=judge(trace(rate, loss, scores, peak.highest)),
        facts=task.report.facts(peak.rate),
        assumptions=task.report.assumptions,
        config=config.model_dump(mode="json", exclude={"sweep", "confirm"}),
        environment=devices.environment(),
        timing={**{part.rstrip("_"): spent for part, spent in timer.spent.items()}, "total": timer.total},
    )
