"""What reports and dry runs say about a task."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from lrfind.config.schema import assumptions
from lrfind.core.dataset import Rows
from lrfind.core.registry import LOSSES
from lrfind.core.result import RATE, Facts
from lrfind.engine.train_loop import IN_FLIGHT
from lrfind.task.batch_source import Drawn
from lrfind.task.data.floats import Spread
from lrfind.task.data.rows import blocks
from lrfind.task.optim import param_groups
from lrfind.task.optim.optimizers import line

if TYPE_CHECKING:
    from lrfind.task.task import Task


COUNTED = 32
"""Batches whose targets a constant answer is fitted to where they are made as they come. (Of k classes in n rows that
finds a loss too low by (k - 1) / 2n, which errs towards believing that something was learnt.)"""


@dataclass(frozen=True)
class TaskReport:
    """Description of a task.

    Attributes:
        task: task to describe.
    """

    task: Task

    def outline(self) -> dict[str, Any]:
        """Return the facts that need no pass over the data, by name, as `Facts` has them."""
        objective, config = self.task.objective, self.task.config
        return {
            "model": objective.description,
            "parameters": objective.parameters,
            "frozen": param_groups.count_frozen(objective.initial[0], config.optimizer.frozen),
            "precision": config.precision,
            "data": self.task.batches.source.describe(),
            "loss": objective.loss,
        }

    def facts(self, rate: float | None) -> Facts:
        """Return the facts of a result.

        Args:
            rate: learning rate of the line to paste; None for a name in its place.
        """
        return Facts(
            **self.outline(),
            optimizer=line(self.task.config, RATE if rate is None else float(f"{rate:.3g}")),
            chance_loss=self.chance_loss,
            constant_loss=self.constant_loss,
        )

    @property
    def chance_loss(self) -> float | None:
        """Loss of equal probabilities for all classes; None if the loss has no classes."""
        match self.task.objective.loss:
            case "cross_entropy" if self.task.batches.dataset is not None:
                return math.log(self.task.batches.dataset.outputs)
            case "binary_cross_entropy":
                return math.log(2)
        return None

    @cached_property
    def constant_loss(self) -> float | None:
        """Loss of the best constant answer on the training rows; None if unknown.

        Of batches that a user's code makes, it is that on the first `COUNTED` steps.
        """
        loss, batches, data = self.task.objective.loss, self.task.batches, self.task.batches.dataset
        if data is not None:
            return fitted(loss, data.train.targets, data.outputs)
        if self.task.objective.network is None or loss not in LOSSES:
            return None
        samples = batches.source.sample("train", COUNTED * batches.rows_per_step)
        if not samples:
            return None
        targets = np.concatenate([np.asarray(targets) for _, targets in samples])
        return fitted(loss, targets, int(targets.max()) + 1 if loss == "cross_entropy" else 1)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Sentences about settings that the config leaves out and the rate depends on."""
        drawn = isinstance(self.task.batches.source, Drawn)
        return (*assumptions(self.task.config, batches=drawn), *self.task.user_code.assumptions)

    def memory_bytes(self) -> int:
        """Return the bytes of data or batches in flight, and of the states of all lanes; activations add to them."""
        leaves, batches = jax.tree.leaves(self.task.shapes()), self.task.batches
        states = sum(math.prod(leaf.shape) * np.dtype(leaf.dtype).itemsize for leaf in leaves)
        in_flight = 2 * max(IN_FLIGHT, batches.bytes_per_step) if batches.bytes_per_step else 0
        return int(states + in_flight + batches.source.nbytes)


def fitted(loss: str, targets: Rows, outputs: int) -> float | None:
    """Return the loss of the constant that fits targets best, in closed form; None if there is none.

    Args:
        loss: name of a built-in loss.
        targets: training targets, leading axis rows.
        outputs: number of outputs of the network.
    """
    match loss:
        case "cross_entropy":
            counts = [np.bincount(targets[part].ravel(), minlength=outputs) for part in blocks(targets)]
            share = np.sum(counts, axis=0) / targets.size
            return float(-(share[share > 0] * np.log(share[share > 0])).sum())
        case "binary_cross_entropy":
            sums = [targets[part].sum(axis=0, dtype=np.float64) for part in blocks(targets)]
            ones = np.sum(sums, axis=0) / len(targets)
            shares = np.stack([ones, 1 - ones])
            return float(-(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=0).mean())
        case "mse":
            spread = reduce(Spread.__add__, (Spread.of(targets[part]) for part in blocks(targets)))
            return float((spread.squares / spread.count).mean())
        case "mae" if isinstance(targets, np.ndarray):  # A median needs all of them at once.
            return float(np.abs(targets - np.median(targets, axis=0)).mean())
    return None
