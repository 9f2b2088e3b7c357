"""The model and loss of a task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from lrfind.config.schema import Config
from lrfind.engine.evaluation import AT_ONCE
from lrfind.task.data.batches import weight_key
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
