"""How the rate changes over the training: every schedule with its keys."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from lrfind.config.sections.base import Section, conflict
from lrfind.core.registry import SCHEDULES

LONGEST = 10**9

STEPS = {"warmup_steps", "decay_steps", "step_size", "cycle_steps", "at", "window", "patience", "cooldown"}
"""Keys of schedules that count steps."""

MOST_CYCLES = 100
"""Each cycle, and each drop, is a part of the compiled schedule and of the text to paste."""

# A YAML list becomes a tuple, which strictness would refuse; its items stay strict.
StepList = Annotated[tuple[Annotated[int, Field(ge=1, le=LONGEST)], ...], Field(strict=False)]
EpochList = Annotated[tuple[Annotated[float, Field(gt=0, le=LONGEST)], ...], Field(strict=False)]
FactorList = Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(strict=False)]


def count(description: str) -> Any:
    """Return the field of a number of steps that may be left out."""
    return Field(default=None, ge=1, le=LONGEST, description=description)


class Schedule(Section):
    """The keys that all schedules share.

    Attributes:
        shares: by key, the fraction 1 / n of the training's steps that a number of steps is by default, as n.
    """

    shares: ClassVar[Mapping[str, int]] = {}

    name: str
    warmup_steps: int = Field(
        default=0, ge=0, le=LONGEST, description="steps over which the rate first rises from 0 in a straight line"
    )

    def keywords(self, steps: int) -> dict[str, Any]:
        """Return the values of all keys but `name` for a training of `steps`, with derived defaults filled in."""
        values = self.model_dump(exclude={"name"})
        return values | {key: values[key] or max(1, steps // share) for key, share in self.shares.items()}

    def scaled(self, steps: int, horizon: int) -> dict[str, Any]:
        """Return `keywords` for a training of `steps`, squeezed into `horizon` steps.

        Every number of steps is multiplied by ``horizon / steps`` and is at least 1; a warm-up leaves a step after it.
        All but the length of a cycle are rounded: cycles end where they would, to the nearest step.
        """
        values = self.keywords(steps)

        def squeezed(key: str, value: Any) -> Any:
            if isinstance(value, tuple):
                return tuple(squeezed(key, item) for item in value)
            if not value or horizon == steps:
                return value
            return max(1, value * horizon / steps if key == "cycle_steps" else round(value * horizon / steps))

        values |= {key: squeezed(key, values[key]) for key in STEPS & values.keys()}
        return values | {"warmup_steps": min(values["warmup_steps"], horizon - 1)}

    def misfit(self, steps: int) -> tuple[str, str] | None:
        """Return the key that does not fit a training of `steps`, and a sentence; None if all fit."""
        if self.warmup_steps >= steps:
            return "warmup_steps", f"must be less than the {steps:,} steps of the training; got {self.warmup_steps}"
        return None


class ConstantSchedule(Schedule):
    """The same rate at every step."""

    name: Literal["constant"] = Field(description=SCHEDULES["constant"].summary)


class LinearSchedule(Schedule):
    """A straight line."""

    name: Literal["linear"] = Field(description=SCHEDULES["linear"].summary)
    end_factor: float = Field(default=0.0, ge=0, le=1, description="last rate, as a factor of the rate")


class ExponentialSchedule(Schedule):
    """A constant factor every so many steps."""

    shares: ClassVar[Mapping[str, int]] = {"decay_steps": 100}
    name: Literal["exponential"] = Field(description=SCHEDULES["exponential"].summary)
    decay_rate: float = Field(default=0.96, gt=0, le=1, description="factor per decay_steps")
    decay_steps: int | None = count("steps per factor; left out: a hundredth of the training")
    staircase: bool = Field(default=False, description="jump every decay_steps instead of decaying a little every step")


class StepSchedule(Schedule):
    """A drop every so many steps."""

    shares: ClassVar[Mapping[str, int]] = {"step_size": 3}
    name: Literal["step"] = Field(description=SCHEDULES["step"].summary)
    factor: float = Field(default=0.1, gt=0, lt=1, description="factor of each drop")
    step_size: int | None = count("steps between drops; left out: a third of the training")


class CosineSchedule(Schedule):
    """Half a cosine."""

    name: Literal["cosine"] = Field(description=SCHEDULES["cosine"].summary)
    end_factor: float = Field(default=0.0, ge=0, le=1, description="last rate, as a factor of the rate")


class OneCycleSchedule(Schedule):
    """Up, then down to almost nothing."""

    name: Literal["one_cycle"] = Field(description="up from rate / div_factor to the rate, then down")
    peak_fraction: float = Field(default=0.3, gt=0, lt=1, description="share of the training spent going up")
    div_factor: float = Field(default=25.0, ge=1, description="the first rate is the rate over this")
    final_div_factor: float = Field(default=10000.0, ge=1, description="the last rate is the first one over this")


class PolynomialSchedule(Schedule):
    """A power of what is left."""

    name: Literal["polynomial"] = Field(description=SCHEDULES["polynomial"].summary)
    power: float = Field(
        default=2.0, gt=0, le=100, description="of the share of the training that is left; 1 is linear"
    )
    end_factor: float = Field(default=0.0, ge=0, le=1, description="last rate, as a factor of the rate")


class InverseTimeSchedule(Schedule):
    """Divided by the time."""

    shares: ClassVar[Mapping[str, int]] = {"decay_steps": 10}
    name: Literal["inverse_time"] = Field(description=SCHEDULES["inverse_time"].summary)
    decay_rate: float = Field(default=1.0, gt=0, le=1e6, description="what the divisor grows by in decay_steps")
    decay_steps: int | None = count("left out: a tenth of the training, which ends at an 11th then")
    staircase: bool = Field(default=False, description="jump every decay_steps instead of decaying a little every step")


class ScheduledDropSchedule(Schedule):
    """Drops at named places."""

    name: Literal["scheduled_drop"] = Field(description=SCHEDULES["scheduled_drop"].summary)
    at: StepList = Field(default=(), description="steps of the drops, rising; [] for 1/2 and 3/4 of the training")
    at_epochs: EpochList = Field(default=(), description="epochs of the drops, instead of at; needs train.epochs")
    factors: FactorList = Field(
        default=(), description="rate from each drop on, as a factor of the rate; [] for 0.1, 0.01, 0.001, ..."
    )
    _epochs: float | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.at and self.at_epochs:
            raise conflict("cannot be given beside at; keep one of the two", "at_epochs", "at")
        for key, times in (("at", self.at), ("at_epochs", self.at_epochs)):
            if any(later <= earlier for earlier, later in pairwise(times)):
                raise conflict(f"must rise from drop to drop; got {list(times)}", key)
            if len(times) > MOST_CYCLES:
                raise conflict(f"must be at most {MOST_CYCLES} drops; got {len(times)}", key)
        drops = len(self.at or self.at_epochs) or 2
        if self.factors and len(self.factors) != drops:
            raise conflict(f"must be as many as the drops, {drops}; got {len(self.factors)}", "factors")
        return self

    def during(self, epochs: float | None) -> None:
        """Set the number of epochs of the training."""
        self._epochs = epochs

    def misfit(self, steps: int) -> tuple[str, str] | None:
        if self.at and self.at[-1] >= steps:
            return "at", f"must be steps before the end of the training, {steps:,}; got {list(self.at)}"
        if self.at and self.at[0] <= self.warmup_steps:
            return "at", f"must be steps after the warm-up, {self.warmup_steps:,}; got {list(self.at)}"
        return super().misfit(steps)

    def keywords(self, steps: int) -> dict[str, Any]:
        values = super().keywords(steps)
        at: tuple[float, ...] = self.at or (steps / 2, 3 * steps / 4)
        if values.pop("at_epochs") and self._epochs is not None:
            at = tuple(time / self._epochs * steps for time in self.at_epochs)
        factors = self.factors or tuple(float(f"1e-{drop}") for drop in range(1, len(at) + 1))
        return values | {"at": tuple(max(1, round(time)) for time in at), "factors": factors}


class ReduceOnPlateauSchedule(Schedule):
    """Drops when the loss stalls."""

    shares: ClassVar[Mapping[str, int]] = {"patience": 10, "window": 100}
    name: Literal["reduce_on_plateau"] = Field(description=SCHEDULES["reduce_on_plateau"].summary)
    factor: float = Field(default=0.1, gt=0, lt=1, description="factor of each drop; 0.1 and 0.5 are usual")
    patience: int | None = count("steps without improvement before a drop; left out: a tenth of all")
    threshold: float = Field(
        default=1e-4, gt=0, lt=1, description="share of the lowest loss by which a lower one is an improvement"
    )
    cooldown: int = Field(default=0, ge=0, le=LONGEST, description="steps after a drop that are not counted")
    window: int | None = count(
        "steps whose mean loss is judged, patience and cooldown are whole windows; left out: a hundredth"
    )
    min_factor: float = Field(default=0.0, ge=0, lt=1, description="lowest rate, as a factor of the rate")


class _Cycles(Schedule):
    """The keys of schedules in cycles."""

    cycle_steps: int | None = Field(default=None, ge=1, le=LONGEST)

    def misfit(self, steps: int) -> tuple[str, str] | None:
        length, left = self.cycle_steps, steps - self.warmup_steps
        if length is None or left < 1:
            return super().misfit(steps)
        if length > left:
            return "cycle_steps", f"must be at most {left:,}, the steps of the training after warm-up; got {length}"
        growth = getattr(self, "cycle_mult", 1.0)
        cycles = left / length if growth == 1 else math.log1p(left / length * (growth - 1)) / math.log(growth)
        if cycles > MOST_CYCLES:
            return "cycle_steps", f"makes {math.ceil(cycles):,} cycles; {MOST_CYCLES} is the limit; got {length}"
        return super().misfit(steps)


class CosineRestartsSchedule(_Cycles):
    """Cosines, one after the other."""

    name: Literal["cosine_restarts"] = Field(description=SCHEDULES["cosine_restarts"].summary)
    cycle_steps: int | None = count("steps of the first cycle; left out: so that three fill the training")
    cycle_mult: float = Field(default=2.0, ge=1, le=100, description="length of a cycle over that of the one before")
    decay: float = Field(default=1.0, gt=0, le=1, description="factor of the rate per cycle")
    end_factor: float = Field(default=0.0, ge=0, le=1, description="last rate of a cycle, as a factor of its first")

    def keywords(self, steps: int) -> dict[str, Any]:
        three = (steps - self.warmup_steps) / (1 + self.cycle_mult + self.cycle_mult**2)
        return super().keywords(steps) | {"cycle_steps": self.cycle_steps or max(1, math.ceil(three))}


class TriangularSchedule(_Cycles):
    """Up and down, again and again."""

    name: Literal["triangular"] = Field(description=SCHEDULES["triangular"].summary)
    cycle_steps: int | None = count("steps up and down together; left out: a quarter of the training")
    base_factor: float = Field(default=0.25, ge=0, le=1, description="lowest rate, as a factor of the rate")
    decay: float = Field(default=1.0, gt=0, le=1, description="factor of the cycle's height per cycle; 0.5 is usual")

    def keywords(self, steps: int) -> dict[str, Any]:
        quarter = math.ceil((steps - self.warmup_steps) / 4)
        return super().keywords(steps) | {"cycle_steps": self.cycle_steps or max(1, quarter)}


AnySchedule = Annotated[
    ConstantSchedule
    | LinearSchedule
    | PolynomialSchedule
    | ExponentialSchedule
    | InverseTimeSchedule
    | StepSchedule
    | ScheduledDropSchedule
    | ReduceOnPlateauSchedule
    | CosineSchedule
    | CosineRestartsSchedule
    | TriangularSchedule
    | OneCycleSchedule,
    Field(discriminator="name"),
    BeforeValidator(lambda value: {"name": value} if isinstance(value, str) else value),
]
