"""Real trainings side by side: the truth's own way to the validation loss at the end, apart from any finder's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import jax
import numpy as np
from truth import SEEDS, Floats, Truth, grid

from lrfind.engine import devices
from lrfind.engine.step import start
from lrfind.engine.train_loop import TrainLoop
from lrfind.engine.trainer import BatchFeed, LaneRun, StepInputs
from lrfind.task.batch_source import rows_of
from lrfind.task.data.batches import weight_key
from lrfind.task.optim import schedules
from lrfind.task.task import Task

Cell = tuple[float, int]
"""A rate and a seed: one training."""

DROP_AT = 4
"""Lanes whose weights are not numbers after this part of the training are not trained on: they cannot come back."""


def measure(task: Task, platform: str, recipe: dict[str, Any]) -> Truth:
    """Train at every rate and every seed, under the config's own schedule, for its own number of steps.

    Args:
        task: of the task.
        platform: what to train on.
        recipe: to be kept with the outcome; seeds and versions are added.
    """
    rates = grid()
    loss = train(task, platform, [(rate, seed) for rate in rates for seed in SEEDS])
    evaluate = evaluator(task)
    untrained = np.array([evaluate(*task.objective.model.init(weight_key(SEEDS[0], seed))) for seed in SEEDS])
    own = {key: devices.environment()[key] for key in ("lrfind", "jax", "numpy", "optax", "platform")}
    return Truth(rates, loss.reshape(len(rates), len(SEEDS)), untrained, recipe | {"seeds": list(SEEDS), **own})


def train(task: Task, platform: str, cells: Sequence[Cell]) -> Floats:
    """The validation loss of each cell at the end of its training, shape (cells,); NaN where it is not finite."""
    steps = task.train_steps
    batches = replace(task.batches.order, seed=SEEDS[0])
    seeds: list[int] = []

    @lru_cache(maxsize=len(SEEDS))
    def drawn(seed: int, begin: int, stop: int) -> StepInputs:
        return StepInputs(batches.indices(seed, begin, stop), batches.keys(seed, begin, stop))

    def draw(lane: int, begin: int, stop: int) -> StepInputs:
        return drawn(seeds[lane], begin, stop)

    feed = BatchFeed((task.batches.dataset.train.inputs, task.batches.dataset.train.targets), rows_of, draw)
    first = max(1, steps // DROP_AT)
    train_loop = TrainLoop(task.step, feed, platform, chunk=steps - first or 1)
    begin = jax.jit(lambda params, state: start(params, state, task.optimizer.make))
    starts = {seed: begin(*task.objective.model.init(weight_key(SEEDS[0], seed))) for _, seed in cells}
    section = task.config.train.schedule
    unit = schedules.unit(section.name, steps, **section.keywords(steps))
    loss = np.full(len(cells), np.nan)
    alive, states = list(range(len(cells))), [starts[seed] for _, seed in cells]
    for part in (slice(0, first), slice(first, steps)):
        if not alive:
            break
        seeds[:] = [cells[cell][1] for cell in alive]
        rates = unit[part, None] * np.array([cells[cell][0] for cell in alive])
        for chunk in train_loop.train(LaneRun(states, rates, start=part.start)):
            states = chunk.states
        kept = [lane for lane, state in enumerate(states) if is_number(state.params)]
        alive, states = [alive[lane] for lane in kept], [states[lane] for lane in kept]
    evaluate = evaluator(task)
    for cell, state in zip(alive, states, strict=True):
        loss[cell] = evaluate(state.params, state.state)
    return np.where(np.isfinite(loss), loss, np.nan)


def is_number(params: Any) -> bool:
    """Whether no weight is NaN. (A single one makes every output NaN; an infinite one need not.)"""
    return not any(np.isnan(leaf).any() for leaf in jax.tree.leaves(params))


def evaluator(task: Task) -> Any:
    """``(params, state) -> loss on all held-out rows``, compiled."""
    assert task.batches.dataset.validation is not None
    batch = (task.batches.dataset.validation.inputs, task.batches.dataset.validation.targets)
    evaluate = jax.jit(lambda params, state, batch: task.objective.model.loss(params, state, batch, None, False)[0])
    return lambda params, state: float(evaluate(params, state, batch))
