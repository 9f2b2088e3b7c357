"""Confirm the suggestion by rungs of short real trainings in the sweep's train loop; measure sharpness beside."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import jax
import numpy as np

from lrfind.analysis.confirmation.horizon_scaling import POWER
from lrfind.analysis.confirmation.search import ENOUGH, Rung, Search, horizons, min_budget
from lrfind.analysis.confirmation.summary import SearchRun
from lrfind.analysis.range_test.methods import suggestions
from lrfind.analysis.range_test.recommendation import guess
from lrfind.analysis.range_test.sweep_curve import SweepCurve
from lrfind.config.schema import Config
from lrfind.core.dataset import Floats
from lrfind.core.errors import OwnCodeError
from lrfind.engine.evaluation import rows_in
from lrfind.engine.sharpness import BASIS, ROUNDS, Stability, rule_of, stability
from lrfind.engine.train_loop import TrainLoop
from lrfind.engine.trainer import Chunk, LaneRun, Trainer
from lrfind.runs.evaluator import Evaluator
from lrfind.runs.prepare import Run
from lrfind.runs.range_test import PROBE_EVERY, SweepPass
from lrfind.runs.training import resumable, train_on_schedule
from lrfind.storage.journal import KIND_CONFIRM, KIND_JUDGED, KIND_SEARCH, KIND_SHARPNESS, KIND_SWEPT, KIND_TIME
from lrfind.storage.replay import Line
from lrfind.task.models.contract import FORWARD
from lrfind.task.optim import param_groups
from lrfind.task.task import Task

MOST = 10
"""Largest cost of the confirmation, in multiples of the whole training's steps.

A user who trains for 50 steps will not wait for 3,000; the first rung, which is short, is exempt.
"""


@dataclass
class ConfirmationRun:
    """A confirmation of a run; an interrupted one keeps its finished trials.

    Attributes:
        run: run of the task.
        train_loop: train loop, compiled for the seeds' states.
        states: training state of each seed before training.
        evaluator: compiled evaluator of the trials.
        search: search over learning rates; None before the first trial.
    """

    run: Run
    train_loop: TrainLoop
    states: list[Any]
    evaluator: Evaluator
    search: SearchRun | None = None
    _stability: Future[Line] = field(default_factory=Future)
    _began: float = 0.0

    def confirm(self, rate: float, passes: Sequence[SweepPass]) -> None:
        """Search around a suggested rate, and measure the sharpness beside.

        Args:
            rate: suggested learning rate.
            passes: passes of the sweep.
        """
        run, replay, callback = self.run, self.run.replay, self.run.context.callback
        with run.context.phase("confirm"), ThreadPoolExecutor(max_workers=1) as beside:
            self._stability = beside.submit(replay.memoize, KIND_SHARPNESS, self._measure_stability)
            swept = replay.memoize(KIND_SWEPT, lambda: {"seconds": run.context.spent["sweep"]})
            seconds, seed_steps = float(swept["seconds"]), sum(part.done for part in passes) * len(self.states)
            self.search = self._start(rate, passes, seed_steps, seconds)
            replay.memoize(KIND_SEARCH, partial(search_record, self.search))
            search = self.search.search
            if search.possible:
                callback.on_confirm_start(search.budget, search.budget * seconds / seed_steps)
            self._began = time.monotonic()
            trainer = resumable(run, self.train_loop, KIND_CONFIRM, ("loss",), from_start=False)
            for part in run_rungs(run.task, trainer, self.states, self.judge, search, self.late):
                callback.on_rung_chunk(len(part.rung.rates), part.rung.steps, part.done, search.budget)

    def _start(self, rate: float, passes: Sequence[SweepPass], swept: int, seconds: float) -> SearchRun:
        """Start a search at the sweep's suggestion with the remaining budget.

        Args:
            rate: suggested learning rate.
            passes: passes of the sweep.
            swept: steps that the sweep took, of all seeds.
            seconds: time that it took.
        """
        task, evaluator, max_seconds = self.run.task, self.evaluator, self.run.task.config.confirm.max_seconds
        probes = sum(float(np.isfinite(part.curve.trust).sum()) for part in passes)
        before = swept + FORWARD * probes + sharpness_cost(task)
        allowed = step_budget(task, before, evaluator)
        budget = allowed if max_seconds is None else min(allowed, max_seconds * swept / seconds)
        untrained, _ = evaluator(self.states)
        # The rungs of a full search are long enough to show how the best rate falls, more exactly than the norms do.
        falls = budget < ENOUGH and passes[-1].curve.ignores_gradient_scale(rate)
        search = Search(
            rate, task.train_steps, budget, len(self.states), untrained, evaluator.cost, -POWER if falls else 0.0
        )
        return SearchRun(search, evaluator.name, before, evaluator.rows, timed=budget < allowed)

    @property
    def stability(self) -> Mapping[str, Any]:
        """Sharpness, stability limit and its rule, as the journal has them; empty if they are unknown."""
        return (self._stability.result()["found"] if self._stability.done() else None) or {}

    def late(self) -> bool:
        """Return whether `confirm.max_seconds` have passed; time before a kill counts as well."""
        limit = self.run.task.config.confirm.max_seconds
        if limit is None:
            return False
        line = self.run.replay.memoize(KIND_TIME, lambda: {"seconds": time.monotonic() - self._began})
        self._began = time.monotonic() - line["seconds"]
        return bool(line["seconds"] > limit)

    def judge(self, states: Sequence[Any]) -> tuple[Floats, Floats]:
        """Return the deciding loss and the training loss of each state, from the journal if it has them."""
        assert self.search is not None, "the search has begun"
        line = self.run.replay.memoize(KIND_JUDGED, partial(self.evaluator.record, states))
        search = self.search.search
        search.permuted_label_loss = min(search.permuted_label_loss, float(line.get("unseeing", math.inf)))
        return np.array(line["loss"], np.float64), np.array(line["train_loss"], np.float64)

    def _measure_stability(self) -> dict[str, Any]:
        stability = sharpness(self.run.task, self.train_loop, self.states[0], self.run.platform)
        return {"found": asdict(stability) if stability else None}


def starting_rate(config: Config, curve: SweepCurve) -> float | None:
    """Return the rate at which the trials begin: the suggestion, or a guess if noise hides it."""
    suggestion = suggestions(config.sweep.method, curve.summary, curve.loss)[config.sweep.method]
    return guess(curve.summary) if suggestion.learning_rate is None else suggestion.learning_rate


def step_budget(task: Task, before: float, evaluator: Evaluator) -> float:
    """Return the optimiser steps that the rungs may take, regardless of time.

    Args:
        task: task to train.
        before: optimiser steps of sweep and evidence.
        evaluator: evaluator of the trials.
    """
    first = min_budget(task.train_steps, evaluator.cost)
    return min(task.config.confirm.budget - before, max(MOST * task.train_steps, first))


def expected(task: Task, evaluator: Evaluator) -> float:
    """Return the optimiser steps that the rungs may take after a sweep without extension."""
    sweep = task.config.sweep
    probes = FORWARD * sweep.steps / PROBE_EVERY
    return step_budget(task, sweep.seeds * (sweep.steps + probes) + sharpness_cost(task), evaluator)


def search_record(run: SearchRun) -> dict[str, Any]:
    """Return the journal's line of a search; `lrfind.storage.recover.search_of` is the inverse.

    The file format calls `Search.max_exponent` ``most``.
    """
    search = run.search
    return {
        "suggestion": search.suggestion,
        "budget": search.budget,
        "untrained": search.untrained.tolist(),
        "evaluation": search.evaluation,
        "most": search.max_exponent,
        "judged_on": run.judged_on,
        "before": run.before,
    }


Judgement = Callable[[Sequence[Any]], tuple[Floats, Floats]]
"""Function from states to deciding loss and training loss: an `Evaluator` or its replay."""


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


def run_rungs(
    task: Task, trainer: Trainer, states: list[Any], judge: Judgement, search: Search, late: Callable[[], bool]
) -> Iterator[RungChunk]:
    """Run the rungs of a search, which holds the outcome even if the caller stops early.

    As many lanes run side by side as in the sweep, so that no more memory is needed.

    Args:
        task: task to train.
        trainer: train loop, compiled for the seeds' states.
        states: training state of every seed before training.
        judge: evaluator, called once per group of lanes.
        search: search without a rung.
        late: called before each rung; no more are started once it returns True.

    Yields:
        Every chunk of every rung.
    """
    for rung in search.rungs():
        if late():
            return
        schedule = task.schedule(rung.steps)
        lanes = [(rate, seed) for rate in rung.rates for seed in range(rung.seeds)]
        spent = search.spent
        for first in range(0, len(lanes), len(states)):
            group = lanes[first : first + len(states)]
            rates, seeds = np.array([rate for rate, _ in group]), [seed for _, seed in group]
            starts = [states[seed] for seed in seeds]
            label = {"learning_rate": rates.tolist(), "seed": seeds, "steps": rung.steps}
            chunk = None
            for chunk, _ in train_on_schedule(trainer, starts, schedule, rates, seeds, label=label):
                done = first * rung.steps + len(group) * chunk.stop
                yield RungChunk(rung, rates, seeds, chunk, spent + done)
            assert chunk is not None, "a rung has a step at least"
            search.report(rung, *judge(chunk.states))


def rehearse_schedules(task: Task, evaluator: Evaluator) -> None:
    """Compile the schedules of the likely lengths of the rungs ahead of time."""
    for steps in horizons(task.train_steps, expected(task, evaluator), evaluator.cost):
        task.schedule(steps)


STILL = 20
"""Steps at rate zero that fill an adaptive optimiser's moments at the initial weights."""

ROWS = 32
"""Least number of rows that the sharpness is measured on; a larger batch is used whole."""

MOST_PRODUCTS = BASIS * ROUNDS + 1
"""Largest number of Hessian-vector products, for the budget."""


def sharpness_cost(task: Task) -> float:
    """Return the largest cost of `sharpness`, in optimiser steps, two per product."""
    if not has_rule(task):
        return 0
    measured_rows = rows_in(task.batches.source.first(max(ROWS, task.batches.source.batch_rows)))
    return STILL + 2 * MOST_PRODUCTS * measured_rows / task.batches.rows_per_step


def has_rule(task: Task) -> bool:
    """Return whether there is a formula for the optimiser's stability limit."""
    section = task.config.optimizer
    return section.named and rule_of(section.name, section.options) is not None


def sharpness(task: Task, train_loop: TrainLoop, start: Any, platform: str) -> Stability | None:
    """Return sharpness and stability limit at the first seed's initial weights.

    Args:
        task: task to train.
        train_loop: train loop, compiled.
        start: training state of the first seed before training.
        platform: ``"cpu"``, ``"gpu"`` or ``"tpu"``.

    Returns:
        Sharpness and limit; None if they are unknown, or memory does not suffice.
    """
    if not has_rule(task):
        return None
    section, source = task.config.optimizer, task.batches.source
    params = task.objective.initial[0]
    factors = param_groups.factors(params, section.groups, section.frozen) if section.groups else None
    *_, chunk = train_loop.train(LaneRun([start], np.zeros((STILL, 1)), seeds=[0]))
    batch = source.first(max(ROWS, source.batch_rows))
    key = task.batches.order.keys(task.batches.seeds[0], 0, 1)[0]
    try:
        loss = task.objective.model_in("float32").loss
        return stability(loss, chunk.states[0], batch, key, section.name, section.options, platform, factors)
    except (jax.errors.JaxRuntimeError, MemoryError, OwnCodeError):
        return None
