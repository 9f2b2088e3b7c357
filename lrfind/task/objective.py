"""The model and loss of a task."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import Any

import numpy as np

from lrfind.config.schema import Config
from lrfind.core.dataset import Dataset, Rows
from lrfind.core.registry import LOSSES
from lrfind.engine.evaluation import AT_ONCE
from lrfind.task.batch_source import Drawn, Source
from lrfind.task.data.batches import weight_key
from lrfind.task.data.floats import Spread
from lrfind.task.data.rows import blocks
from lrfind.task.models.contract import Model, Network, Precision, count
from lrfind.task.optim import param_groups

NUMBERS = 2**24
"""Largest number of activations of one layer in an evaluation on more rows than a batch: 64 MB of float32."""


@dataclass(frozen=True)
class Objective:
    """A model with its loss.

    Attributes:
        config: resolved config.
        build: function ``precision -> Model``.
        description: phrase for reports.
        loss: name of the loss.
        network: map from inputs to outputs; None for a user's loss function or train step.
    """

    config: Config
    build: Callable[[Precision], Model]
    description: str
    loss: str
    network: Network | None = None

    @cached_property
    def model(self) -> Model:
        """Model in the precision of the config."""
        return self.model_in(self.config.precision)

    def model_in(self, precision: Precision) -> Model:
        """Return the model in a precision; frozen parameters have no gradient."""
        model, frozen = self.build(precision), self.config.optimizer.frozen

        def loss(params: Any, state: Any, batch: Any, key: Any, train: bool) -> Any:
            return model.loss(param_groups.freeze(params, frozen), state, batch, key, train)

        return replace(model, loss=loss) if frozen else model

    @cached_property
    def initial(self) -> tuple[Any, Any]:
        """Initial parameters and model state of the first seed."""
        return self.init(0)

    def init(self, seed: int) -> tuple[Any, Any]:
        """Return initial parameters and model state of a seed."""
        return self.model.init(weight_key(self.config.seed, seed))

    @property
    def parameters(self) -> int:
        """Number of parameters; for a user's train step, of numbers in its state."""
        return count(self.initial[0])

    @property
    def rows_at_once(self) -> int:
        """Largest number of rows of an evaluation on more rows than a batch, bounded by memory."""
        return max(1, min(AT_ONCE, NUMBERS // getattr(self.network, "widest", 1)))


COUNTED = 32
"""Batches whose targets a constant answer is fitted to where they are made as they come. (Of k classes in n rows that
finds a loss too low by (k - 1) / 2n, which errs towards believing that something was learnt.)"""


def chance_loss(loss: str, data: Dataset | None) -> float | None:
    """Return the loss of equal probabilities for all classes; None if the loss has no classes.

    Args:
        loss: name of a loss, built in or the user's.
        data: data set; None if its targets were not interpreted.
    """
    match loss:
        case "cross_entropy" if data is not None:
            return math.log(data.outputs)
        case "binary_cross_entropy":
            return math.log(2)
    return None


def constant_loss(loss: str, source: Source, rows: int) -> float | None:
    """Return the loss of the best constant answer on the training rows; None if unknown.

    Of batches that a user's code makes, it is that on the first `COUNTED` steps.

    Args:
        loss: name of a loss, built in or the user's.
        source: source of batches ``(inputs, targets)``.
        rows: rows of data per optimiser step.
    """
    if isinstance(source, Drawn) and source.data is not None:
        return fitted(loss, source.data.train.targets, source.data.outputs)
    samples = source.sample("train", COUNTED * rows) if loss in LOSSES else None
    if not samples:
        return None
    targets = np.concatenate([np.asarray(targets) for _, targets in samples])
    return fitted(loss, targets, int(targets.max()) + 1 if loss == "cross_entropy" else 1)


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
