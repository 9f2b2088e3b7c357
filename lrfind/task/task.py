"""What the engine is to run: a model, where its batches come from, and an optimiser.

A config of built-ins, a config that names the user's own code, and a call of `lrfind.find` are three ways to make one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import numpy as np

from lrfind.config.schema import Config, assumptions
from lrfind.config.sections.target import OWN
from lrfind.core.dataset import Dataset
from lrfind.core.registry import LOSSES
from lrfind.core.result import RATE
from lrfind.engine import compile as compiler
from lrfind.engine.evaluation import AT_ONCE
from lrfind.engine.host_batches import IN_FLIGHT
from lrfind.engine.step import Step, TrainState, lift, own_step, start
from lrfind.engine.train_loop import BatchFeed
from lrfind.task import baselines
from lrfind.task.batch_source import Drawn, Source, of_dataset, rows_of
from lrfind.task.builtin import load, loss_of, network_of
from lrfind.task.data.batches import Batches, weight_key
from lrfind.task.models.contract import Apply, Model, Network, Precision, computed_in, count, supervised
from lrfind.task.models.inputs import check
from lrfind.task.optim import optimizers, param_groups

__all__ = ["Task", "make", "memory", "rows_of"]

NUMBERS = 2**24
"""Numbers of one layer that a forward pass may hold where a batch has fewer: 64 MB."""

RELATIVE_LOSS_ERROR: dict[Precision, float | None] = {"float32": None, "bfloat16": 2**-7}
"""For `lift`. In bfloat16 every row's loss is off by about its epsilon, 2^-7; of a batch of 64 digits, the mean was off
by some 2^-12 of itself, and the ratio of two good to some three hundredths from 2^-7 on."""

Trained = Callable[[Precision], Model]
"""What is trained, by what it computes in."""


@dataclass(frozen=True)
class Task:
    """What is to be measured.

    Attributes:
        config: the resolved config.
        source: where batches come from.
        trained: what is trained.
        described: one phrase about it.
        loss: name of the loss, chosen by the targets where the config leaves it out.
        network: what maps inputs to outputs; None where the user's own code is a loss or a train step.
        own_loss: the loss is the user's own.
        own_optimizer: the user's own optimiser, by its rate; None for the config's of optax.
        to_paste: the line of source for the user's own optimiser; see `lrfind.runs.pasteable.Paste`.
        code: a hash of the user's own code; empty without any.
        notes: what a reader should know about the user's own data before trusting the rate, one sentence each.
        assumed: what was assumed about the user's own code, likewise.
    """

    config: Config
    source: Source
    trained: Trained
    described: str
    loss: str
    network: Network | None = None
    own_loss: bool = False
    own_optimizer: optimizers.MakeOptimizer | None = None
    to_paste: Callable[[Any, Any], str] | None = None
    code: str = ""
    notes: Callable[[], tuple[str, ...]] = tuple
    assumed: tuple[str, ...] = ()

    @property
    def dataset(self) -> Dataset | None:
        """The data set, where its targets were understood."""
        return self.source.data if isinstance(self.source, Drawn) else None

    @property
    def data(self) -> Dataset:
        """The data set behind built-in data."""
        assert self.dataset is not None, "there is no data set behind the user's own batches"
        return self.dataset

    @cached_property
    def model(self) -> Model:
        """What is trained; frozen parameters have no gradient."""
        return self._model(self.config.precision)

    @cached_property
    def apply(self) -> Apply:
        """The network in the precision it is trained in, where there is one."""
        assert self.network is not None, "there is no network behind the user's own loss"
        return computed_in(self.config.precision, self.network.apply)

    @cached_property
    def exact(self) -> Model:
        """The model in float32, whatever it is trained in: a second derivative has no digits to lose."""
        return self._model("float32")

    def _model(self, precision: Precision) -> Model:
        model, frozen = self.trained(precision), self.config.optimizer.frozen

        def loss(params: Any, state: Any, batch: Any, key: Any, train: bool) -> Any:
            return model.loss(param_groups.freeze(params, frozen), state, batch, key, train)

        return replace(model, loss=loss) if frozen else model

    @cached_property
    def optimizer(self) -> optimizers.Choice:
        """The optimiser; its patterns are held against the model's parameters.

        Raises:
            InputError: a pattern takes no parameter.
        """
        section = self.config.optimizer
        param_groups.check(self.initial[0], section.groups, section.frozen)
        return optimizers.chosen(section)

    @cached_property
    def make_optimizer(self) -> optimizers.MakeOptimizer:
        section = self.config.optimizer
        if self.own_optimizer is not None:
            return optimizers.clipped(self.own_optimizer, section.clip_norm)
        return optimizers.build(self.optimizer) if section.named else optimizers.none

    @cached_property
    def evaluated_at(self) -> Callable[[TrainState], TrainState]:
        """A state with the weights that its optimiser is evaluated at, which are mostly those it trains."""
        averages = optimizers.evaluated_at(self.optimizer) if self.config.optimizer.named else None
        if averages is None:
            return lambda state: state
        compiled = jax.jit(averages)
        return lambda state: state._replace(params=compiled(state.params, state.optimizer))

    @cached_property
    def step(self) -> Step:
        if self.model.step is not None:
            return own_step(self.model.step)
        return lift(
            self.model.loss,
            self.make_optimizer,
            accumulate=self.config.optimizer.accumulate,
            probe=self.config.confirm.enabled,
            relative_loss_error=RELATIVE_LOSS_ERROR[self.config.precision],
            plain=self.config.optimizer.named and self.optimizer.plain,
        )

    @cached_property
    def batches(self) -> Batches:
        section = self.config
        rows = self.source.rows if isinstance(self.source, Drawn) else self.source.batch_rows
        return Batches(rows, self.source.batch_rows, section.optimizer.accumulate, section.seed)

    @cached_property
    def digest(self) -> str:
        return self.source.digest()

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(range(self.config.sweep.seeds))

    @property
    def rows(self) -> int:
        """Rows of data to one optimiser step."""
        return self.source.batch_rows * self.config.optimizer.accumulate

    @cached_property
    def train_steps(self) -> int:
        """Optimiser steps of the training that the rate is for."""
        section, rows = self.config, self.source.batch_rows
        per_epoch = 0 if section.train.epochs is None else self.source.per_epoch()
        return section.train.resolve_steps(rows * per_epoch, rows, section.optimizer.accumulate)

    @cached_property
    def initial(self) -> tuple[Any, Any]:
        """Weights and state of the first seed before training."""
        return self.model.init(weight_key(self.config.seed, self.seeds[0]))

    def starts(self, platform: str) -> list[TrainState]:
        """The state of every seed before training."""
        begin = jax.jit(lambda params, state: start(params, state, self.make_optimizer)).lower(*self.initial)
        begin = compiler.compile(begin, "quick" if platform == "cpu" else "full")
        others = (self.model.init(weight_key(self.config.seed, seed)) for seed in self.seeds[1:])
        return [begin(*self.initial), *(begin(*initial) for initial in others)]

    def shapes(self) -> list[TrainState]:
        """Shapes and types of `starts`, without computing them."""
        shape = jax.eval_shape(lambda params, state: start(params, state, self.make_optimizer), *self.initial)
        return [shape] * len(self.seeds)

    @cached_property
    def parameters(self) -> int:
        """How many numbers the model has; of the user's own train step, its state."""
        return count(self.initial[0])

    @cached_property
    def frozen(self) -> int:
        """How many of them stay as they are."""
        return param_groups.count_frozen(self.initial[0], self.config.optimizer.frozen)

    @property
    def at_once(self) -> int:
        """Rows that a forward pass may take at once beside a batch, by memory."""
        return max(1, min(AT_ONCE, NUMBERS // getattr(self.network, "widest", 1)))

    def seen(self, seeds: Sequence[int], stop: int) -> Sequence[Mapping[str, Any]]:
        """What a journal says of the seeds' batches up to a step; see `lrfind.task.batch_source.Source`."""
        return self.source.seen(seeds, stop * self.config.optimizer.accumulate)

    @property
    def runs_own_code(self) -> bool:
        """Whether a step runs code of the user's: a model, a loss, an optimiser, or what makes its batches."""
        own_model = self.config.model.name == OWN or self.own_loss or self.own_optimizer is not None
        return own_model or (bool(self.code) and not isinstance(self.source, Drawn))

    def feed(self) -> BatchFeed:
        """Batches of every seed."""
        return self.source.feed(self.seeds, self.batches)

    @property
    def step_bytes(self) -> int:
        """Bytes of the batches that a step of all lanes brings to the device; 0 where the data are there."""
        return self.source.batch_bytes * self.config.optimizer.accumulate * len(self.seeds)

    @property
    def chance_loss(self) -> float | None:
        """The loss of an answer that holds every class for equally likely; None where the loss knows no classes."""
        return baselines.chance_loss(self.loss, self.dataset)

    @cached_property
    def constant_loss(self) -> float | None:
        """The loss of the best constant answer on the training rows; None where that is not known."""
        if self.dataset is None and self.network is None:
            return None
        return baselines.constant_loss(self.loss, self.source, self.rows)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the config left out and the rate depends on, one sentence each."""
        return (*assumptions(self.config, batches=isinstance(self.source, Drawn)), *self.assumed)

    def optimizer_line(self, rate: float | None) -> str:
        """The line of source to paste, with the rate or a name for it."""
        shown = RATE if rate is None else float(f"{rate:.3g}")
        if self.to_paste is not None:
            return self.to_paste(shown, None)
        return optimizers.to_source(self.optimizer, shown, accumulate=self.config.optimizer.accumulate)

    def describe_data(self) -> str:
        """One line for reports."""
        return self.source.describe()


def make(config: Config) -> Task:
    """Load the data and build the network.

    Raises:
        InputError: the data cannot be trained on, or does not go with the loss; a pattern of the optimiser's takes no
            parameter, or the installed optax does not know the optimiser so.
    """
    data = load(config)
    check(config.model.name, data)
    loss = config.loss or loss_of(data)
    assert isinstance(loss, str), "a loss of the user's own is a target"
    network, function = network_of(config, data.input_shape, data.outputs), LOSSES[loss].load()
    task = Task(
        config,
        of_dataset(data, config.data.batch_size),
        lambda precision: supervised(network, function, precision),
        network.describe(),
        loss,
        network,
    )
    _ = task.make_optimizer  # What is wrong with it is to be said before anything is measured.
    return task


def memory(task: Task) -> int:
    """Bytes that data, or the batches of them that are on their way, and the states of all seeds take, by their shapes;
    activations come on top."""
    states = sum(math.prod(leaf.shape) * np.dtype(leaf.dtype).itemsize for leaf in jax.tree.leaves(task.shapes()))
    batches = 2 * max(IN_FLIGHT, task.step_bytes) if task.step_bytes else 0
    return int(states + batches + task.source.nbytes)
