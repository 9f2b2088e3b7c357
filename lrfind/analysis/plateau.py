"""Reduce the learning rate on a plateau of the loss, as a pure function of the losses.

The rule is that of `optax.contrib.reduce_on_plateau`, applied to the mean over a window of steps. A drop takes effect
at the first step of the next window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from lrfind.core.dataset import Floats


@dataclass(frozen=True)
class Plateau:
    """Parameters of the rule.

    Attributes:
        factor: factor of each drop.
        patience: windows without improvement before a drop.
        threshold: relative decrease of the lowest mean that counts as an improvement.
        cooldown: windows after a drop that are not counted.
        window: steps per window.
        minimum: lower bound of the accumulated factor.
    """

    factor: float
    patience: int
    threshold: float
    cooldown: int
    window: int
    minimum: float

    @classmethod
    def of(cls, *, patience: int, cooldown: int, window: int, min_factor: float, **others: Any) -> Self:
        """Build the rule from a schedule's keywords; lengths in steps are rounded up to windows.

        Args:
            patience: steps without improvement before a drop.
            cooldown: steps after a drop that are not counted.
            window: steps per window.
            min_factor: lower bound of the accumulated factor.
            **others: `factor` and `threshold`, as the attributes; other keywords of the schedule are ignored.
        """
        windows, rest = max(1, -(-patience // window)), -(-cooldown // window)
        return cls(others["factor"], windows, others["threshold"], rest, window, min_factor)


class PlateauTracker:
    """Plateau state of independent lanes of training.

    Attributes:
        rule: parameters of the rule, shared by all lanes.
        scale: current factor on the rate, shape (lanes,).
        best: lowest window mean so far, shape (lanes,).
        waited: windows since the last improvement or drop, shape (lanes,).
        resting: remaining windows of cooldown, shape (lanes,).
    """

    def __init__(self, rule: Plateau, lanes: int) -> None:
        self.rule = rule
        self.scale, self.best = np.ones(lanes), np.full(lanes, np.inf)
        self.waited, self.resting = np.zeros(lanes), np.zeros(lanes)

    def see(self, loss: Floats) -> None:
        """Update the state by the losses of one window; a mean that is NaN is no improvement.

        Args:
            loss: losses of the window, shape (lanes, window).
        """
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
        """Number of windows, at least 1, during which no lane's factor can change."""
        open_ = self.scale > self.rule.minimum
        left = np.where(open_, self.resting + self.rule.patience - self.waited, np.iinfo(np.int64).max)
        return max(1, int(left.min()))


def factors(rule: Plateau, loss: Floats) -> Floats:
    """Return the factor on the rate at every step; it depends on the losses before that step.

    Args:
        rule: parameters of the rule.
        loss: losses of all steps, shape (lanes, steps).

    Returns:
        Factors, shape (lanes, steps).
    """
    waiting = PlateauTracker(rule, len(loss))
    factor = np.ones(loss.shape)
    for begin in range(rule.window, loss.shape[1], rule.window):
        waiting.see(loss[:, begin - rule.window : begin])
        factor[:, begin:] = waiting.scale[:, None]
    return factor
