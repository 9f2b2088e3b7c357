"""What the rate is for: the length of the training, and its schedule."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from lrfind.config.section import Section, conflict
from lrfind.errors import InputError

LONGEST = 10**9

STEPS = {"warmup_steps", "decay_steps", "step_size"}
"""Keys of schedules that count steps."""


class Schedule(Section):
    """What all schedules have."""

    name: str
    warmup_steps: int = Field(
        default=0, ge=0, le=LONGEST, description="steps over which the rate first rises from 0 in a straight line"
    )

    def keywords(self, steps: int) -> dict[str, Any]:
        """The schedule's own keys but `name`, for a training of `steps`, with the derived defaults filled in."""
        return self.model_dump(exclude={"name"})

    def scaled(self, steps: int, horizon: int) -> dict[str, Any]:
        """`keywords` for a training of `steps`, squeezed into `horizon` steps.

        Every number of steps is multiplied by ``horizon / steps`` and is at least 1; a warm-up leaves a step after it.
        """
        found = self.keywords(steps)
        for key in STEPS & found.keys():
            if found[key]:
                found[key] = max(1, round(found[key] * horizon / steps))
        return found | {"warmup_steps": min(found["warmup_steps"], horizon - 1)}


class ConstantSchedule(Schedule):
    """The same rate at every step."""

    name: Literal["constant"] = Field(description="the same rate at every step")


class LinearSchedule(Schedule):
    """A straight line."""

    name: Literal["linear"] = Field(description="straight line from the rate to end_factor times it")
    end_factor: float = Field(default=0.0, ge=0, le=1, description="last rate, as a factor of the rate")


class ExponentialSchedule(Schedule):
    """A constant factor every so many steps."""

    name: Literal["exponential"] = Field(description="multiplied by decay_rate every decay_steps")
    decay_rate: float = Field(default=0.96, gt=0, le=1, description="factor per decay_steps")
    decay_steps: int | None = Field(
        default=None, ge=1, le=LONGEST, description="steps per factor; left out: a hundredth of the training"
    )
    staircase: bool = Field(default=False, description="jump every decay_steps instead of decaying a little every step")

    def keywords(self, steps: int) -> dict[str, Any]:
        return super().keywords(steps) | {"decay_steps": self.decay_steps or max(1, steps // 100)}


class StepSchedule(Schedule):
    """A drop every so many steps."""

    name: Literal["step"] = Field(description="multiplied by factor every step_size steps")
    factor: float = Field(default=0.1, gt=0, lt=1, description="factor of each drop")
    step_size: int | None = Field(
        default=None, ge=1, le=LONGEST, description="steps between drops; left out: a third of the training"
    )

    def keywords(self, steps: int) -> dict[str, Any]:
        return super().keywords(steps) | {"step_size": self.step_size or max(1, steps // 3)}


class CosineSchedule(Schedule):
    """Half a cosine."""

    name: Literal["cosine"] = Field(description="half a cosine from the rate to end_factor times it")
    end_factor: float = Field(default=0.0, ge=0, le=1, description="last rate, as a factor of the rate")


class OneCycleSchedule(Schedule):
    """Up, then down to almost nothing."""

    name: Literal["one_cycle"] = Field(description="up from rate / div_factor to the rate, then down")
    peak_fraction: float = Field(default=0.3, gt=0, lt=1, description="share of the training spent going up")
    div_factor: float = Field(default=25.0, ge=1, description="the first rate is the rate over this")
    final_div_factor: float = Field(default=10000.0, ge=1, description="the last rate is the first one over this")


AnySchedule = Annotated[
    ConstantSchedule | LinearSchedule | ExponentialSchedule | StepSchedule | CosineSchedule | OneCycleSchedule,
    Field(discriminator="name"),
    BeforeValidator(lambda value: {"name": value} if isinstance(value, str) else value),
]


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
    def _warmup_fits(self) -> Self:
        if self.steps is not None and self.schedule.warmup_steps >= self.steps:
            raise conflict(_warmup(self.schedule.warmup_steps, self.steps), "schedule.warmup_steps", "steps")
        return self

    def resolve_steps(self, rows: int, batch_size: int, accumulate: int) -> int:
        """Optimiser steps of the training.

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
        if self.schedule.warmup_steps >= steps:
            raise InputError(_warmup(self.schedule.warmup_steps, steps), key="train.schedule.warmup_steps")
        return steps


def _warmup(warmup: int, steps: int) -> str:
    return f"must be less than the {steps:,} steps of the training; got {warmup}"
