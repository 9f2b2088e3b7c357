"""What trained states are judged by: their loss on rows that were held out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lrfind.data.dealt import dealt
from lrfind.engine.evaluate import Evaluator
from lrfind.engine.settle import Settler, has_leaves
from lrfind.types import Floats

if TYPE_CHECKING:
    from lrfind.engine.step import TrainState
    from lrfind.plan import Plan

HELD_OUT, TRAINED_ON = 32, 8
"""Batches' worth of rows that a state is judged on: fourteen steps' cost at most, which is a seventh of the default
budget over its thirty trainings. With half as many held-out rows, one pair of `--seed`s in twenty more recommended
rates that lie further apart than a factor of two."""

SETTLED = 16
"""Batches' worth of training rows that running statistics are taken from. (2,048 rows of a batch of 128 leave a
channel's variance uncertain by some 3 %, and the loss by far less.)"""

FEW_ROWS = 256
"""Rows that are held out or make statistics in any case: small batches would judge on next to nothing."""


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


Judgement = Callable[[Sequence[Any]], tuple[Floats, Floats]]
"""What states are judged by, and their training loss: a `Judge`, or what it said before."""


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
