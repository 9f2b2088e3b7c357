"""Roles of a user function's parameters, from its signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lrfind.core.errors import InputError
from lrfind.task.user_code.pytrees import typed
from lrfind.task.user_code.tracebacks import kind_of, user_call

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


class Roles:
    """A function, and the role of each of its parameters.

    Args:
        function: the user's function.
        what: name in messages.
        order: roles of the parameters whose names say nothing, in order; the first parameter has the first role
            whatever it is called.
        named: roles that a name can give.
        needed: number of roles of `order` that the function must have.
        usage: expected call, for messages.
        key: config key of the reference.

    Attributes:
        roles: roles of the function's parameters.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        what: str,
        *,
        order: Sequence[str],
        named: Sequence[str] = (),
        needed: int,
        usage: str,
        key: str,
    ) -> None:
        self.function = function
        self.what = what
        self._expected = order[:needed], named, usage, key
        positional: list[str] = []
        keywords: dict[str, str] = {}
        left = list(order)
        by_keyword = False
        for number, parameter in enumerate(parameters(function)):
            if parameter.kind is parameter.VAR_KEYWORD:
                continue
            if parameter.kind is parameter.VAR_POSITIONAL:
                positional += [] if by_keyword else [role for role in left if role not in keywords.values()]
                left = []
                continue
            role = self._role(parameter, left, positional, first=number == 0)
            if role is None:
                by_keyword = True
                continue
            if role in left:
                left.remove(role)
            if by_keyword or parameter.kind is parameter.KEYWORD_ONLY:
                keywords[parameter.name] = role
            else:
                positional.append(role)
        if set(left) & set(order[:needed]):
            raise InputError(f"{what} takes {count(len(positional) + len(keywords))}; it is called as {usage}", key=key)
        self.roles = frozenset(positional) | frozenset(keywords.values())
        self._positional, self._keywords = tuple(positional), keywords

    def _role(
        self, parameter: inspect.Parameter, left: Sequence[str], positional: Sequence[str], *, first: bool
    ) -> str | None:
        """Return the role of a parameter; None for one that keeps its default."""
        required, named, usage, key = self._expected
        optional = parameter.default is not parameter.empty
        meant = NAMES.get(parameter.name, "")
        if not first and meant in named and meant not in positional:
            return meant
        if left and parameter.kind is not parameter.KEYWORD_ONLY and (not optional or set(left) & set(required)):
            return left[0]
        if optional:
            return None
        raise InputError(
            f"{self.what} needs '{parameter.name}', and it is not known what that is; it is called as {usage}, so "
            "give it a default or a kwarg",
            key=key,
        )

    def __call__(self, **values: Any) -> Any:
        """Call the function with values by role; a key is given raw.

        Raises:
            OwnCodeError: the function raised.
        """
        given = {role: typed(value) if role == "key" else value for role, value in values.items() if role in self.roles}
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


def positional(function: Callable[..., Any]) -> list[str]:
    """Return the names of the positional parameters without a default."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [
        parameter.name
        for parameter in parameters(function)
        if parameter.kind in kinds and parameter.default is parameter.empty
    ]


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
    from lrfind.core.registry import near

    known = parameters(function)
    if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in known):
        names = [parameter.name for parameter in known if parameter.kind is not parameter.VAR_POSITIONAL][leading:]
        for name in kwargs:
            if name not in names:
                takes = f"; it takes {', '.join(names)}" if names else "; it takes none"
                raise InputError(
                    f"{what} has no keyword '{name}'{near(name, names)}{takes}", key=f"{key}.kwargs.{name}"
                )
    fixed = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    missing = [
        parameter.name
        for parameter in known[leading:]
        if parameter.default is parameter.empty and parameter.kind not in fixed and parameter.name not in kwargs
    ]
    if missing:
        raise InputError(
            f"{what} needs {', '.join(map(repr, missing))}; write kwargs: {{{missing[0]}: ...}}", key=f"{key}.kwargs"
        )


def count(arguments: int) -> str:
    """Return a number of arguments in words."""
    return "no arguments" if arguments == 0 else f"{arguments} argument" + ("s" if arguments > 1 else "")


def called(value: Any, title: str, key: str) -> Callable[..., Any]:
    """Return an object that must be a function.

    Raises:
        InputError: the object cannot be called.
    """
    if not callable(value):
        raise InputError(f"{title} is {kind_of(value)}; a function is needed", key=key)
    function: Callable[..., Any] = value
    return function
