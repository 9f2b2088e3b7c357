"""The optimizer section: what all optimisers share, and the keywords of the one that is named.

The keywords come from the generated table of optax's optimisers, so one class serves them all: what it does not declare
lands in pydantic's extras and is checked against the table.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from lrfind.config.messages import mismatch, not_null, unknown
from lrfind.config.optimizer_catalog import BOUNDS, CHOICES, OPTIMIZERS, Default
from lrfind.config.sections.base import NONE, OWN, TARGET, Kwargs, Section, Target, conflict

if TYPE_CHECKING:
    OptimizerName = str
else:
    OptimizerName = Literal[(*OPTIMIZERS, OWN, NONE)]

SHARED = ("name", "learning_rate", "clip_norm", "accumulate", "decayed", "groups", "frozen")

OWN_KEYS = ("target", "kwargs")
OWN_SHARED = ("learning_rate", "clip_norm", "accumulate")
"""Of the shared keys, those that go with an optimiser of the user's own; the rest is theirs to do."""

Pattern = Annotated[str, Field(min_length=1)]
Factor = Annotated[float, Field(gt=0, le=1000, json_schema_extra={"x-reason": "what is not to move belongs in frozen"})]


class OptimizerSection(Section):
    """An optimiser of optax, with its own keywords beside the shared ones."""

    model_config = ConfigDict(extra="allow")

    name: OptimizerName = Field(description="an optimiser of optax", json_schema_extra={"enum": [*OPTIMIZERS]})
    target: Target | None = Field(default=None, description=f"{TARGET} that makes one of optax's kind out of a rate")
    kwargs: Kwargs = Field(default_factory=dict, description="further keywords of target")
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

    @model_serializer(mode="wrap")
    def _without_own(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out the keys of the other kind: of own code for an optimiser of optax, and the reverse."""
        values: dict[str, Any] = dump(self)
        left_out = OWN_KEYS if self.named else set(SHARED[1:]) - set(OWN_SHARED)
        return {key: values[key] for key in values if key not in left_out}

    @property
    def named(self) -> bool:
        """Whether this is an optimiser of optax, not one of the user's own."""
        return self.name in OPTIMIZERS

    @property
    def options(self) -> dict[str, Default]:
        """The optimiser's own keywords, as far as the config gives them."""
        return dict(self.model_extra or {})

    @model_validator(mode="after")
    def _options_fit(self) -> Self:
        if self.name == OWN and self.target is None:
            raise conflict("missing: a reference such as my_optimizer.py:make", "target")
        if self.named and self.target is not None:
            raise conflict("cannot stand beside name; keep one of the two", "target", "name")
        if self.named and self.kwargs:
            raise conflict("belongs to a target; an optimiser of optax has its keywords beside name", "kwargs")
        problems = []
        for key, message in self._misfits_of_optax() if self.named else self._misfits_of_own_code():
            error = PydanticCustomError("option", "{message}", {"message": message})
            problems.append(InitErrorDetails(type=error, loc=(key,), input=None))
        if problems:
            raise ValidationError.from_exception_data("optimizer", problems)
        return self

    def _misfits_of_optax(self) -> Iterator[tuple[str, str]]:
        """Yield the keys that an optimiser of optax does not have, or not so, each with a sentence."""
        defaults = OPTIMIZERS[self.name].options
        for key, value in self.options.items():
            if key not in defaults:
                yield key, unknown(key, [*SHARED[1:], *defaults], of=f"optimizer '{self.name}'")
            elif (wanted := option_schema(defaults[key], key)) and not _fits(value, defaults[key], wanted):
                yield key, mismatch(wanted, value)
        if self.decayed != "all" and OPTIMIZERS[self.name].mask is None:
            yield "decayed", _no_mask(self.name)

    def _misfits_of_own_code(self) -> Iterator[tuple[str, str]]:
        """Yield the keys that do not go with an optimiser of the user's own, each with a sentence."""
        for key in self.options:
            yield key, f"{unknown(key, [*OWN_SHARED, *OWN_KEYS])}; what target takes goes under kwargs"
        for key in SHARED[1:]:
            if key not in OWN_SHARED and key in self.model_fields_set:
                yield key, "goes with an optimiser of optax alone; do this in your own code"


def option_schema(default: Default, key: str = "") -> dict[str, Any]:
    """Return the JSON Schema of a keyword by its default; None stands for an optional number."""
    match default:
        case bool():
            return {"type": "boolean", "default": default}
        case int() | float():
            kind = "integer" if isinstance(default, int) else "number"
            return {"type": kind, **BOUNDS.get(key, {}), "default": default}
        case str():
            return {"type": "string", "default": default} | ({"enum": list(CHOICES[key])} if key in CHOICES else {})
        case tuple():
            items = [option_schema(item, f"{key}.{i}") for i, item in enumerate(default)]
            sizes = {"minItems": len(items), "maxItems": len(items)}
            return {"type": "array", "prefixItems": items, "items": False, "default": list(default), **sizes}
        case None:
            return {"anyOf": [{"type": "number", **BOUNDS.get(key, {})}, {"type": "null"}], "default": None}


def _fits(value: Any, default: Default, wanted: dict[str, Any]) -> bool:
    if isinstance(default, tuple):
        if not isinstance(value, list | tuple) or len(value) != len(default):
            return False
        return all(_fits(*pair) for pair in zip(value, default, wanted["prefixItems"], strict=True))
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, str):
        return isinstance(value, str) and value in wanted.get("enum", [value])
    if value is None:
        return default is None
    if not isinstance(value, int if isinstance(default, int) else int | float) or not within(value, not_null(wanted)):
        return False
    return abs(value) < (2**31 if isinstance(default, int) else 1e300) and math.isfinite(value)


def within(value: float, wanted: Mapping[str, Any]) -> bool:
    """Return whether a number is within the bounds of a schema."""
    return bool(wanted.get("minimum", -math.inf) <= value < wanted.get("exclusiveMaximum", math.inf))


def _no_mask(name: str) -> str:
    options = OPTIMIZERS[name].options
    if "adam_weight_decay" in options:
        return f"must be all: {name} decays matrices by weight_decay and the rest by adam_weight_decay"
    if any("weight_decay" in key for key in options):
        return f"must be all: optax's {name} decays every weight alike"
    return f"must be all: {name} has no weight decay"
