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
from lrfind.runs.callbacks import Clock, Watcher
from lrfind.runs.identity import hold
from lrfind.storage.null import Nowhere
from lrfind.storage.replay import Tape
from lrfind.storage.run_directory import RunDirectory

if TYPE_CHECKING:
    from lrfind.engine.sharpness import Stability
    from lrfind.engine.train_loop import Kernel
    from lrfind.runs.confirmation import Confirmed
    from lrfind.runs.evaluator import Judge
    from lrfind.runs.range_test import Climb
    from lrfind.task.task import Plan

Render = Callable[[Result, Clock], tuple[Result, Mapping[str, bytes]]]
"""Draws a result's files by name; the result comes back with the time that took."""


def measure(
    plan: Plan,
    platform: str,
    name: str,
    directory: RunDirectory | Nowhere,
    render: Render,
    bounds: tuple[float | None, float | None],
    watcher: Watcher,
    clock: Clock,
) -> tuple[Result, list[Path]]:
    """Sweep, confirm, and put the result together: what is left when it is clear what to run and where to keep it.

    Args:
        plan: what to run.
        platform: what it runs on.
        name: how reports call it.
        directory: where the journal and the files go.
        render: draws the files.
        bounds: lowest and highest rate that the user allows.
        watcher: is told.
        clock: beside it.

    Returns:
        As `sweep`.
    """
    from lrfind.engine import devices
    from lrfind.engine.resumable import Recorded
    from lrfind.runs.build_result import conclude
    from lrfind.runs.confirmation import begin
    from lrfind.runs.evidence import evidence, sharpness
    from lrfind.runs.range_test import climb

    config, tape = plan.config, Tape(directory)
    climbs: list[Climb] = []
    interrupted = False
    race: Confirmed | None = None
    curving: Future[Stability | None] | None = None
    with devices.failures():
        kernel, states, judged = compiled(plan, platform, watcher, clock, tape)
        hold(plan, states, tape)
        try:
            with clock("sweep"):
                watcher.phase("sweep")
                recorded = Recorded(kernel, tape, "sweep", watcher.repeat, seen=plan.seen)
                for current in climb(recorded, states, config.sweep, bounds, climbs):
                    watcher.climb(current.ladder, current.done, float(np.median(current.chunks[-1].loss[:, -1])))
            rate = begins_at(config, climbs[-1])
            if judged is not None and rate is not None:
                with clock("confirm"), ThreadPoolExecutor(max_workers=1) as beside:
                    watcher.phase("confirm")
                    curving = beside.submit(remembered, tape, lambda: sharpness(plan, kernel, states[0], platform))
                    swept = tape.once("swept", lambda: {"seconds": clock.spent["sweep"]})
                    race = begin(plan, judged, states, rate, climbs, swept["seconds"])
                    tape.once("race", partial(told_by, race))
                    check(plan, kernel, states, race, tape, watcher)
        except KeyboardInterrupt as error:
            if not signals.stopped(error) or not any(begun.chunks for begun in climbs):
                raise
            interrupted = True
        stability = curving.result() if curving else None
    watcher.phase("render")
    measured = [begun for begun in climbs if begun.chunks][-1]
    extended = len(climbs) > 1
    result = conclude(
        plan,
        name,
        measured,
        race,
        evidence(measured, stability),
        kernel.execution,
        interrupted=interrupted,
        extended=extended,
        clock=clock,
    )
    result, files = render(result, clock)
    if interrupted and directory.finished:
        directory.end(result.status)
        return result, []
    return result, directory.finish(files, result.status)


def compiled(
    plan: Plan, platform: str, watcher: Watcher, clock: Clock, tape: Tape | None = None
) -> tuple[Kernel, list[Any], Judge | None]:
    """The compiled kernel, every seed's starting state, and what trainings are judged by if there will be any. A run
    that is carried on keeps its execution."""
    from lrfind.core.result import Execution
    from lrfind.engine.host_batches import chunk_within
    from lrfind.engine.train_loop import Kernel, chunk_for
    from lrfind.runs.confirmation import rehearse_schedules
    from lrfind.runs.evaluator import judge

    config = plan.config
    told = tape.next("execution") if tape else None
    chunk = chunk_within(chunk_for(plan.parameters, plan.rows, config.sweep.steps), plan.step_bytes)
    judged = judge(plan) if config.confirm.enabled else None
    lane_steps = config.sweep.steps * len(plan.seeds)
    kernel = Kernel(
        plan.step,
        plan.feed(),
        platform,
        execution=Execution(told["steps"], told["lanes"], told["compiler"]) if told else None,
        chunk=chunk,
        lane_steps=max(lane_steps, config.confirm.budget) if judged else lane_steps,
    )
    with clock("compile"), ThreadPoolExecutor(max_workers=2) as pool:
        watcher.phase("compile")
        starting = pool.submit(plan.starts, platform)  # XLA compiles outside of Python's lock, so these overlap.
        if judged is not None:
            others = [
                pool.submit(judged.compile, plan.shapes()[0], platform),
                pool.submit(rehearse_schedules, plan, judged),
            ]
        kernel.compile(plan.shapes())
        for other in others if judged else ():
            other.result()
        if tape is not None and told is None:
            tape.add({"kind": "execution", **asdict(kernel.execution)})
        return kernel, starting.result(), judged


def begins_at(config: Config, climb: Climb) -> float | None:
    """Where the trainings begin: the rate that the configured method reads off the curve, or a guess where noise hides
    it."""
    from lrfind.analysis.range_test.methods import suggestions
    from lrfind.analysis.range_test.recommendation import guess

    found = suggestions(config.sweep.method, climb.reading, climb.loss)[config.sweep.method]
    return guess(climb.reading) if found.learning_rate is None else found.learning_rate


def told_by(begun: Confirmed) -> dict[str, Any]:
    """What a journal says of a race, so that `lrfind.storage.recover` can tell its heats from it alone."""
    race = begun.race
    return {
        "suggestion": race.suggestion,
        "budget": race.budget,
        "untrained": race.untrained.tolist(),
        "evaluation": race.evaluation,
        "most": race.most,
        "judged_on": begun.judge.name,
        "before": begun.before,
    }


def check(plan: Plan, kernel: Kernel, states: list[Any], begun: Confirmed, tape: Tape, watcher: Watcher) -> None:
    """Train at the candidates, judge and watch."""
    from lrfind.engine.resumable import Recorded
    from lrfind.runs.confirmation import confirm

    race, limit = begun.race, plan.config.confirm.max_seconds
    if race.possible:
        watcher.expect(race.budget, race.budget * begun.per_step)
    began = time.monotonic()

    def late() -> bool:
        nonlocal began
        if limit is None:
            return False
        spent = tape.once("time", lambda: {"seconds": time.monotonic() - began})["seconds"]
        began = time.monotonic() - spent  # What was spent before a kill counts as well.
        return bool(spent > limit)

    def judged(group: Sequence[Any]) -> tuple[Floats, Floats]:
        def judge() -> dict[str, Any]:
            ready = begun.judge.ready(group)
            loss, train_loss = begun.judge.losses(ready)
            told = {"loss": loss.tolist(), "train_loss": train_loss.tolist()}
            return told | ({"unseeing": begun.judge.unseeing(ready)} if begun.judge.dealt else {})

        told = tape.once("judged", judge)
        race.unseeing = min(race.unseeing, float(told.get("unseeing", math.inf)))
        return np.array(told["loss"], np.float64), np.array(told["train_loss"], np.float64)

    recorded = Recorded(kernel, tape, "confirm", watcher.repeat, fields=("loss",), seen=plan.seen)
    for lap in confirm(plan, recorded, states, judged, race, late):
        watcher.train(len(lap.heat.rates), lap.heat.steps, lap.done, race.budget)


def remembered(tape: Tape, measure: Callable[[], Stability | None]) -> Stability | None:
    """The sharpness, measured once."""
    from lrfind.engine.sharpness import Stability

    def found() -> dict[str, Any]:
        stability = measure()
        return {"found": asdict(stability) if stability else None}

    told = tape.once("sharpness", found)["found"]
    return Stability(**told) if told else None
