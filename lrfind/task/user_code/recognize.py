"""What a user's code gives as a model, and the config's keys that go with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lrfind.config.sections.base import NONE
from lrfind.core.errors import InputError
from lrfind.task.user_code.pytrees import is_module
from lrfind.task.user_code.signature import KEY, NAMES, called, parameters
from lrfind.task.user_code.tracebacks import kind_of, summary_of

Kind = Literal["network", "loss", "step"]

KINDS = {"network": "init and apply", "loss": "a loss function with its parameters", "step": "a whole train step"}
"""Phrase for each kind of user model."""

PARTS: dict[Kind, tuple[str, str]] = {
    "network": ("apply", "init"),
    "loss": ("loss_fn", "params"),
    "step": ("step", "state"),
}
"""The parts of each kind: its function, and the values to start from; `init` may make these in any kind."""

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
    evaluate: Callable[..., Any] | None

    @property
    def description(self) -> str:
        """Phrase for reports."""
        return f"{self.title}, {KINDS[self.kind]}"


def is_network(value: Any) -> bool:
    """Return whether an object is a network by itself, as a module of Flax Linen or what Haiku transforms; no class."""
    return not isinstance(value, type) and hasattr(value, "init") and hasattr(value, "apply")


def recognise(built: Any, title: str) -> UserModel:
    """Return the model that a user's code returned.

    Args:
        built: object that the user's code returned.
        title: name of its source in messages.

    Raises:
        InputError: it is none of what is known.
    """
    parts = _named_parts(built)
    if not parts and isinstance(built, tuple | list) and len(built) == 2:
        parts = _parts_in_order(built[0], built[1], title)

    def function(name: str) -> Callable[..., Any]:
        return called(parts[name], f"'{name}' of {title}", KEY)

    for kind, (main, values) in PARTS.items():
        if main in parts and {values, "init"} & parts.keys():
            given = values in parts and kind != "network"
            init = None if given else function("init")
            evaluate = function("evaluate") if "evaluate" in parts and kind != "network" else None
            return UserModel(kind, title, function(main), init, parts[values] if given else None, evaluate)
    if parts:
        raise InputError(f"{title} returned an object with {', '.join(parts)}; it must return {VALID}", key=KEY)
    if isinstance(built, int | float | str):
        raise InputError(f"{title} is or returns {kind_of(built)}; it must return {VALID}", key=KEY)
    alone = ", which takes no weights yet" if callable(built) else ""
    if is_module(built):
        alone = ", a model without its loss"
    raise InputError(f"{title} returned {summary_of(built)}{alone}; it must return {VALID}", key=KEY)


def _named_parts(built: Any) -> dict[str, Any]:
    """Return the parts that a dict or an object has by name."""
    if isinstance(built, Mapping):
        return {name: built[name] for name in KNOWN if name in built}
    if callable(built):
        # A module of a framework is often callable itself.
        functions = {name: getattr(built, name) for name in ("init", "apply") if callable(getattr(built, name, None))}
        return functions if len(functions) == 2 and not isinstance(built, type) else {}
    return {name: getattr(built, name) for name in KNOWN if hasattr(built, name)}


def _parts_in_order(first: Any, second: Any, title: str) -> dict[str, Any]:
    """Return the parts of a pair by name; none if it is no model.

    Raises:
        InputError: they stand the wrong way round.
    """
    function_last = callable(second) and not is_module(second)
    if callable(first) and function_last and not is_module(first):
        return {"init": first, "apply": second}
    if callable(first) and not function_last:
        return dict(zip(PARTS["step" if _is_step(first) else "loss"], (first, second), strict=True))
    if callable(second):
        names = PARTS["step" if _is_step(second) else "loss"]
        raise InputError(
            f"{title} returned values before their function; turn them round: ({', '.join(names)})", key=KEY
        )
    return {}


def _is_step(function: Callable[..., Any]) -> bool:
    """Return whether a function takes four arguments, or its third one is the learning rate."""
    kinds = ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")
    taken = [parameter for parameter in parameters(function) if parameter.kind.name in kinds]
    needed = [parameter for parameter in taken if parameter.default is parameter.empty]
    return len(needed) >= 4 or (len(taken) >= 3 and NAMES.get(taken[2].name) == "rate")


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
    kind = None if user_model is None else user_model.kind
    gives = "" if user_model is None else f"{user_model.title} gives {KINDS[user_model.kind]}"
    makes = f"{config.data.title} makes batches, which are taken as they are"
    has_loss, has_optimizer = kind in ("loss", "step"), kind == "step"
    optimizer_keys = config.optimizer.model_fields_set if has_optimizer else set()
    data_keys = {key for key in config.data.model_fields_set if getattr(config.data, key)} if batches else set()
    missing = config.optimizer.name == NONE and not (has_optimizer or optimizer)
    refused = {
        "loss": (has_loss and config.loss is not None, f"{gives}, which has its own loss; remove this"),
        "precision": (has_loss and config.precision != "float32", f"{gives}, which computes as it says itself"),
        "optimizer.name": (
            has_optimizer and config.optimizer.name != NONE,
            f"{gives}, which has its own optimizer; remove this (learning_rate may stay)",
        ),
        "optimizer.clip_norm": ("clip_norm" in optimizer_keys, f"{gives}; do this inside of it"),
        "optimizer.accumulate": ("accumulate" in optimizer_keys, f"{gives}; do this inside of it"),
        "optimizer": (missing, f"missing{gives and f', for {gives}'}: a section such as {{name: adamw}}"),
        "data.batch_size": ("batch_size" in data_keys, f"{makes}; remove this"),
        "data.validation_fraction": ("validation_fraction" in data_keys, f"{makes}; give data.validation instead"),
        "data.standardize": ("standardize" in data_keys, f"{makes}; remove this"),
    }
    for key, (is_refused, reason) in refused.items():
        if is_refused:
            raise InputError(reason, key=key)
