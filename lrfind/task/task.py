"""A task: model and loss, batches, optimiser, schedule; and the built-in parts of a config."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import jax

from lrfind.analysis.build_result import RunDescription
from lrfind.config.schema import Config
from lrfind.config.sections.data import TextData
from lrfind.core.dataset import Dataset
from lrfind.core.errors import InputError
from lrfind.core.registry import DATA, LOSSES, MODELS
from lrfind.engine import devices
from lrfind.engine.evaluation import AT_ONCE
from lrfind.engine.execution import compile_program
from lrfind.engine.step import GradientStep, Step, TrainState, own_step, start
from lrfind.task.batch_source import TaskBatches, of_dataset
from lrfind.task.data.batches import weight_key
from lrfind.task.data.prepare import prepare
from lrfind.task.models.contract import Model, Network, Precision, count, supervised
from lrfind.task.models.layers import check
from lrfind.task.optim import param_groups
from lrfind.task.optim.optimizers import MakeOptimizer, TaskOptimizer, is_plain
from lrfind.task.optim.schedules import UnitSchedule, unit_schedule
from lrfind.task.report import TaskReport

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


RELATIVE_LOSS_ERROR: dict[Precision, float | None] = {"float32": None, "bfloat16": 2**-7}
"""For `GradientStep`. In bfloat16 every row's loss is off by about its epsilon, 2^-7; of a batch of 64 digits, the mean
was off by some 2^-12 of itself, and the ratio of two good to some three hundredths from 2^-7 on."""


@dataclass(frozen=True)
class UserCode:
    """Parts of a task that are the user's code.

    Attributes:
        digest: hash of the source; empty without any.
        in_step: whether a step runs it: as model, loss, optimiser or source of batches.
        loss: whether the loss is the user's.
        optimizer: the user's optimiser; None for the config's.
        notes: function that returns warnings about the user's data, one sentence each.
        assumptions: assumptions about the user's code, one sentence each.
    """

    digest: str = ""
    in_step: bool = False
    loss: bool = False
    optimizer: MakeOptimizer | None = None
    notes: Callable[[], tuple[str, ...]] = tuple
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """A training to find a learning rate for.

    Attributes:
        config: resolved config.
        objective: model and loss.
        batches: batches of all seeds.
        user_code: parts that are the user's code.
    """

    config: Config
    objective: Objective
    batches: TaskBatches
    user_code: UserCode = field(default_factory=UserCode)

    @cached_property
    def optimizer(self) -> TaskOptimizer:
        """Optimiser."""
        return TaskOptimizer(self.config.optimizer, lambda: self.objective.initial[0], self.user_code.optimizer)

    @cached_property
    def report(self) -> TaskReport:
        """Description for reports."""
        return TaskReport(self)

    @cached_property
    def train_steps(self) -> int:
        """Optimiser steps of the whole training."""
        train, source = self.config.train, self.batches.source
        per_epoch = 0 if train.epochs is None else source.per_epoch()
        accumulate = self.config.optimizer.accumulate
        return train.resolve_steps(source.batch_rows * per_epoch, source.batch_rows, accumulate)

    def schedule(self, horizon: int) -> UnitSchedule:
        """Return the config's schedule, scaled to a number of steps."""
        section = self.config.train.schedule
        return unit_schedule(section.name, horizon, **section.scaled(self.train_steps, horizon))

    @cached_property
    def step(self) -> Step:
        """Optimiser step."""
        model = self.objective.model
        if model.step is not None:
            return own_step(model.step)
        return GradientStep(
            model.loss,
            self.optimizer.make,
            accumulate=self.config.optimizer.accumulate,
            probe=self.config.confirm.enabled,
            relative_loss_error=RELATIVE_LOSS_ERROR[self.config.precision],
            plain=is_plain(self.config.optimizer),
        )

    def validate(self) -> None:
        """Build optimiser and initial parameters, before anything is measured.

        Raises:
            InputError: a pattern matches no parameter, or the installed optax lacks the optimiser or a keyword.
        """
        _ = self.optimizer.make, self.objective.initial

    def starts(self, platform: str) -> list[TrainState]:
        """Return the training state of every seed before the first step.

        Args:
            platform: ``"cpu"``, ``"gpu"`` or ``"tpu"``.
        """
        initial = self.objective.initial
        begin = jax.jit(lambda params, state: start(params, state, self.optimizer.make)).lower(*initial)
        begin = compile_program(begin, "quick" if platform == "cpu" else "full")
        others = (self.objective.init(seed) for seed in self.batches.seeds[1:])
        return [begin(*initial), *(begin(*values) for values in others)]

    def shapes(self) -> list[TrainState]:
        """Return shapes and types of `starts` without computing them."""
        initial = self.objective.initial
        shape = jax.eval_shape(lambda params, state: start(params, state, self.optimizer.make), *initial)
        return [shape] * len(self.batches.seeds)


def describe(task: Task, name: str, config: Mapping[str, Any], rate: float | None = None) -> RunDescription:
    """Return the part of a run's result that is known before anything is measured.

    Args:
        task: task of the run.
        name: name of the config.
        config: resolved config, plain JSON values.
        rate: learning rate of the optimiser's line; None for a name in its place.
    """
    return RunDescription(
        name=name,
        config=config,
        environment=devices.environment(),
        facts=task.report.facts(rate),
        train_steps=task.train_steps,
        assumptions=task.report.assumptions,
        schedule=task.schedule(task.train_steps).totals,
    )


def load(config: Config) -> Dataset:
    """Load, check and split the config's built-in data or file.

    Raises:
        InputError: they cannot be trained on, do not go with the loss, or there is no memory for them.
    """
    section, loss = config.data, config.loss if isinstance(config.loss, str) else None
    read = DATA[section.name].load()
    try:
        if isinstance(section, TextData):
            data: Dataset = read(section, context_of(section, config.model), loss)
            return data
        return prepare(read(section), section, loss)
    except MemoryError:
        raise InputError("there is no memory for the data; take fewer rows, or 'name: npy'", key="data") from None


def loss_of(data: Dataset) -> str:
    """Return the name of the loss that fits the targets."""
    return "mse" if data.kind == "regression" else "cross_entropy"


def network_of(config: Config, input_shape: tuple[int, ...], outputs: int) -> Network:
    """Return the config's built-in network."""
    options = config.model.model_dump(exclude={"name"})
    network: Network = MODELS[config.model.name].load()(options, input_shape, outputs)
    return network


def context_of(section: TextData, model: Any) -> int:
    """Return the tokens per window of text: the config's number, or the largest that the model can read.

    Raises:
        InputError: nobody says, or a window is longer than what the model can see.
    """
    wanted = section.context
    longest: Any = getattr(model, "context", None)
    if wanted is None and longest is None:
        raise InputError(
            f"{model.name} reads numbers, and {section.title} is text, read as tokens; use transformer",
            key="model.name",
        )
    if wanted is not None and longest is not None and wanted > longest:
        raise InputError(f"must be at most the model's context, {longest:,}; got {wanted:,}", key="data.context")
    return int(longest) if wanted is None else wanted


def make(config: Config) -> Task:
    """Return the task of a config of built-in parts.

    Args:
        config: resolved config.

    Raises:
        InputError: the data cannot be trained on or do not fit the loss, a pattern of the optimiser matches no
            parameter, or the installed optax lacks the optimiser or a keyword.
    """
    data = load(config)
    check(config.model.name, data)
    loss = config.loss or loss_of(data)
    assert isinstance(loss, str), "a user's loss is a target"
    network, function = network_of(config, data.input_shape, data.outputs), LOSSES[loss].load()

    objective = Objective(config, partial(supervised, network, function), network.describe(), loss, network)
    task = Task(config, objective, TaskBatches(config, of_dataset(data, config.data.batch_size)))
    task.validate()
    return task
