"""Reduce on plateau: when the rate drops, from the losses alone.

The rule is optax.contrib.reduce_on_plateau's, with the mean over a window of steps as its value. A drop holds from the
step after the window that asked for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from lrfind.types import Floats


@dataclass(frozen=True)
class Plateau:
    """The rule.

    Attributes:
        factor: of each drop.
        patience: windows without improvement before a drop.
        threshold: the share of the lowest mean by which another has to be lower to be an improvement.
        cooldown: windows after a drop in which none is counted.
        window: steps whose mean loss is judged.
        minimum: the lowest factor there is.
    """

    factor: float
    patience: int
    threshold: float
    cooldown: int
    window: int
    minimum: float

    @classmethod
    def of(
        cls,
        *,
        factor: float,
        patience: int,
        threshold: float,
        cooldown: int,
        window: int,
        min_factor: float,
        **others: Any,
    ) -> Self:
        """The rule of a schedule's keywords, in which all lengths are steps: whole windows, rounded up."""
        del others
        return cls(factor, max(1, -(-patience // window)), threshold, -(-cooldown // window), window, min_factor)


@dataclass
class Waiting:
    """What lanes of training have shown so far; lanes do not see each other.

    Attributes:
        rule: of all lanes.
        lanes: how many there are.
        scale: the factor that holds now, shape (lanes,).
        best: lowest mean so far, shape (lanes,).
        waited: windows since then or since the last drop, shape (lanes,).
        resting: windows of cooldown that are left, shape (lanes,).
    """

    rule: Plateau
    lanes: int
    scale: Floats = field(init=False)
    best: Floats = field(init=False)
    waited: Floats = field(init=False)
    resting: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.scale, self.best = np.ones(self.lanes), np.full(self.lanes, np.inf)
        self.waited, self.resting = np.zeros(self.lanes), np.zeros(self.lanes)

    def see(self, loss: Floats) -> None:
        """The losses of one whole window, shape (lanes, window). A mean that is no number improves nothing."""
        rule = self.rule
        with np.errstate(invalid="ignore", over="ignore"):
            mean = loss.mean(axis=1)
            better = mean < (1 - rule.threshold) * self.best
        self.best = np.where(better, mean, self.best)
        rests = self.resting > 0
        waited = np.where(better, 0, self.waited + 1)
        drops = ~rests & (waited == rule.patience)
        self.scale = np.where(rests, self.scale, np.maximum(np.where(drops, rule.factor, 1) * self.scale, rule.minimum))
        self.waited = np.where(rests | drops, 0, waited)
        self.resting = np.where(rests, self.resting - 1, np.where(drops, rule.cooldown, 0))

    @property
    def surely(self) -> int:
        """Windows in which no lane's factor can change, at least 1: so many can be trained before looking again."""
        open_ = self.scale > self.rule.minimum
        left = np.where(open_, self.resting + self.rule.patience - self.waited, np.iinfo(np.int64).max)
        return max(1, int(left.min()))


def factors(rule: Plateau, loss: Floats) -> Floats:
    """The factor of every step, from the losses of all steps, shape (lanes, steps).

    At step t it depends on the losses before t alone.
    """
    waiting = Waiting(rule, len(loss))
    found = np.ones(loss.shape)
    for begin in range(rule.window, loss.shape[1], rule.window):
        waiting.see(loss[:, begin - rule.window : begin])
        found[:, begin:] = waiting.scale[:, None]
    return found
