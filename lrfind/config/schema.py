"""The one description of a config: every key, its type, its bounds, its default and what it is for.

The loader, the error messages, `lrfind list` and `lrfind schema` are drawn from these classes; a test holds the starter
config against them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from lrfind.config.messages import number
from lrfind.config.sections.base import NONE, OWN, OwnLoss, Section, conflict
from lrfind.config.sections.data import DataSection
from lrfind.config.sections.model import ModelSection
from lrfind.config.sections.optimizer import OptimizerSection
from lrfind.config.sections.schedule import LONGEST, AnySchedule, ConstantSchedule, ScheduledDropSchedule
from lrfind.core.errors import InputError
from lrfind.core.registry import LADDERS, LOSSES, METHODS

if TYPE_CHECKING:
    LossName = str
    LadderName = str
    MethodName = str
else:
    LossName, LadderName, MethodName = (Literal[tuple(table)] for table in (LOSSES, LADDERS, METHODS))


LOSS_NAME, LOSS_TARGET = "loss name", "loss target"
"""How pydantic tells the two ways to give a loss apart; no key is called so."""

LOWEST, HIGHEST = 1e-30, 1e30
"""Rates of a sweep; those that it would extend itself to beyond these are nothing, or infinite, in float32."""


NARROWEST = 1.1
"""Factor between the rates of a sweep: the last of them is above the first by so much, or there is nothing to see."""


class TrainSection(Section):
    """The training that the rate is for."""

    steps: int | None = Field(
        default=1000, ge=1, le=LONGEST, description="optimiser steps of the training; or give epochs"
    )
    epochs: float | None = Field(default=None, gt=0, description="passes over the training rows, instead of steps")
    schedule: AnySchedule = Field(
        default_factory=lambda: ConstantSchedule(name="constant"),
        description="how the rate changes over the training; the rate is its peak",
    )

    @model_validator(mode="before")
    @classmethod
    def _epochs_stand_for_steps(cls, data: Any) -> Any:
        """The default number of steps makes room for epochs."""
        if isinstance(data, dict) and data.get("epochs") is not None and "steps" not in data:
            return {**data, "steps": None}
        return data

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if self.steps is not None and self.epochs is not None:
            raise conflict("cannot be given beside steps; keep one of the two", "epochs", "steps")
        if self.steps is None and self.epochs is None:
            raise conflict("must be a number where epochs is not given", "steps", "epochs")
        return self

    @model_validator(mode="after")
    def _schedule_fits(self) -> Self:
        if isinstance(self.schedule, ScheduledDropSchedule):
            drops = self.schedule.at_epochs
            if drops and self.epochs is None:
                raise conflict("needs epochs instead of steps; or name steps in at", "schedule.at_epochs", "epochs")
            if drops and self.epochs is not None and drops[-1] >= self.epochs:
                message = f"must be before the end, epoch {self.epochs:g}; got {list(drops)}"
                raise conflict(message, "schedule.at_epochs", "epochs")
            self.schedule.during(self.epochs)
        if self.steps is not None and (misfit := self.schedule.misfit(self.steps)):
            key, message = misfit
            raise conflict(message, f"schedule.{key}", "steps")
        return self

    def resolve_steps(self, rows: int, batch_size: int, accumulate: int) -> int:
        """Compute the optimiser steps of the training.

        Args:
            rows: rows to train on.
            batch_size: rows per batch.
            accumulate: batches per optimiser step.

        Returns:
            `steps`, or `epochs` times the whole optimiser steps in one pass over the rows, rounded down; at least 1.
        """
        if self.epochs is None:
            assert self.steps is not None  # _one_length
            return self.steps
        per_epoch = max(1, rows // (batch_size * accumulate))
        wanted = self.epochs * per_epoch
        if wanted > LONGEST:
            raise InputError(f"makes {wanted:.3g} steps; {LONGEST:,} is the limit", key="train.epochs")
        steps = max(1, math.floor(wanted + 1e-9))  # 0.29 epochs of 100 steps are 28.999999999999996
        if misfit := self.schedule.misfit(steps):
            key, message = misfit
            raise InputError(message, key=f"train.schedule.{key}")
        return steps


class SweepSection(Section):
    """The range test."""

    min_lr: float = Field(default=1e-7, gt=0, description="first rate of the sweep")
    max_lr: float = Field(default=10.0, gt=0, description="last rate of the sweep")
    steps: int = Field(
        default=100,
        ge=10,
        le=100_000,
        description="steps of the sweep, one rate each",
        json_schema_extra={"x-reason": "fewer make no curve to read, more are a training"},
    )
    seeds: int = Field(
        default=4,
        ge=1,
        le=64,
        description="sweeps side by side, each from starting weights and a batch order of its own",
        json_schema_extra={"x-reason": "more cost time and narrow the interval no further"},
    )
    ladder: LadderName = Field(default="exponential", description="how the rate rises")
    method: MethodName = Field(default="steepest", description="how the suggestion is read off the curve")
    extend: bool = Field(default=True, description="go on above max_lr where the loss has not turned up by then")

    @model_validator(mode="after")
    def _rates_rise_within_float32(self) -> Self:
        for key in ("min_lr", "max_lr"):
            if not LOWEST <= (rate := getattr(self, key)) <= HIGHEST:
                bounds = f"{number(LOWEST)} to {number(HIGHEST)}"
                raise conflict(f"must be from {bounds}, as weights are float32; got {number(rate)}", key)
        if self.max_lr >= NARROWEST * self.min_lr:
            return self
        low, high = number(self.min_lr), number(self.max_lr)
        by = f", by a factor of {NARROWEST} at least" if self.min_lr < self.max_lr else ""
        if "max_lr" in self.model_fields_set:
            raise conflict(f"must be above min_lr, {low}{by}; got {high}", "max_lr", "min_lr")
        raise conflict(f"must be below max_lr, {high} by default{by}; got {low}", "min_lr", "max_lr")


class ConfirmSection(Section):
    """The short real trainings."""

    enabled: bool = Field(default=True, description="check the suggestion by short real trainings")
    budget: int = Field(
        default=3000,
        ge=1,
        le=10**9,
        description="optimiser steps that sweep and trainings may take together, all seeds counted",
    )
    max_seconds: float | None = Field(
        default=None, gt=0, description="seconds after which no further training is begun; left out: no limit"
    )


class CheckSection(Section):
    """The gate."""

    tolerance: float = Field(
        default=3.0,
        ge=1,
        le=1e6,
        description="factor by which learning_rate may lie outside of the recommended interval",
    )


def _kind_of_loss(value: Any) -> str:
    return LOSS_TARGET if isinstance(value, dict | OwnLoss) else LOSS_NAME


if TYPE_CHECKING:
    LossSection = str | OwnLoss
else:
    LossSection = Annotated[
        Annotated[LossName, Tag(LOSS_NAME)] | Annotated[OwnLoss, Tag(LOSS_TARGET)], Discriminator(_kind_of_loss)
    ]


class Config(Section):
    """A config of lrfind."""

    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="fixes all that is random; same seed, same curve")
    model: ModelSection = Field(description="the network")
    data: DataSection = Field(description="what it learns from")
    loss: LossSection | None = Field(default=None, description="what it minimises; left out: what fits the targets")
    optimizer: OptimizerSection = Field(description="an optimiser of optax with its keywords")
    train: TrainSection = Field(default_factory=lambda: TrainSection(), description="the training that the rate is for")
    precision: Literal["float32", "bfloat16"] = Field(
        default="float32", description="what the network computes in; weights, loss and updates are float32"
    )
    sweep: SweepSection = Field(default_factory=lambda: SweepSection(), description="the range test")
    confirm: ConfirmSection = Field(
        default_factory=lambda: ConfirmSection(), description="short real trainings that check the suggestion"
    )
    check: CheckSection = Field(default_factory=lambda: CheckSection(), description="the gate: lrfind check")

    @model_validator(mode="before")
    @classmethod
    def _own_step_has_an_optimizer(cls, data: Any) -> Any:
        """A model of the user's own may be a whole train step; whether it is, is seen when it is loaded."""
        if not isinstance(data, dict) or not isinstance(data.get("model"), dict) or "target" not in data["model"]:
            return data
        optimizer = data.get("optimizer", {})
        if isinstance(optimizer, dict) and not {"name", "target"} & optimizer.keys():
            return {**data, "optimizer": {"name": NONE, **optimizer}}
        return data

    @property
    def targets(self) -> bool:
        """Whether a section refers to the user's own code."""
        sections = (self.model, self.data, self.optimizer)
        return isinstance(self.loss, OwnLoss) or any(section.name in (OWN, NONE) for section in sections)


def assumptions(config: Config, *, batches: bool = True) -> tuple[str, ...]:
    """Return a sentence for each value that the rate depends on and the config leaves out.

    Args:
        config: validated config.
        batches: whether lrfind draws the batches, and not the user's code.
    """
    sentences = []
    if "train" not in config.model_fields_set:
        sentences.append("train is left out: assumed 1,000 steps of a constant rate")
    else:
        if "steps" not in config.train.model_fields_set:
            sentences.append("train.steps is left out: assumed 1,000")
        if "schedule" not in config.train.model_fields_set:
            sentences.append("train.schedule is left out: assumed a constant rate")
    if batches and "batch_size" not in config.data.model_fields_set:
        sentences.append(f"data.batch_size is left out: assumed {config.data.batch_size}")
    return tuple(sentences)
