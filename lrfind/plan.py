"""From a config to what the engine runs: data, model, optimiser, batches."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import numpy as np

from lrfind import groups, optimizers
from lrfind.config.data import TextData
from lrfind.config.schema import Config
from lrfind.data.batches import SPLIT_SEED, Batches, weight_key
from lrfind.data.constant import constant_loss
from lrfind.data.prepare import digest, prepare
from lrfind.engine import compiler
from lrfind.engine.evaluate import AT_ONCE
from lrfind.engine.host import IN_FLIGHT, host_feed
from lrfind.engine.kernel import Feed
from lrfind.engine.lanes import Draw
from lrfind.engine.step import Step, TrainState, lift, start
from lrfind.errors import InputError
from lrfind.models.contract import Model, Network, Precision, count, supervised
from lrfind.models.inputs import check
from lrfind.registry import DATA, LOSSES, MODELS
from lrfind.types import Dataset

NUMBERS = 2**24
"""Numbers of one layer that a forward pass may hold where a batch has fewer: 64 MB."""

BLUR: dict[Precision, float | None] = {"float32": None, "bfloat16": 2**-7}
"""For `lift`. In bfloat16 every row's loss is off by about its epsilon, 2^-7; of a batch of 64 digits, the mean was off
by some 2^-12 of itself, and the ratio of two good to some three hundredths from 2^-7 on."""


@dataclass(frozen=True)
class Plan:
    """What a config comes to.

    Attributes:
        config: the resolved config.
        data: checked and split.
        loss: name of the loss, chosen by the targets where the config leaves it out.
        network: the network.
    """

    config: Config
    data: Dataset
    loss: str
    network: Network

    @cached_property
    def model(self) -> Model:
        """What is trained; frozen parameters have no gradient."""
        return self._model(self.config.precision)

    @cached_property
    def exact(self) -> Model:
        """The model in float32, whatever it is trained in: a second derivative has no digits to lose."""
        return self._model("float32")

    def _model(self, precision: Precision) -> Model:
        model, frozen = supervised(self.network, LOSSES[self.loss].load(), precision), self.config.optimizer.frozen

        def loss(params: Any, state: Any, batch: Any, key: Any, train: bool) -> Any:
            return model.loss(groups.freeze(params, frozen), state, batch, key, train)

        return replace(model, loss=loss) if frozen else model

    @cached_property
    def optimizer(self) -> optimizers.Choice:
        """The optimiser; its patterns are held against the model's parameters.

        Raises:
            InputError: a pattern takes no parameter.
        """
        section = self.config.optimizer
        groups.check(self.initial[0], section.groups, section.frozen)
        return optimizers.chosen(section)

    @cached_property
    def make_optimizer(self) -> optimizers.MakeOptimizer:
        return optimizers.build(self.optimizer)

    @cached_property
    def evaluated_at(self) -> Callable[[TrainState], TrainState]:
        """A state with the weights that its optimiser is evaluated at, which are mostly those it trains."""
        averages = optimizers.evaluated_at(self.optimizer)
        if averages is None:
            return lambda state: state
        compiled = jax.jit(averages)
        return lambda state: state._replace(params=compiled(state.params, state.optimizer))

    @cached_property
    def step(self) -> Step:
        return lift(
            self.model.loss,
            self.make_optimizer,
            accumulate=self.config.optimizer.accumulate,
            probe=self.config.confirm.enabled,
            blur=BLUR[self.config.precision],
        )

    @cached_property
    def batches(self) -> Batches:
        section = self.config
        return Batches(self.data.train.rows, section.data.batch_size, section.optimizer.accumulate, section.seed)

    @cached_property
    def digest(self) -> str:
        return digest(self.data)

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(range(self.config.sweep.seeds))

    @property
    def train_steps(self) -> int:
        """Optimiser steps of the training that the rate is for."""
        section = self.config
        rows, batch_size = self.data.train.rows, section.data.batch_size
        return section.train.resolve_steps(rows, batch_size, section.optimizer.accumulate)

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
        """How many numbers the model has."""
        return count(self.initial[0])

    @cached_property
    def frozen(self) -> int:
        """How many of them stay as they are."""
        return groups.count_frozen(self.initial[0], self.config.optimizer.frozen)

    @property
    def at_once(self) -> int:
        """Rows that a forward pass may take at once beside a batch, by memory."""
        return max(1, min(AT_ONCE, NUMBERS // getattr(self.network, "widest", 1)))

    def feed(self) -> Feed:
        """Batches of every seed."""

        def draw(number: int, begin: int, stop: int) -> Draw:
            seed = self.seeds[number]
            return Draw(self.batches.indices(seed, begin, stop), self.batches.keys(seed, begin, stop))

        train = self.data.train
        if not self.data.streamed:
            return Feed((train.inputs, train.targets), rows_of, draw)

        def read(number: int, begin: int, stop: int) -> tuple[Any, Any]:
            rows = self.batches.indices(self.seeds[number], begin, stop)
            return train.inputs[rows], train.targets[rows]

        return host_feed(read, lambda number, *steps: self.batches.keys(self.seeds[number], *steps))

    @property
    def step_bytes(self) -> int:
        """Bytes of the batches that a step of all lanes brings to the device; 0 where the data are there."""
        if not self.data.streamed:
            return 0
        train, section = self.data.train, self.config
        row = sum(array.size // len(array) * array.dtype.itemsize for array in (train.inputs, train.targets))
        return row * section.data.batch_size * section.optimizer.accumulate * len(self.seeds)

    @property
    def chance_loss(self) -> float | None:
        """The loss of an answer that holds every class for equally likely; None where the loss knows no classes."""
        match self.loss:
            case "cross_entropy":
                return math.log(self.data.outputs)
            case "binary_cross_entropy":
                return math.log(2)
        return None

    @cached_property
    def constant_loss(self) -> float | None:
        """The loss of the best constant answer on the training rows, in closed form; None where that is not known."""
        return constant_loss(self.loss, self.data.train.targets, self.data.outputs)

    def describe_data(self) -> str:
        """One line for reports."""
        data = self.data
        held_out = data.validation.rows if data.validation else 0
        if data.task == "text":
            rows = f"{data.train.rows:,} windows of {data.input_shape[0]:,} to train on, {held_out:,} held out"
            return f"{data.name}: {rows}, {data.outputs} tokens"
        noun = "classes" if data.task == "classification" else "target" if data.outputs == 1 else "targets"
        shape = "x".join(map(str, data.input_shape))
        rows = f"{data.train.rows:,} rows to train on, {held_out:,} held out"
        where = ", read from the disk batch by batch" if data.streamed else ""
        return f"{data.name}: {rows}, inputs {shape}, {data.outputs} {noun}{where}"


def rows_of(data: Any, rows: Any) -> Any:
    """Rows of every array. The numbers come from `Batches` and are in bounds; saying so spares the program the
    check."""
    return jax.tree.map(lambda leaf: leaf.at[rows].get(mode="promise_in_bounds"), data)


def make(config: Config) -> Plan:
    """Load the data and build the network.

    Raises:
        InputError: the data cannot be trained on, or does not go with the loss; a pattern of the optimiser's takes no
            parameter, or the installed optax does not know the optimiser so.
    """
    data = dataset(config)
    check(config.model.name, data)
    loss = config.loss or ("mse" if data.task == "regression" else "cross_entropy")
    options = config.model.model_dump(exclude={"name"})
    network = MODELS[config.model.name].load()(options, data.input_shape, data.outputs)
    plan = Plan(config, data, loss, network)
    _ = plan.make_optimizer  # What is wrong with it is to be said before anything is measured.
    return plan


def dataset(config: Config) -> Dataset:
    """Load, check and split the data.

    Raises:
        InputError: they cannot be trained on, or do not go with the loss.
    """
    section = config.data
    load = DATA[section.name].load()
    if isinstance(section, TextData):
        found: Dataset = load(section, context_of(section, config.model), config.loss)
        return found
    return prepare(
        load(section),
        name=section.title,
        loss=config.loss,
        validation_fraction=section.validation_fraction,
        batch_size=section.batch_size,
        seed=SPLIT_SEED,
        standardize=section.standardize,
    )


def context_of(section: TextData, model: Any) -> int:
    """Tokens of a window of text: what the config says, or all that the model can see.

    Raises:
        InputError: nobody says, or a window is longer than what the model can see.
    """
    wanted = section.context
    seen: Any = getattr(model, "context", None)
    if wanted is None and seen is None:
        raise InputError(
            f"{model.name} reads numbers, and {section.title} is text, read as tokens; use transformer",
            key="model.name",
        )
    if wanted is not None and seen is not None and wanted > seen:
        raise InputError(f"must be at most the model's context, {seen:,}; got {wanted:,}", key="data.context")
    return int(seen) if wanted is None else wanted


def memory(plan: Plan) -> int:
    """Bytes that data, or the batches of them that are on their way, and the states of all seeds take, by their shapes;
    activations come on top."""
    states = sum(math.prod(leaf.shape) * np.dtype(leaf.dtype).itemsize for leaf in jax.tree.leaves(plan.shapes()))
    parts = (plan.data.train, plan.data.validation)
    batches = 2 * max(IN_FLIGHT, plan.step_bytes) if plan.data.streamed else 0
    return int(states + batches + sum(part.inputs.nbytes + part.targets.nbytes for part in parts if part))
