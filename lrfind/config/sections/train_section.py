"""The `train` section: length and schedule of the training that the rate is for."""

from __future__ import annotations

import math
from typing import Any, Self

from pydantic import Field, model_validator

from lrfind.config.sections.base import Section, conflict
from lrfind.config.sections.schedule import LONGEST, AnySchedule, ConstantSchedule, ScheduledDropSchedule
from lrfind.core.errors import InputError


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
    def _epochs_are_known(self) -> Self:
        if isinstance(self.schedule, ScheduledDropSchedule):
            drops = self.schedule.at_epochs
            if drops and self.epochs is None:
                raise conflict("needs epochs instead of steps; or name steps in at", "schedule.at_epochs", "epochs")
            if drops and self.epochs is not None and drops[-1] >= self.epochs:
                message = f"must be before the end, epoch {self.epochs:g}; got {list(drops)}"
                raise conflict(message, "schedule.at_epochs", "epochs")
            self.schedule.during(self.epochs)
        return self

    @model_validator(mode="after")
    def _schedule_fits(self) -> Self:
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
