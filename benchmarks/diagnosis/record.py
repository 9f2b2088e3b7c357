"""Record the runs of a task by lrfind's own kernel: loss and rate of every step, validation loss at intervals."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
from variants import variants

from lrfind.config.schema import Config
from lrfind.engine.evaluation import LossEvaluator
from lrfind.engine.step import start
from lrfind.engine.train_loop import TrainLoop
from lrfind.engine.trainer import BatchFeed, LaneRun, StepInputs
from lrfind.task import task as plans
from lrfind.task.batch_source import rows_of
from lrfind.task.data.batches import weight_key

EVALUATIONS = 50
"""Validation losses of a run, evenly spaced, the one before training besides."""

SEED = 77
"""Of all weights and batches; the truths were measured with another."""


def record(config: Config, best: float, path: Path, facts: dict[str, Any]) -> None:
    """Train every variant of a task and keep what a log of it would hold.

    Args:
        config: of the task.
        best: its best rate.
        path: of the npz.
        facts: to be kept beside.
    """
    task = plans.make(config)
    steps = task.train_steps
    runs = list(variants(config.train.schedule, steps, first_seed=0))
    batches = replace(task.batches.order, seed=SEED)

    def draw(seed: int, begin: int, stop: int) -> StepInputs:
        return StepInputs(batches.indices(seed, begin, stop), batches.keys(seed, begin, stop))

    every = max(1, steps // EVALUATIONS)
    train_loop = TrainLoop(
        task.step,
        BatchFeed((task.batches.dataset.train.inputs, task.batches.dataset.train.targets), rows_of, draw),
        "cpu",
        chunk=every,
    )
    begin = jax.jit(lambda params, state: start(params, state, task.optimizer.make))
    starts = {run.seed: begin(*task.objective.model.init(weight_key(SEED, run.seed))) for run in runs}
    states = [starts[run.seed] for run in runs]
    held_out = task.batches.dataset.validation
    assert held_out is not None
    judge = LossEvaluator(task.objective.model.loss, [(held_out.inputs, held_out.targets)])
    rates = np.stack([run.factor * best * run.unit for run in runs], axis=1)
    val, at = [judge(states)], [0]
    loss = []
    for chunk in train_loop.train(LaneRun(states, rates, seeds=[run.seed for run in runs])):
        loss.append(chunk.loss)
        val.append(judge(chunk.states))
        at.append(chunk.start + chunk.loss.shape[1])
    np.savez_compressed(
        path,
        facts=json.dumps(facts | {"runs": [(run.kind, run.shape, run.factor, run.seed) for run in runs]}),
        loss=np.concatenate(loss, axis=1).astype(np.float32),
        rate=rates.T.astype(np.float32),
        val=np.array(val).T.astype(np.float32),
        at=np.array(at),
    )
