"""Confirm the suggestion by rungs of short real trainings in the sweep's train loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lrfind.analysis.confirmation.horizon_scaling import POWER, ignores_gradient_scale
from lrfind.analysis.confirmation.search import ENOUGH, Rung, Search, horizons, min_budget
from lrfind.core.dataset import Floats
from lrfind.runs import evidence
from lrfind.runs.scheduled_training import UnitSchedule, train_on_schedule, unit_schedule
from lrfind.runs.sweep_pass import PROBE_EVERY
from lrfind.task.models.contract import FORWARD

if TYPE_CHECKING:
    from lrfind.engine.trainer import Chunk, Trainer
    from lrfind.runs.evaluator import Evaluator, Judgement
    from lrfind.runs.range_test import SweepPass
    from lrfind.task.task import Task

MOST = 10
"""Largest cost of the confirmation, in multiples of the whole training's steps.

A user who trains for 50 steps will not wait for 3,000; the first rung, which is short, is exempt.
"""


@dataclass(frozen=True)
class ConfirmationRun:
    """A started or finished confirmation.

    Attributes:
        search: search over learning rates.
        evaluator: evaluator of the trials.
        before: optimiser steps of sweep and evidence.
        per_step: seconds per step of the sweep.
        timed: whether `confirm.max_seconds` leaves less budget than `confirm.budget`.
    """

    search: Search
    evaluator: Evaluator
    before: float
    per_step: float
    timed: bool = False


def start(
    task: Task, judged: Evaluator, starts: list[Any], rate: float, climbs: Sequence[SweepPass], seconds: float
) -> ConfirmationRun:
    """Start a search at the sweep's suggestion with the remaining budget.

    Args:
        task: task to train.
        judged: compiled evaluator.
        starts: training state of every seed before training.
        rate: suggested learning rate.
        climbs: passes of the sweep.
        seconds: time that the sweep took.
    """
    section, seeds = task.config.confirm, len(starts)
    swept = sum(sweep.done for sweep in climbs) * seeds
    probes = sum(float(np.isfinite(sweep.trust).sum()) for sweep in climbs)
    before = swept + FORWARD * probes + evidence.cost(task)
    allowed = step_budget(task, before, judged)
    budget = allowed if section.max_seconds is None else min(allowed, section.max_seconds * swept / seconds)
    untrained, _ = judged(starts)
    last = climbs[-1]
    # The rungs of a full search are long enough to show how the best rate falls, more exactly than the norms do.
    falls = budget < ENOUGH and ignores_gradient_scale(last.learning_rate, last.update_norm, last.gradient_norm, rate)
    race = Search(rate, task.train_steps, budget, seeds, untrained, judged.cost, -POWER if falls else 0.0)
    return ConfirmationRun(race, judged, before, seconds / swept, timed=budget < allowed)


def step_budget(task: Task, before: float, judged: Evaluator) -> float:
    """Return the optimiser steps that the rungs may take, regardless of time.

    Args:
        task: task to train.
        before: optimiser steps of sweep and evidence.
        judged: evaluator of the trials.
    """
    first = min_budget(task.train_steps, judged.cost)
    return min(task.config.confirm.budget - before, max(MOST * task.train_steps, first))


def expected(task: Task, judged: Evaluator) -> float:
    """Return the optimiser steps that the rungs may take after a sweep without extension."""
    sweep = task.config.sweep
    probes = FORWARD * sweep.steps / PROBE_EVERY
    return step_budget(task, sweep.seeds * (sweep.steps + probes) + evidence.cost(task), judged)


@dataclass(frozen=True)
class RungChunk:
    """A chunk of some trials of a rung.

    Attributes:
        rung: rung that is trained.
        rates: peak rate of each lane, shape (lanes,).
        seeds: seed of each lane.
        chunk: losses, norms and states of the chunk.
        done: optimiser steps of the confirmation so far.
    """

    rung: Rung
    rates: Floats
    seeds: list[int]
    chunk: Chunk
    done: float


def confirm(
    task: Task, train_loop: Trainer, starts: list[Any], judged: Judgement, race: Search, late: Callable[[], bool]
) -> Iterator[RungChunk]:
    """Run the rungs of a search, which holds the outcome even if the caller stops early.

    As many lanes run side by side as in the sweep, so that no more memory is needed.

    Args:
        task: task to train.
        train_loop: train loop, compiled for the seeds' states.
        starts: training state of every seed before training.
        judged: evaluator, called once per group of lanes.
        race: search without a rung.
        late: called before each rung; no more are started once it returns True.

    Yields:
        Every chunk of every rung.
    """
    for heat in race.rungs():
        if late():
            return
        along = schedule(task, heat.steps)
        lanes = [(rate, seed) for rate in heat.rates for seed in range(heat.seeds)]
        outcomes: list[tuple[Floats, Floats]] = []
        for first in range(0, len(lanes), len(starts)):
            group = lanes[first : first + len(starts)]
            rates, seeds = np.array([rate for rate, _ in group]), [seed for _, seed in group]
            done = race.spent + first * heat.steps
            chunk = None
            label = {"learning_rate": rates.tolist(), "seed": seeds, "steps": heat.steps}
            for chunk, _ in train_on_schedule(
                train_loop, [starts[seed] for seed in seeds], along, rates, seeds, label=label
            ):
                yield RungChunk(heat, rates, seeds, chunk, done + len(group) * (chunk.start + chunk.loss.shape[1]))
            assert chunk is not None, "a heat has a step at least"
            outcomes.append(judged(chunk.states))
            loss, train_loss = (np.concatenate(groups) for groups in zip(*outcomes, strict=True))
            race.report(heat, loss.tolist(), train_loss.tolist())
        shape = (len(heat.rates), heat.seeds)
        race.tell(heat, loss.reshape(shape), train_loss.reshape(shape))


def rehearse_schedules(task: Task, judged: Evaluator) -> None:
    """Compile the schedules of the likely lengths of the rungs ahead of time."""
    for steps in horizons(task.train_steps, expected(task, judged), judged.cost):
        schedule(task, steps)


def schedule(task: Task, horizon: int) -> UnitSchedule:
    """Return the config's schedule scaled to `horizon` steps."""
    section = task.config.train.schedule
    return unit_schedule(section.name, horizon, **section.scaled(task.train_steps, horizon))
