"""Validate a training: how often, on which rows, and with which metric."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from lrfind.engine.evaluation import MetricEvaluator, answers, hits, squares
from lrfind.runs.evaluator import recalibration_of
from lrfind.task.models.contract import computed_in

if TYPE_CHECKING:
    from lrfind.engine.evaluation import BatchNormRecalibration
    from lrfind.engine.step import TrainState
    from lrfind.task.task import Task

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
class Validator:
    """Validator of a training.

    Attributes:
        scorer: evaluator of loss and statistic.
        metric_name: name of the metric; empty for none.
        metric: function ``(loss, statistic) -> metric``.
        validations: number of affordable validations, those at both ends included.
        recalibration: recalibration of running statistics; None for a model without state.
        at: function that replaces a state's weights by those at which its optimiser is evaluated.
    """

    scorer: MetricEvaluator
    metric_name: str
    metric: Callable[[float, float], float]
    validations: int
    recalibration: BatchNormRecalibration | None = None
    at: Callable[[TrainState], TrainState] = lambda state: state

    def compile(self, shapes: TrainState, platform: str) -> None:
        """Compile for training states of these shapes."""
        self.scorer.compile(shapes, platform)
        if self.recalibration is not None:
            self.recalibration.compile(shapes, platform)

    def __call__(self, state: TrainState) -> tuple[float, float]:
        """Return held-out loss and metric; NaN if the loss is not finite."""
        state = self.at(state)
        if self.recalibration is not None:
            state = state._replace(state=self.recalibration(state.params))
        loss, statistic = self.scorer(state)
        if not math.isfinite(loss):
            return math.nan, math.nan
        return loss, self.metric(loss, statistic)


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
        recalibration, name, metric = None, "", lambda *_: math.nan

        def measure(params: Any, state: Any, batch: Any) -> tuple[jax.Array, jax.Array]:
            value = loss(params, state, batch, None, False)[0]
            return value, value
    else:
        recalibration, apply = recalibration_of(task), computed_in(task.config.precision, network.apply)
        statistic, name, metric = metric_of(task.batches.dataset.kind, np.concatenate([part[1] for part in parts]))

        def measure(params: Any, state: Any, batch: Any) -> tuple[jax.Array, jax.Array]:
            outputs, _ = apply(params, state, batch[0], None, False)
            return loss(params, state, batch, None, False)[0], statistic(outputs, batch[1])

    scorer = MetricEvaluator(measure, parts)
    validations = int(np.clip(affordable / (scorer.rows + (recalibration.rows if recalibration else 0)), FEWEST, MOST))
    return Validator(scorer, name, metric, min(validations, steps + 1), recalibration, task.optimizer.evaluated_at)


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
        return squares, "R2", lambda _, error: 1 - error / variance if variance > 0 else math.nan
    return (answers if task == "binary" else hits), "accuracy", lambda _, share: share


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
