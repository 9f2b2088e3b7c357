"""How often a training is looked at, and by what."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from lrfind.engine.score import Scorer, answers, hits, squares
from lrfind.holdout import settler_of

if TYPE_CHECKING:
    from lrfind.engine.settle import Settler
    from lrfind.engine.step import TrainState
    from lrfind.plan import Plan

MOST, FEWEST = 50, 8
"""Looks at a training, the ones before it and after it included: enough to see a validation loss turn up, and a
diagnosis
needs so many."""

SHARE = 0.1
"""Part of a training's work that looks may take; counted in forward passes, not by a clock, so that the looks of a run
are the same on every machine."""

LEAST_ROWS = 256
"""Rows that are looked at in any case."""


@dataclass(frozen=True)
class Look:
    """What a training is looked at by.

    Attributes:
        scorer: of loss and statistic.
        metric_name: of the metric; empty for none.
        metric: ``(loss, statistic) -> metric``.
        looks: how many are affordable, one at each end.
        settler: running statistics of a state's weights; None of a model that has none.
        at: a state with the weights that its optimiser is evaluated at.
    """

    scorer: Scorer
    metric_name: str
    metric: Callable[[float, float], float]
    looks: int
    settler: Settler | None = None
    at: Callable[[TrainState], TrainState] = lambda state: state

    def compile(self, shapes: TrainState, platform: str) -> None:
        """Compile for a state of these shapes."""
        self.scorer.compile(shapes, platform)
        if self.settler is not None:
            self.settler.compile(shapes, platform)

    def __call__(self, state: TrainState) -> tuple[float, float]:
        """Held-out loss and metric; NaN where they are not finite."""
        state = self.at(state)
        if self.settler is not None:
            state = state._replace(state=self.settler(state.params))
        loss, statistic = self.scorer(state)
        if not math.isfinite(loss):
            return math.nan, math.nan
        return loss, self.metric(loss, statistic)


def look(plan: Plan, steps: int) -> Look | None:
    """What the training of a plan is looked at by; None where nothing is held out."""
    affordable = SHARE * steps * plan.rows / plan.model.evaluation
    parts = plan.source.sample("validation", max(LEAST_ROWS, plan.rows, int(affordable / FEWEST)), plan.at_once)
    if not parts:
        return None
    loss, network = plan.model.loss, plan.network
    if plan.dataset is None or network is None or plan.own_loss:  # Nobody knows what its outputs mean.

        def alone(params: Any, state: Any, batch: Any) -> tuple[jax.Array, jax.Array]:
            value = loss(params, state, batch, None, False)[0]
            return value, value

        scorer = Scorer(alone, parts)
        looks = int(np.clip(affordable / scorer.rows, FEWEST, MOST))
        return Look(scorer, "", lambda *_: math.nan, min(looks, steps + 1), at=plan.evaluated_at)
    targets = np.concatenate([part[1] for part in parts])
    statistic, name, metric = metric_of(plan.dataset.task, targets)
    apply = plan.apply

    def measure(params: Any, state: Any, batch: Any) -> tuple[jax.Array, jax.Array]:
        outputs, _ = apply(params, state, batch[0], None, False)
        return loss(params, state, batch, None, False)[0], statistic(outputs, batch[1])

    scorer, settler = Scorer(measure, parts), settler_of(plan)
    looks = int(np.clip(affordable / (scorer.rows + (settler.rows if settler else 0)), FEWEST, MOST))
    return Look(scorer, name, metric, min(looks, steps + 1), settler, plan.evaluated_at)


def metric_of(
    task: str, targets: Any
) -> tuple[Callable[[jax.Array, jax.Array], jax.Array], str, Callable[[float, float], float]]:
    """Statistic, name and metric of a task: accuracy of classes, R2 of values, perplexity of text."""
    if task == "text":
        return hits, "perplexity", lambda loss, _: math.exp(min(loss, 700.0))
    if task == "regression":
        variance = float(np.mean(np.var(np.asarray(targets, dtype=np.float64), axis=0)))
        return squares, "R2", lambda _, error: 1 - error / variance if variance > 0 else math.nan
    return (answers if task == "binary" else hits), "accuracy", lambda _, share: share


def stride(steps: int, looks: int, chunk: int) -> tuple[int, int]:
    """Steps between two looks and steps of a chunk, which divide them.

    Args:
        steps: of the training.
        looks: wanted, the one before it included; 0 or 1 for none in between.
        chunk: the most steps to a chunk.
    """
    between = steps if looks < 2 else -(-steps // (looks - 1))
    parts = -(-between // chunk)
    size = -(-between // parts)
    return size * parts, size
