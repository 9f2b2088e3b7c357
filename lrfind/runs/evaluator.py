"""Evaluate training states on held-out rows: the trials of a confirmation, and a training on the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lrfind.core.dataset import Floats
from lrfind.engine.evaluation import BatchNormRecalibration, LossEvaluator, MetricEvaluator
from lrfind.engine.step import TrainState
from lrfind.task.data.batches import permuted_labels
from lrfind.task.models.contract import computed_in, mse
from lrfind.task.task import Task

HELD_OUT, TRAINED_ON = 32, 8
"""Rows to evaluate a state on, in batches: held-out ones and training ones.

They cost a seventh of the default budget over its trials; see docs/calibration.md#held-out-rows.
"""

SETTLED = 16
"""Training rows for running statistics, in batches.

2,048 rows leave about 3 % of uncertainty in a channel's variance, and far less in the loss.
"""

FEW_ROWS = 256
"""Least number of held-out rows, and of rows for statistics, whatever the batch size."""


MOST, FEWEST = 50, 8
"""Largest and least number of validations, those before and after the training included.

Fifty show where a validation loss turns up; a diagnosis needs eight.
"""

SHARE = 0.1
"""Fraction of a training's work that validations may take.

It is counted in forward passes and not by a clock, so that every machine validates at the same steps.
"""

LEAST_ROWS = 256
"""Least number of rows of a validation."""


@dataclass(frozen=True)
class Preparation:
    """What is done to training states before they are evaluated.

    Attributes:
        at: function that replaces a state's weights by those at which its optimiser is evaluated.
        recalibration: recalibration of running statistics; None for a model without state.
    """

    at: Callable[[TrainState], TrainState]
    recalibration: BatchNormRecalibration | None = None

    @property
    def rows(self) -> int:
        """Number of rows that the statistics are recalibrated on."""
        return self.recalibration.rows if self.recalibration else 0

    def compile(self, shapes: TrainState, platform: str) -> None:
        """Compile for training states of these shapes."""
        if self.recalibration:
            self.recalibration.compile(shapes, platform)

    def __call__(self, states: Sequence[TrainState]) -> list[TrainState]:
        """Return states with averaged weights and recalibrated statistics."""
        prepared = [self.at(state) for state in states]
        if self.recalibration:
            prepared = [state._replace(state=self.recalibration(state.params)) for state in prepared]
        return prepared


def preparation_of(task: Task) -> Preparation:
    """Return the preparation of a task's states, recalibrated on training rows if the model has running statistics."""
    _, state = task.objective.initial
    if task.objective.model.step is not None or not jax.tree.leaves(state):
        return Preparation(task.optimizer.evaluated_at)
    rows = max(SETTLED * task.batches.rows_per_step, FEW_ROWS)
    parts = task.batches.source.sample("train", rows, task.objective.rows_at_once) or []
    return Preparation(task.optimizer.evaluated_at, BatchNormRecalibration(task.objective.model.loss, state, parts))


@dataclass(frozen=True)
class Evaluator:
    """Evaluator of the trials' training states.

    Attributes:
        held_out: loss on held-out rows; None if none are held out.
        trained_on: loss on training rows.
        prepare: preparation of the states.
        cost: cost of evaluating one state, in optimiser steps.
        permuted_labels: loss on rows with permuted labels; None if a constant answer's loss is known or rows have no
            labels.
    """

    held_out: LossEvaluator | None
    trained_on: LossEvaluator
    prepare: Preparation
    cost: float
    permuted_labels: LossEvaluator | None = None

    @property
    def name(self) -> str:
        """Name of the loss that decides."""
        return "held-out loss" if self.held_out else "training loss"

    @property
    def rows(self) -> int:
        """Number of rows that decide."""
        return (self.held_out or self.trained_on).rows

    def compile(self, shapes: TrainState, platform: str) -> None:
        """Compile for training states of these shapes."""
        for part in (self.held_out, self.trained_on, self.prepare, self.permuted_labels):
            if part is not None:
                part.compile(shapes, platform)

    def __call__(self, states: Sequence[TrainState]) -> tuple[Floats, Floats]:
        """Return the deciding loss and the training loss of each state, shape (states,) each."""
        return self._losses(self.prepare(states))

    def record(self, states: Sequence[TrainState]) -> dict[str, Any]:
        """Return the journal's line of an evaluation; ``unseeing`` is the lowest loss on permuted labels.

        Reference:
            Ojala and Garriga 2010, "Permutation tests for studying classifier performance".
        """
        prepared = self.prepare(states)
        loss, train_loss = self._losses(prepared)
        record: dict[str, Any] = {"loss": loss.tolist(), "train_loss": train_loss.tolist()}
        if self.permuted_labels:
            permuted = self.permuted_labels(prepared)
            record["unseeing"] = float(np.where(np.isfinite(permuted), permuted, math.inf).min())
        return record

    def _losses(self, prepared: Sequence[TrainState]) -> tuple[Floats, Floats]:
        train_loss = self.trained_on(prepared)
        return (self.held_out(prepared) if self.held_out else train_loss), train_loss


def make_evaluator(task: Task) -> Evaluator:
    """Return the evaluator of a task's states."""
    rows, source, objective = task.batches.rows_per_step, task.batches.source, task.objective
    training_rows = source.sample("train", TRAINED_ON * rows, objective.rows_at_once) or []
    trained_on = LossEvaluator(objective.model.loss, training_rows)
    held_out_rows = source.sample("validation", max(HELD_OUT * rows, FEW_ROWS), objective.rows_at_once)
    held_out = LossEvaluator(objective.model.loss, held_out_rows) if held_out_rows else None
    prepare = preparation_of(task)
    unknown = task.report.constant_loss is None and not objective.model.step
    permuted = permuted_labels((held_out_rows or training_rows)[:TRAINED_ON]) if unknown else None
    on_permuted = LossEvaluator(objective.model.loss, permuted) if permuted else None
    evaluated = sum(part.rows for part in (trained_on, held_out, prepare, on_permuted) if part)
    return Evaluator(held_out, trained_on, prepare, objective.model.evaluation * evaluated / rows, on_permuted)


@dataclass(frozen=True)
class Validator:
    """Validator of a training.

    Attributes:
        scorer: evaluator of loss and statistic.
        metric_name: name of the metric; empty for none.
        metric: function ``(loss, statistic) -> metric``.
        validations: number of affordable validations, those at both ends included.
        prepare: preparation of the states.
    """

    scorer: MetricEvaluator
    metric_name: str
    metric: Callable[[float, float], float]
    validations: int
    prepare: Preparation

    def compile(self, shapes: TrainState, platform: str) -> None:
        """Compile for training states of these shapes."""
        self.scorer.compile(shapes, platform)
        self.prepare.compile(shapes, platform)

    def __call__(self, state: TrainState) -> tuple[float, float]:
        """Return held-out loss and metric; NaN if the loss is not finite."""
        [prepared] = self.prepare([state])
        loss, statistic = self.scorer(prepared)
        return (loss, self.metric(loss, statistic)) if math.isfinite(loss) else (math.nan, math.nan)


def make_validator(task: Task, steps: int) -> Validator | None:
    """Return the validator of a training; None if no rows are held out.

    Args:
        task: task to train.
        steps: length of the training.
    """
    affordable = SHARE * steps * task.batches.rows_per_step / task.objective.model.evaluation
    parts = task.batches.source.sample(
        "validation", max(LEAST_ROWS, task.batches.rows_per_step, int(affordable / FEWEST)), task.objective.rows_at_once
    )
    if not parts:
        return None
    loss, network = task.objective.model.loss, task.objective.network
    if task.batches.dataset is None or network is None or task.user_code.loss:  # Nobody knows what its outputs mean.
        prepare, name, metric = Preparation(task.optimizer.evaluated_at), "", lambda *_: math.nan

        def measure(params: Any, state: Any, batch: Any) -> tuple[jax.Array, jax.Array]:
            value = loss(params, state, batch, None, False)[0]
            return value, value
    else:
        prepare, apply = preparation_of(task), computed_in(task.config.precision, network.apply)
        statistic, name, metric = metric_of(task.batches.dataset.kind, np.concatenate([part[1] for part in parts]))

        def measure(params: Any, state: Any, batch: Any) -> tuple[jax.Array, jax.Array]:
            outputs, _ = apply(params, state, batch[0], None, False)
            return loss(params, state, batch, None, False)[0], statistic(outputs, batch[1])

    scorer = MetricEvaluator(measure, parts)
    validations = int(np.clip(affordable / (scorer.rows + prepare.rows), FEWEST, MOST))
    return Validator(scorer, name, metric, min(validations, steps + 1), prepare)


def metric_of(
    task: str, targets: Any
) -> tuple[Callable[[jax.Array, jax.Array], jax.Array], str, Callable[[float, float], float]]:
    """Return statistic, name and metric: accuracy, R2 or perplexity.

    Args:
        task: kind of the data set.
        targets: validation targets, leading axis rows.
    """
    if task == "text":
        return hits, "perplexity", lambda loss, _: math.exp(min(loss, 700.0))
    if task == "regression":
        variance = float(np.mean(np.var(np.asarray(targets, dtype=np.float64), axis=0)))
        return mse, "R2", lambda _, error: 1 - error / variance if variance > 0 else math.nan
    return (answers if task == "binary" else hits), "accuracy", lambda _, share: share


def hits(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Return the top-1 accuracy; classes along the last axis of outputs, labels of any shape."""
    return jnp.mean(jnp.argmax(outputs, axis=-1) == targets)


def answers(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Return the accuracy of binary answers: yes where the output is positive."""
    return jnp.mean((outputs > 0) == (targets > 0.5))


def validation_interval(steps: int, validations: int, chunk: int) -> tuple[int, int]:
    """Return the steps between validations and the steps per chunk, which divide them.

    Args:
        steps: length of the training.
        validations: number of validations, the first one included; 0 or 1 for none in between.
        chunk: largest number of steps per chunk.
    """
    between = steps if validations < 2 else -(-steps // (validations - 1))
    parts = -(-between // chunk)
    size = -(-between // parts)
    return size * parts, size
