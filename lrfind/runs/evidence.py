"""Measure sharpness and stability limit; they are drawn as evidence and decide nothing."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from lrfind.core.errors import OwnCodeError
from lrfind.engine.evaluation import rows_in
from lrfind.engine.sharpness import BASIS, ROUNDS, Stability, rule_of, stability
from lrfind.engine.train_loop import TrainLoop
from lrfind.engine.trainer import LaneRun
from lrfind.task.optim import param_groups
from lrfind.task.task import Task

STILL = 20
"""Steps at rate zero that fill an adaptive optimiser's moments at the initial weights."""

ROWS = 32
"""Least number of rows that the sharpness is measured on; a larger batch is used whole."""

MOST_PRODUCTS = BASIS * ROUNDS + 1
"""Largest number of Hessian-vector products, for the budget."""


def cost(task: Task) -> float:
    """Return the largest cost of `sharpness`, in optimiser steps, two per product."""
    if not known(task):
        return 0
    measured_rows = rows_in(task.batches.source.first(max(ROWS, task.batches.source.batch_rows)))
    return STILL + 2 * MOST_PRODUCTS * measured_rows / task.batches.rows_per_step


def known(task: Task) -> bool:
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
    if not known(task):
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
