"""From a plan to a result: sweep, confirmation, reading. Prints nothing; whoever watches is told."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lrfind.config.schema import Config
from lrfind.core import signals
from lrfind.core.dataset import Floats
from lrfind.core.result import Result
from lrfind.runs.callbacks import Callback, Timer
from lrfind.runs.identity import hold
from lrfind.storage.null import NullRunDirectory
from lrfind.storage.replay import ReplayJournal
from lrfind.storage.run_directory import RunDirectory

if TYPE_CHECKING:
    from lrfind.engine.sharpness import Stability
    from lrfind.engine.train_loop import TrainLoop
    from lrfind.runs.confirmation import ConfirmationRun
    from lrfind.runs.evaluator import Evaluator
    from lrfind.runs.range_test import SweepPass
    from lrfind.task.task import Task

Render = Callable[[Result, Timer], tuple[Result, Mapping[str, bytes]]]
"""Draws a result's files by name; the result comes back with the time that took."""


def measure(
    task: Task,
    platform: str,
    name: str,
    directory: RunDirectory | NullRunDirectory,
    render: Render,
    bounds: tuple[float | None, float | None],
    callback: Callback,
    timer: Timer,
) -> tuple[Result, list[Path]]:
    """Sweep, confirm, and put the result together: what is left when it is clear what to run and where to keep it.

    Args:
        task: what to run.
        platform: what it runs on.
        name: how reports call it.
        directory: where the journal and the files go.
        render: draws the files.
        bounds: lowest and highest rate that the user allows.
        callback: is told.
        timer: beside it.

    Returns:
        As `sweep`.
    """
    from lrfind.engine import devices
    from lrfind.engine.resumable import ResumableTrainLoop
    from lrfind.runs.build_result import build_result
    from lrfind.runs.confirmation import start
    from lrfind.runs.evidence import evidence, sharpness
    from lrfind.runs.range_test import range_test

    config, replay = task.config, ReplayJournal(directory)
    climbs: list[SweepPass] = []
    interrupted = False
    search: ConfirmationRun | None = None
    curving: Future[Stability | None] | None = None
    with devices.failures():
        train_loop, states, judged = compiled(task, platform, callback, timer, replay)
        hold(task, states, replay)
        try:
            with timer("sweep"):
                callback.phase("sweep")
                recorded = ResumableTrainLoop(
                    train_loop, replay, "sweep", callback.on_recompute, seen=task.batches.seen
                )
                for current in range_test(recorded, states, config.sweep, bounds, climbs):
                    callback.on_sweep_chunk(
                        current.ladder, current.done, float(np.median(current.chunks[-1].loss[:, -1]))
                    )
            rate = starting_rate(config, climbs[-1])
            if judged is not None and rate is not None:
                with timer("confirm"), ThreadPoolExecutor(max_workers=1) as beside:
                    callback.phase("confirm")
                    curving = beside.submit(
                        remembered, replay, lambda: sharpness(task, train_loop, states[0], platform)
                    )
                    swept = replay.memoize("swept", lambda: {"seconds": timer.spent["sweep"]})
                    search = start(task, judged, states, rate, climbs, swept["seconds"])
                    replay.memoize("race", partial(search_record, search))
                    run_rungs(task, train_loop, states, search, replay, callback)
        except KeyboardInterrupt as error:
            if not signals.stopped(error) or not any(begun.chunks for begun in climbs):
                raise
            interrupted = True
        stability = curving.result() if curving else None
    callback.phase("render")
    measured = [begun for begun in climbs if begun.chunks][-1]
    extended = len(climbs) > 1
    result = build_result(
        task,
        name,
        measured,
        search,
        evidence(measured, stability),
        train_loop.execution,
        interrupted=interrupted,
        extended=extended,
        timer=timer,
    )
    result, files = render(result, timer)
    if interrupted and directory.finished:
        directory.end(result.status)
        return result, []
    return result, directory.finish(files, result.status)


def compiled(
    task: Task, platform: str, callback: Callback, timer: Timer, replay: ReplayJournal | None = None
) -> tuple[TrainLoop, list[Any], Evaluator | None]:
    """The compiled kernel, every seed's starting state, and what trainings are judged by if there will be any. A run
    that is carried on keeps its execution."""
    from lrfind.core.result import Execution
    from lrfind.engine.host_batches import chunk_within
    from lrfind.engine.train_loop import TrainLoop, chunk_for
    from lrfind.runs.confirmation import rehearse_schedules
    from lrfind.runs.evaluator import make_evaluator

    config = task.config
    told = replay.replay("execution") if replay else None
    chunk = chunk_within(
        chunk_for(task.objective.parameters, task.batches.rows_per_step, config.sweep.steps),
        task.batches.bytes_per_step,
    )
    judged = make_evaluator(task) if config.confirm.enabled else None
    lane_steps = config.sweep.steps * len(task.batches.seeds)
    train_loop = TrainLoop(
        task.step,
        task.batches.feed(),
        platform,
        execution=Execution(told["steps"], told["lanes"], told["compiler"]) if told else None,
        chunk=chunk,
        lane_steps=max(lane_steps, config.confirm.budget) if judged else lane_steps,
    )
    with timer("compile"), ThreadPoolExecutor(max_workers=2) as pool:
        callback.phase("compile")
        starting = pool.submit(task.starts, platform)  # XLA compiles outside of Python's lock, so these overlap.
        if judged is not None:
            others = [
                pool.submit(judged.compile, task.shapes()[0], platform),
                pool.submit(rehearse_schedules, task, judged),
            ]
        train_loop.compile(task.shapes())
        for other in others if judged else ():
            other.result()
        if replay is not None and told is None:
            replay.append({"kind": "execution", **asdict(train_loop.execution)})
        return train_loop, starting.result(), judged


def starting_rate(config: Config, climb: SweepPass) -> float | None:
    """Where the trainings begin: the rate that the configured method reads off the curve, or a guess where noise hides
    it."""
    from lrfind.analysis.range_test.methods import suggestions
    from lrfind.analysis.range_test.recommendation import guess

    found = suggestions(config.sweep.method, climb.reading, climb.loss)[config.sweep.method]
    return guess(climb.reading) if found.learning_rate is None else found.learning_rate


def search_record(begun: ConfirmationRun) -> dict[str, Any]:
    """What a journal says of a race, so that `lrfind.storage.recover` can tell its heats from it alone."""
    search = begun.search
    return {
        "suggestion": search.suggestion,
        "budget": search.budget,
        "untrained": search.untrained.tolist(),
        "evaluation": search.evaluation,
        "most": search.max_exponent,
        "judged_on": begun.evaluator.name,
        "before": begun.before,
    }


def run_rungs(
    task: Task,
    train_loop: TrainLoop,
    states: list[Any],
    begun: ConfirmationRun,
    replay: ReplayJournal,
    callback: Callback,
) -> None:
    """Train at the candidates, judge and watch."""
    from lrfind.engine.resumable import ResumableTrainLoop
    from lrfind.runs.confirmation import confirm

    search, limit = begun.search, task.config.confirm.max_seconds
    if search.possible:
        callback.on_confirm_start(search.budget, search.budget * begun.per_step)
    began = time.monotonic()

    def late() -> bool:
        nonlocal began
        if limit is None:
            return False
        spent = replay.memoize("time", lambda: {"seconds": time.monotonic() - began})["seconds"]
        began = time.monotonic() - spent  # What was spent before a kill counts as well.
        return bool(spent > limit)

    def judged(group: Sequence[Any]) -> tuple[Floats, Floats]:
        def judge() -> dict[str, Any]:
            ready = begun.evaluator.prepare_states(group)
            loss, train_loss = begun.evaluator.losses(ready)
            told = {"loss": loss.tolist(), "train_loss": train_loss.tolist()}
            return told | (
                {"unseeing": begun.evaluator.permuted_label_loss(ready)} if begun.evaluator.permuted_labels else {}
            )

        told = replay.memoize("judged", judge)
        search.permuted_label_loss = min(search.permuted_label_loss, float(told.get("unseeing", math.inf)))
        return np.array(told["loss"], np.float64), np.array(told["train_loss"], np.float64)

    recorded = ResumableTrainLoop(
        train_loop, replay, "confirm", callback.on_recompute, fields=("loss",), seen=task.batches.seen
    )
    for rung_chunk in confirm(task, recorded, states, judged, search, late):
        callback.on_rung_chunk(len(rung_chunk.rung.rates), rung_chunk.rung.steps, rung_chunk.done, search.budget)


def remembered(replay: ReplayJournal, measure: Callable[[], Stability | None]) -> Stability | None:
    """The sharpness, measured once."""
    from lrfind.engine.sharpness import Stability

    def found() -> dict[str, Any]:
        stability = measure()
        return {"found": asdict(stability) if stability else None}

    told = replay.memoize("sharpness", found)["found"]
    return Stability(**told) if told else None
