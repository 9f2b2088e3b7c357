"""The optimizer section: what all optimisers share, and the keywords of the one that is named.

The keywords come from the generated table of optax's optimisers, so one class serves them all: what it does not declare
lands in pydantic's extras and is checked against the table.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from lrfind.config.keywords import CHOICES
from lrfind.config.section import Section, names
from lrfind.config.words import mismatch, unknown
from lrfind.optimizer_table import OPTIMIZERS, Default

if TYPE_CHECKING:
    OptimizerName = str
else:
    OptimizerName = names(OPTIMIZERS)

SHARED = ("name", "learning_rate", "clip_norm", "accumulate", "decayed", "groups", "frozen")

Pattern = Annotated[str, Field(min_length=1)]
Factor = Annotated[float, Field(gt=0, le=1000, json_schema_extra={"x-reason": "what is not to move belongs in frozen"})]


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
    decayed: Literal["all", "weights"] = Field(
        default="all", description="what weight decay acts on; weights: not on biases and scales of norms"
    )
    groups: dict[Pattern, Factor] = Field(
        default_factory=dict,
        description='factors on the rate of some parameters, {"0.*": 0.1}; of several patterns the first counts',
        json_schema_extra={"default": {}},
    )
    frozen: Annotated[tuple[Pattern, ...], Field(strict=False)] = Field(
        default=(), description='parameters that stay as they are, ["0.*"]; before all groups'
    )

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
            elif (wanted := option_schema(defaults[key], key)) and not _fits(value, defaults[key], wanted):
                message = mismatch(wanted, value)
            else:
                continue
            problems.append(_problem(key, value, message))
        if self.decayed != "all" and OPTIMIZERS[self.name].mask is None:
            problems.append(_problem("decayed", self.decayed, _no_mask(self.name)))
        if problems:
            raise ValidationError.from_exception_data("optimizer", problems)
        return self


def option_schema(default: Default, key: str = "") -> dict[str, Any]:
    """JSON Schema of a keyword whose default this is. None stands for an optional number: optax has no others."""
    match default:
        case bool():
            return {"type": "boolean", "default": default}
        case int():
            return {"type": "integer", "default": default}
        case float():
            return {"type": "number", "default": default}
        case str():
            return {"type": "string", "default": default} | ({"enum": list(CHOICES[key])} if key in CHOICES else {})
        case tuple():
            items = [option_schema(item, f"{key}.{i}") for i, item in enumerate(default)]
            sizes = {"minItems": len(items), "maxItems": len(items)}
            return {"type": "array", "prefixItems": items, "items": False, "default": list(default), **sizes}
        case None:
            return {"anyOf": [{"type": "number"}, {"type": "null"}], "default": None}


def _fits(value: Any, default: Default, wanted: dict[str, Any]) -> bool:
    if isinstance(default, tuple):
        if not isinstance(value, list | tuple) or len(value) != len(default):
            return False
        return all(_fits(*each) for each in zip(value, default, wanted["prefixItems"], strict=True))
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, str):
        return isinstance(value, str) and value in wanted.get("enum", [value])
    if isinstance(default, int):
        return isinstance(value, int) and abs(value) < 2**31
    if value is None:
        return default is None
    return isinstance(value, int | float) and abs(value) < 1e300 and math.isfinite(value)


def _no_mask(name: str) -> str:
    options = OPTIMIZERS[name].options
    if "adam_weight_decay" in options:
        return f"must be all: {name} decays matrices by weight_decay and the rest by adam_weight_decay"
    if any("weight_decay" in key for key in options):
        return f"must be all: optax's {name} decays every weight alike"
    return f"must be all: {name} has no weight decay"


def _problem(key: str, value: Any, message: str) -> InitErrorDetails:
    error = PydanticCustomError("option", "{message}", {"message": message})
    return InitErrorDetails(type=error, loc=(key,), input=value)
