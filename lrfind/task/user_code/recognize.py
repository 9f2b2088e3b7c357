"""Check a config's keys against the user's model and data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lrfind.core.errors import InputError
from lrfind.task.user_code.partition import is_module
from lrfind.task.user_code.signature import NAMES, parameters
from lrfind.task.user_code.tracebacks import kind_of, shape_of

NO_OPTIMIZER = "none"
"""The name that the config gives an optimiser that is left out."""

KIND_TITLES = {"network": "init and apply", "loss": "a loss function with its parameters", "step": "a whole train step"}
"""Phrase for each kind of user model."""


def check_sections(config: Any, user_model: UserModel | None, *, optimizer: bool, batches: bool) -> None:
    """Refuse keys that a user's model and data have no use for, and missing ones that they need.

    Args:
        config: resolved config.
        user_model: the user's model; None for a built-in network.
        optimizer: whether the optimiser is the user's.
        batches: whether the data are the user's batches.

    Raises:
        InputError: keys that do not go together.
    """
    section = config.optimizer
    gives = "" if user_model is None else f"{user_model.title} gives {KIND_TITLES[user_model.kind]}"
    if user_model is not None and user_model.kind != "network":
        if config.loss is not None:
            raise InputError(f"{gives}, which has its own loss; remove this", key="loss")
        if config.precision != "float32":
            raise InputError(f"{gives}, which computes as it says itself", key="precision")
    if user_model is not None and user_model.kind == "step":
        if section.name != NO_OPTIMIZER:
            raise InputError(
                f"{gives}, which has its own optimizer; remove this (learning_rate may stay)", key="optimizer.name"
            )
        for key in ("clip_norm", "accumulate"):
            if key in section.model_fields_set:
                raise InputError(f"{gives}; do this inside of it", key=f"optimizer.{key}")
    elif section.name == NO_OPTIMIZER and not optimizer:
        reason = gives and f", for {gives}"
        raise InputError(f"missing{reason}: a section such as {{name: adamw}}", key="optimizer")
    if batches:
        for key in ("batch_size", "validation_fraction", "standardize"):
            if key in config.data.model_fields_set and getattr(config.data, key):
                mend = {"batch_size": "remove this", "validation_fraction": "give data.validation instead"}
                raise InputError(
                    f"{config.data.title} makes batches, which are taken as they are; {mend.get(key, 'remove this')}",
                    key=f"data.{key}",
                )


Kind = Literal["network", "loss", "step"]

PARTS: dict[Kind, tuple[str, str]] = {
    "network": ("init", "apply"),
    "loss": ("loss_fn", "params"),
    "step": ("step", "state"),
}
"""The parts of each kind: function and values, or two functions."""

KNOWN = ("init", "apply", "loss_fn", "params", "step", "state", "evaluate")

VALID = "(init, apply), (loss_fn, params) or (step, state), or a dict with such names as keys"


@dataclass(frozen=True)
class UserModel:
    """A model of the user's own.

    Attributes:
        kind: kind of the model.
        title: name in reports.
        function: ``apply``, ``loss_fn`` or ``step``.
        init: makes the starting weights or state from a key; None where they are given.
        values: the starting weights or state that are given; None where `init` makes them.
        evaluate: the loss of a state on a batch, where the user gives it beside a step.
    """

    kind: Kind
    title: str
    function: Callable[..., Any]
    init: Callable[..., Any] | None
    values: Any
    evaluate: Callable[..., Any] | None = None


def is_network(value: Any) -> bool:
    """Return whether an object is a network by itself, as a module of Flax Linen or what Haiku transforms; no class."""
    return not isinstance(value, type) and hasattr(value, "init") and hasattr(value, "apply")


def recognise(built: Any, title: str, key: str) -> UserModel:
    """Return the model that a user's code returned.

    Args:
        built: object that the user's code returned.
        title: name of its source in messages.
        key: config key of the reference.

    Raises:
        InputError: it is none of what is known.
    """
    parts = _parts(built)
    for kind, (one, other) in PARTS.items():
        if kind == "network" and {"init", "apply"} <= parts.keys():
            return UserModel(
                kind, title, _function(parts, "apply", title, key), _function(parts, "init", title, key), None
            )
        if kind != "network" and one in parts and {other, "init"} & parts.keys():
            init = None if other in parts else _function(parts, "init", title, key)
            evaluate = _function(parts, "evaluate", title, key) if "evaluate" in parts else None
            return UserModel(kind, title, _function(parts, one, title, key), init, parts.get(other), evaluate)
    if parts:
        held = ", ".join(parts)
        raise InputError(f"{title} returned an object with {held}; it must return {VALID}", key=key)
    if isinstance(built, tuple | list) and len(built) == 2:
        first, second = built
        function_last = callable(second) and not is_module(second)
        if callable(first) and function_last and not is_module(first):
            return UserModel("network", title, second, first, None)
        if callable(first) and not function_last:
            kind = "step" if _is_step(first) else "loss"
            return UserModel(kind, title, first, None, second)
        if callable(second):
            name = PARTS["step" if _is_step(second) else "loss"]
            raise InputError(
                f"{title} returned values before their function; turn them round: ({', '.join(name)})", key=key
            )
    if not callable(built) and key == "model.target" and isinstance(built, int | float | str):
        raise InputError(f"{title} is or returns {kind_of(built)}; it must return {VALID}", key=key)
    alone = ", which takes no weights yet" if callable(built) else ""
    if is_module(built):
        alone = ", a model without its loss"
    what = shape_of(built) if isinstance(built, tuple | list | dict) else kind_of(built)
    raise InputError(f"{title} returned {what}{alone}; it must return {VALID}", key=key)


def _parts(built: Any) -> dict[str, Any]:
    if isinstance(built, Mapping):
        return {name: built[name] for name in KNOWN if name in built}
    if isinstance(built, type) or callable(built):
        # A module of a framework is often callable itself.
        functions = {name: getattr(built, name) for name in ("init", "apply") if callable(getattr(built, name, None))}
        return functions if len(functions) == 2 and not isinstance(built, type) else {}
    return {name: getattr(built, name) for name in KNOWN if hasattr(built, name)}


def _function(parts: Mapping[str, Any], name: str, title: str, key: str) -> Callable[..., Any]:
    if not callable(parts[name]):
        raise InputError(f"'{name}' of {title} is {kind_of(parts[name])}; a function is needed", key=key)
    function: Callable[..., Any] = parts[name]
    return function


def _is_step(function: Callable[..., Any]) -> bool:
    """Return whether a function takes four arguments, or its third one is the learning rate."""
    kinds = ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")
    taken = [parameter for parameter in parameters(function) if parameter.kind.name in kinds]
    needed = [parameter for parameter in taken if parameter.default is parameter.empty]
    return len(needed) >= 4 or (len(taken) >= 3 and NAMES.get(taken[2].name) == "rate")
