"""Roles of a user function's parameters, from its signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from lrfind.core.errors import InputError
from lrfind.core.registry import near
from lrfind.task.user_code.tracebacks import kind_of, user_call

KEY = "model.target"
"""Config key of the reference to a user's model."""

NAMES = {
    **dict.fromkeys(("key", "rng", "rngs", "prng", "prng_key", "rng_key", "random_key"), "key"),
    **dict.fromkeys(("train", "training", "is_training"), "train"),
    **dict.fromkeys(("deterministic", "inference", "evaluate"), "evaluation"),
    **dict.fromkeys(("state", "model_state"), "state"),
    **dict.fromkeys(("lr", "learning_rate", "rate"), "rate"),
    **dict.fromkeys(("input_shape", "in_shape", "shape"), "input_shape"),
    **dict.fromkeys(("outputs", "classes", "num_classes", "num_outputs"), "outputs"),
    **dict.fromkeys(("seed", "random_seed"), "seed"),
    "epoch": "epoch",
}
"""Names of parameters that say what they are, wherever they stand."""


VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass
class Roles:
    """A function of a user's model, and the role of each of its parameters.

    Attributes:
        function: the user's function.
        what: name in messages.
        order: roles of the parameters whose names say nothing, in order; the first parameter has the first role
            whatever it is called.
        needed: number of roles of `order` that the function must have.
        usage: expected call, for messages.
        named: roles that a name can give.
        roles: roles of the function's parameters.

    Raises:
        InputError: the function lacks a role that it must have, or needs an argument that has none.
    """

    function: Callable[..., Any]
    what: str
    order: Sequence[str]
    needed: int
    usage: str
    named: Sequence[str] = ()

    def __post_init__(self) -> None:
        positional: list[str] = []
        keywords: dict[str, str] = {}
        left, required = list(self.order), set(self.order[: self.needed])
        by_keyword = False  # As an argument before keeps its default.
        for number, parameter in enumerate(parameters(self.function)):
            if parameter.kind is parameter.VAR_POSITIONAL and not by_keyword:
                positional += left
                left = []
            if parameter.kind in VARIADIC:
                continue
            meant = NAMES.get(parameter.name, "")
            has_place = parameter.kind is not parameter.KEYWORD_ONLY
            optional = parameter.default is not parameter.empty
            if number > 0 and meant in self.named and meant not in positional:
                role = meant
            elif left and has_place and (not optional or required.intersection(left)):
                role = left[0]
            elif optional:
                by_keyword = True
                continue
            else:
                raise InputError(
                    f"{self.what} needs '{parameter.name}', and it is not known what that is; it is called as "
                    f"{self.usage}, so give it a default or a kwarg",
                    key=KEY,
                )
            if role in left:
                left.remove(role)
            if by_keyword or not has_place:
                keywords[parameter.name] = role
            else:
                positional.append(role)
        if required.intersection(left):
            count = len(positional) + len(keywords)
            takes = f"{count or 'no'} argument{'' if count == 1 else 's'}"
            raise InputError(f"{self.what} takes {takes}; it is called as {self.usage}", key=KEY)
        self.roles = {*positional, *keywords.values()}
        self._positional, self._keywords = positional, keywords

    def __call__(self, **values: Any) -> Any:
        """Call the function with values by role; a key is given raw, and is a fixed one if None, for evaluation.

        Raises:
            OwnCodeError: the function raised.
        """
        given = {role: value for role, value in values.items() if role in self.roles}
        if "key" in given:
            raw: Any = np.zeros(2, np.uint32) if given["key"] is None else given["key"]
            given["key"] = jax.random.wrap_key_data(raw, impl="threefry2x32")
        with user_call(self.what, given):
            return self.function(
                *(given[role] for role in self._positional),
                **{name: given[role] for name, role in self._keywords.items()},
            )


def parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters of a function; any positional ones if Python cannot tell."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (ValueError, TypeError):
        return [inspect.Parameter("arguments", inspect.Parameter.VAR_POSITIONAL)]


def wants(function: Callable[..., Any], role: str) -> str | None:
    """Return the name of the parameter with a role; None without one."""
    return next((parameter.name for parameter in parameters(function) if NAMES.get(parameter.name) == role), None)


def check_keywords(
    function: Callable[..., Any], kwargs: Mapping[str, Any], what: str, key: str, leading: int = 0
) -> None:
    """Refuse keywords that a function does not take, and say which are missing.

    Args:
        function: the user's function.
        kwargs: keywords of the call.
        what: name in messages.
        key: config key of the section.
        leading: number of positional arguments before the keywords.

    Raises:
        InputError: they do not fit.
    """
    known = parameters(function)
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known)
    named = {parameter.name: parameter for parameter in known[leading:] if parameter.kind not in VARIADIC}
    for name in kwargs:
        if name not in named and not takes_any:
            takes = ", ".join(named) or "none"
            raise InputError(
                f"{what} has no keyword '{name}'{near(name, list(named))}; it takes {takes}", key=f"{key}.kwargs.{name}"
            )
    missing = [name for name, parameter in named.items() if parameter.default is parameter.empty and name not in kwargs]
    if missing:
        raise InputError(
            f"{what} needs {', '.join(map(repr, missing))}; write kwargs: {{{missing[0]}: ...}}", key=f"{key}.kwargs"
        )


def called(value: Any, title: str, key: str) -> Callable[..., Any]:
    """Return an object that must be a function.

    Raises:
        InputError: the object cannot be called.
    """
    if not callable(value):
        raise InputError(f"{title} is {kind_of(value)}; a function is needed", key=key)
    function: Callable[..., Any] = value
    return function
