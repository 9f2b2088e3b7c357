"""The confirmation: heats of short real trainings, by the same kernel as the sweep."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lrfind import evidence
from lrfind.analysis.race import Heat, Race, horizons, least
from lrfind.data.dealt import dealt
from lrfind.engine.evaluate import Evaluator
from lrfind.engine.settle import Settler, has_leaves
from lrfind.engine.sweep import PROBE_EVERY
from lrfind.models.contract import FORWARD
from lrfind.pace import Course, course, paced
from lrfind.types import Floats

if TYPE_CHECKING:
    from lrfind.climb import Climb
    from lrfind.engine.kernel import Chunk
    from lrfind.engine.recorded import Runs
    from lrfind.engine.step import TrainState
    from lrfind.plan import Plan

MOST = 10
"""The confirmation never takes more than this many times the steps of the training that the rate is for: who trains
for 50 steps will not wait for 3,000. The first heat is always let through: it takes no time."""


@dataclass(frozen=True)
class Judge:
    """What states are judged by.

    Attributes:
        held_out: the loss on rows that were held out; None where none are.
        trained_on: the loss on rows that were trained on.
        rows: how many rows the judgement rests on.
        cost: of judging one state, in optimiser steps.
        settler: running statistics of a state's weights; None of a model that has none.
        dealt: the loss on rows whose labels were dealt out anew, where a constant answer's is not known; None where
            that is known, or rows have no labels.
        at: a state with the weights that its optimiser is evaluated at.
    """

    held_out: Evaluator | None
    trained_on: Evaluator
    rows: int
    cost: float
    at: Callable[[TrainState], TrainState] = lambda state: state
    settler: Settler | None = None
    dealt: Evaluator | None = None

    @property
    def name(self) -> str:
        return "held-out loss" if self.held_out else "training loss"

    def compile(self, shapes: TrainState, platform: str) -> None:
        parts: tuple[Evaluator | Settler | None, ...] = (self.held_out, self.trained_on, self.settler, self.dealt)
        for each in parts:
            if each is not None:
                each.compile(shapes, platform)

    def __call__(self, states: Sequence[TrainState]) -> tuple[Floats, Floats]:
        """What each state is judged by, and its training loss, shape (states,) each."""
        return self.losses(self.ready(states))

    def ready(self, states: Sequence[TrainState]) -> list[TrainState]:
        """The states as they are judged: with the weights that they are evaluated at, and statistics of these."""
        states = [self.at(state) for state in states]
        if self.settler:
            states = [state._replace(state=self.settler(state.params)) for state in states]
        return states

    def losses(self, ready: Sequence[TrainState]) -> tuple[Floats, Floats]:
        """As a call does, of states that are ready."""
        train_loss = self.trained_on(ready)
        return (self.held_out(ready) if self.held_out else train_loss), train_loss

    def unseeing(self, ready: Sequence[TrainState]) -> float:
        """The lowest loss of any of the states on labels dealt out anew; inf where there are none, or it is not
        finite."""
        if self.dealt is None:
            return math.inf
        loss = self.dealt(ready)
        return float(np.where(np.isfinite(loss), loss, math.inf).min())


HELD_OUT, TRAINED_ON = 32, 8
"""Batches' worth of rows that a state is judged on: fourteen steps' cost at most, which is a seventh of the default
budget over its thirty trainings. With half as many held-out rows, one pair of `--seed`s in twenty more recommended
rates that lie further apart than a factor of two."""

SETTLED = 16
"""Batches' worth of training rows that running statistics are taken from. (2,048 rows of a batch of 128 leave a
channel's variance uncertain by some 3 %, and the loss by far less.)"""

FEW_ROWS = 256
"""Rows that are held out or make statistics in any case: small batches would judge on next to nothing."""


def judge(plan: Plan) -> Judge:
    """The rows of a plan that states are judged by."""
    rows, source = plan.rows, plan.source
    seen_before = source.sample("train", TRAINED_ON * rows, plan.at_once) or []
    trained_on = Evaluator(plan.model.loss, seen_before)
    held_out = source.sample("validation", max(HELD_OUT * rows, FEW_ROWS), plan.at_once)
    others = Evaluator(plan.model.loss, held_out) if held_out else None
    settler = settler_of(plan)
    anew = dealt((held_out or seen_before)[:TRAINED_ON]) if plan.constant_loss is None and not plan.model.step else None
    unseeing = Evaluator(plan.model.loss, anew) if anew else None
    seen = sum(each.rows for each in (trained_on, others, settler, unseeing) if each)
    cost = plan.model.evaluation * seen / rows
    return Judge(others, trained_on, (others or trained_on).rows, cost, plan.evaluated_at, settler, unseeing)


def settler_of(plan: Plan) -> Settler | None:
    """What makes running statistics of a plan's training rows; None where its model has no state."""
    _, state = plan.initial
    if plan.model.step is not None or not has_leaves(state):
        return None
    parts = plan.source.sample("train", max(SETTLED * plan.rows, FEW_ROWS), plan.at_once)
    return Settler(plan.model.loss, state, parts or [])


@dataclass(frozen=True)
class Confirmed:
    """A confirmation, begun or finished.

    Attributes:
        race: the heats.
        judge: what they are judged by.
        before: optimiser steps of sweep and evidence.
        per_step: seconds that a step of the sweep took.
        timed: confirm.max_seconds leaves less than confirm.budget does.
    """

    race: Race
    judge: Judge
    before: float
    per_step: float
    timed: bool = False


def begin(
    plan: Plan, judged: Judge, starts: list[Any], rate: float, climbs: Sequence[Climb], seconds: float
) -> Confirmed:
    """A race from the sweep's suggestion, with what the budget leaves.

    Args:
        plan: of the run.
        judged: compiled.
        starts: state of every seed before training.
        rate: the suggestion.
        climbs: of the sweep.
        seconds: that they took.
    """
    section, seeds = plan.config.confirm, len(starts)
    swept = sum(each.done for each in climbs) * seeds
    probes = sum(float(np.isfinite(each.trust).sum()) for each in climbs)
    before = swept + FORWARD * probes + evidence.cost(plan)
    allowed = allowance(plan, before, judged)
    budget = allowed if section.max_seconds is None else min(allowed, section.max_seconds * swept / seconds)
    untrained, _ = judged(starts)
    race = Race(rate, plan.train_steps, budget, seeds, untrained, judged.cost)
    return Confirmed(race, judged, before, seconds / swept, timed=budget < allowed)


def allowance(plan: Plan, before: float, judged: Judge) -> float:
    """Optimiser steps that the heats may take after so many of sweep and evidence, whatever the clock says."""
    first = least(plan.train_steps, judged.cost)
    return min(plan.config.confirm.budget - before, max(MOST * plan.train_steps, first))


def expected(plan: Plan, judged: Judge) -> float:
    """The allowance, where the sweep goes as the config says."""
    sweep = plan.config.sweep
    probes = FORWARD * sweep.steps / PROBE_EVERY
    return allowance(plan, sweep.seeds * (sweep.steps + probes) + evidence.cost(plan), judged)


@dataclass(frozen=True)
class Lap:
    """A chunk of some of a heat's trainings.

    Attributes:
        heat: what is trained.
        rates: of each lane.
        seeds: of each lane.
        chunk: what was measured.
        done: optimiser steps of the confirmation so far.
    """

    heat: Heat
    rates: Floats
    seeds: list[int]
    chunk: Chunk
    done: float


Judgement = Callable[[Sequence[Any]], tuple[Floats, Floats]]
"""What states are judged by, and their training loss: a `Judge`, or what it said before."""


def confirm(
    plan: Plan, kernel: Runs, starts: list[Any], judged: Judgement, race: Race, late: Callable[[], bool]
) -> Iterator[Lap]:
    """Run a race's heats; the race holds what was found, whoever stops asking.

    As many lanes run side by side as the sweep had, so that no more memory is needed.

    Args:
        plan: of the run.
        kernel: compiled for the seeds' states.
        starts: state of every seed before training.
        judged: asked once a group of lanes.
        race: not begun.
        late: asked before each heat; where it says yes, no more are begun.

    Yields:
        Every chunk of every heat.
    """
    for heat in race.heats():
        if late():
            return
        along = schedule(plan, heat.steps)
        lanes = [(rate, seed) for rate in heat.rates for seed in range(heat.seeds)]
        outcomes: list[tuple[Floats, Floats]] = []
        for first in range(0, len(lanes), len(starts)):
            some = lanes[first : first + len(starts)]
            rates, seeds = np.array([rate for rate, _ in some]), [seed for _, seed in some]
            done = race.spent + first * heat.steps
            chunk = None
            label = {"learning_rate": rates.tolist(), "seed": seeds, "steps": heat.steps}
            for chunk, _ in paced(kernel, [starts[seed] for seed in seeds], along, rates, seeds, label=label):
                yield Lap(heat, rates, seeds, chunk, done + len(some) * (chunk.start + chunk.loss.shape[1]))
            assert chunk is not None, "a heat has a step at least"
            outcomes.append(judged(chunk.states))
            loss, train_loss = (np.concatenate(each) for each in zip(*outcomes, strict=True))
            race.note(heat, loss.tolist(), train_loss.tolist())
        shape = (len(heat.rates), heat.seeds)
        race.tell(heat, loss.reshape(shape), train_loss.reshape(shape))


def rehearse_schedules(plan: Plan, judged: Judge) -> None:
    """Compile the schedule of every length that the heats will most likely have, while nobody waits for it."""
    for steps in horizons(plan.train_steps, expected(plan, judged), judged.cost):
        schedule(plan, steps)


def schedule(plan: Plan, horizon: int) -> Course:
    """The config's schedule, squeezed into `horizon` steps."""
    section = plan.config.train.schedule
    return course(section.name, horizon, **section.scaled(plan.train_steps, horizon))
