"""The optimizer section: what all optimisers share, and the keywords of the one that is named.

The keywords come from the generated table of optax's optimisers, so one class serves them all: what it does not declare
lands in pydantic's extras and is checked against the table.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from lrfind.config.section import Section, names
from lrfind.config.words import mismatch, unknown
from lrfind.optimizer_table import OPTIMIZERS, Default

if TYPE_CHECKING:
    OptimizerName = str
else:
    OptimizerName = names(OPTIMIZERS)

SHARED = ("name", "learning_rate", "clip_norm", "accumulate")


class OptimizerSection(Section):
    """An optimiser of optax, with its own keywords beside the shared ones."""

    model_config = ConfigDict(extra="allow")

    name: OptimizerName = Field(description="an optimiser of optax")
    learning_rate: float | None = Field(
        default=None, gt=0, description="the rate to check or train with; a sweep does not need it"
    )
    clip_norm: float | None = Field(
        default=None, gt=0, description="scale the gradient down where its global norm is above this; left out: never"
    )
    accumulate: int = Field(default=1, ge=1, le=10**6, description="batches whose gradients are averaged for one step")

    @property
    def options(self) -> dict[str, Default]:
        """The optimiser's own keywords, as far as the config gives them."""
        return dict(self.model_extra or {})

    @model_validator(mode="after")
    def _options_fit(self) -> Self:
        defaults = OPTIMIZERS[self.name].options
        problems = []
        for key, value in (self.model_extra or {}).items():
            if key not in defaults:
                message = unknown(key, [*SHARED[1:], *defaults], of=f"optimizer '{self.name}'")
            elif not _fits(value, defaults[key]):
                message = mismatch(option_schema(defaults[key]), value)
            else:
                continue
            problems.append(_problem(key, value, message))
        if problems:
            raise ValidationError.from_exception_data("optimizer", problems)
        return self


def option_schema(default: Default) -> dict[str, Any]:
    """JSON Schema of a keyword whose default this is. None stands for an optional number: optax has no others."""
    match default:
        case bool():
            return {"type": "boolean", "default": default}
        case int():
            return {"type": "integer", "default": default}
        case float():
            return {"type": "number", "default": default}
        case str():
            return {"type": "string", "default": default}
        case None:
            return {"anyOf": [{"type": "number"}, {"type": "null"}], "default": None}


def _fits(value: Any, default: Default) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, str):
        return isinstance(value, str)
    if isinstance(default, int):
        return isinstance(value, int) and abs(value) < 2**31
    if value is None:
        return default is None
    return isinstance(value, int | float) and abs(value) < 1e300 and math.isfinite(value)


def _problem(key: str, value: Any, message: str) -> InitErrorDetails:
    error = PydanticCustomError("option", "{message}", {"message": message})
    return InitErrorDetails(type=error, loc=(key,), input=value)
