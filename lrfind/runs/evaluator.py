"""Evaluate training states on held-out rows, with recalibrated statistics."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from lrfind.core.dataset import Floats
from lrfind.engine.evaluation import BatchNormRecalibration, LossEvaluator
from lrfind.task.data.batches import permuted_labels

if TYPE_CHECKING:
    from lrfind.engine.step import TrainState
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


@dataclass(frozen=True)
class Evaluator:
    """Evaluator of training states.

    Attributes:
        held_out: loss on held-out rows; None if none are held out.
        trained_on: loss on training rows.
        rows: number of rows that decide.
        cost: cost of evaluating one state, in optimiser steps.
        at: function that replaces a state's weights by those at which its optimiser is evaluated.
        recalibration: recalibration of running statistics; None for a model without state.
        permuted_labels: loss on rows with permuted labels; None if a constant answer's loss is known or rows have no
            labels.
    """

    held_out: LossEvaluator | None
    trained_on: LossEvaluator
    rows: int
    cost: float
    at: Callable[[TrainState], TrainState] = lambda state: state
    recalibration: BatchNormRecalibration | None = None
    permuted_labels: LossEvaluator | None = None

    @property
    def name(self) -> str:
        """Name of the loss that decides."""
        return "held-out loss" if self.held_out else "training loss"

    def compile(self, shapes: TrainState, platform: str) -> None:
        """Compile for training states of these shapes."""
        parts: tuple[LossEvaluator | BatchNormRecalibration | None, ...] = (
            self.held_out,
            self.trained_on,
            self.recalibration,
            self.permuted_labels,
        )
        for part in parts:
            if part is not None:
                part.compile(shapes, platform)

    def __call__(self, states: Sequence[TrainState]) -> tuple[Floats, Floats]:
        """Return the deciding loss and the training loss of each state, shape (states,) each."""
        return self.losses(self.prepare_states(states))

    def prepare_states(self, states: Sequence[TrainState]) -> list[TrainState]:
        """Prepare states for evaluation: averaged weights, recalibrated statistics."""
        states = [self.at(state) for state in states]
        if self.recalibration:
            states = [state._replace(state=self.recalibration(state.params)) for state in states]
        return states

    def losses(self, ready: Sequence[TrainState]) -> tuple[Floats, Floats]:
        """Return the deciding loss and the training loss of prepared states, shape (states,) each."""
        train_loss = self.trained_on(ready)
        return (self.held_out(ready) if self.held_out else train_loss), train_loss

    def permuted_label_loss(self, ready: Sequence[TrainState]) -> float:
        """Return the lowest loss of prepared states on permuted labels; inf if there is none.

        Reference:
            Ojala and Garriga 2010, "Permutation tests for studying classifier performance".
        """
        if self.permuted_labels is None:
            return math.inf
        loss = self.permuted_labels(ready)
        return float(np.where(np.isfinite(loss), loss, math.inf).min())


Judgement = Callable[[Sequence[Any]], tuple[Floats, Floats]]
"""Function from states to deciding loss and training loss: an `Evaluator` or its replay."""


def make_evaluator(task: Task) -> Evaluator:
    """Return the evaluator of a task's states."""
    rows, source = task.batches.rows_per_step, task.batches.source
    training_rows = source.sample("train", TRAINED_ON * rows, task.objective.rows_at_once) or []
    trained_on = LossEvaluator(task.objective.model.loss, training_rows)
    held_out_rows = source.sample("validation", max(HELD_OUT * rows, FEW_ROWS), task.objective.rows_at_once)
    held_out = LossEvaluator(task.objective.model.loss, held_out_rows) if held_out_rows else None
    recalibration = recalibration_of(task)
    unknown = task.report.constant_loss is None and not task.objective.model.step
    permuted = permuted_labels((held_out_rows or training_rows)[:TRAINED_ON]) if unknown else None
    on_permuted = LossEvaluator(task.objective.model.loss, permuted) if permuted else None
    evaluated = sum(part.rows for part in (trained_on, held_out, recalibration, on_permuted) if part)
    cost = task.objective.model.evaluation * evaluated / rows
    deciding = held_out or trained_on
    return Evaluator(held_out, trained_on, deciding.rows, cost, task.optimizer.evaluated_at, recalibration, on_permuted)


def recalibration_of(task: Task) -> BatchNormRecalibration | None:
    """Return the recalibration of a task's running statistics; None for a model without state."""
    _, state = task.objective.initial
    if task.objective.model.step is not None or not jax.tree.leaves(state):
        return None
    parts = task.batches.source.sample(
        "train", max(SETTLED * task.batches.rows_per_step, FEW_ROWS), task.objective.rows_at_once
    )
    return BatchNormRecalibration(task.objective.model.loss, state, parts or [])
