"""Which argument gets what, read off names and places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from jax.random import key_data

from lrfind.core.errors import InputError
from lrfind.task.user_code.pytrees import is_key
from lrfind.task.user_code.recognize import recognise
from lrfind.task.user_code.signature import Roles, check_keywords

RAW = np.array([1, 2], np.uint32)
VALUES = {"params": "P", "state": "S", "inputs": "X", "key": RAW, "train": True, "evaluation": False}


def seen(*arguments: Any, **keywords: Any) -> tuple[Any, ...]:
    """The arguments, with "K" for the proper key of the raw one."""
    named = ["K" if is_key(value) and (key_data(value) == RAW).all() else value for value in arguments]
    return (*named, *sorted(keywords.items()))


def apply_roles(function: Callable[..., Any]) -> Roles:
    named = ("state", "key", "train", "evaluation")
    return Roles(function, "apply", order=("params", "inputs"), named=named, needed=2, usage="apply(...)")


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda params, x: seen(params, x), ("P", "X")),
        (lambda state, x: seen(state, x), ("P", "X")),  # the first has its role whatever it is called
        (lambda params, state, x: seen(params, state, x), ("P", "S", "X")),
        (lambda params, x, rng: seen(params, x, rng), ("P", "X", "K")),
        (lambda params, rng, *args, **kwargs: seen(params, rng, *args, **kwargs), ("P", "K", "X")),
        (lambda params, state, rng, *args: seen(params, state, rng, *args), ("P", "S", "K", "X")),
        (lambda params, x, train=False: seen(params, x, train), ("P", "X", True)),
        (lambda params, x, *, deterministic: seen(params, x, deterministic), ("P", "X", False)),
        (lambda params, x, mask=None, key=None: seen(params, x, mask, key), ("P", "X", None, "K")),
        (lambda p, x, scale=2.0: seen(p, x, scale), ("P", "X", 2.0)),
    ],
)
def test_arguments_of_apply(function: Callable[..., Any], expected: tuple[Any, ...]) -> None:
    assert apply_roles(function)(**VALUES) == expected


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda params: params, "apply takes 1 argument; it is called as"),
        (lambda: None, "apply takes no arguments"),
        (lambda params, x, mask: x, "apply needs 'mask', and it is not known what that is"),
        (lambda params, x, *, mask: x, "apply needs 'mask'"),
    ],
)
def test_what_cannot_be_called(function: Callable[..., Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        apply_roles(function)


class Transformed(NamedTuple):
    """What Haiku's transform returns looks so."""

    init: Callable[..., Any]
    apply: Callable[..., Any]


def two(params: Any, batch: Any) -> None: ...


def three(params: Any, batch: Any, key: Any) -> None: ...


def four(state: Any, batch: Any, size: Any, key: Any) -> None: ...


def rated(state: Any, batch: Any, lr: Any) -> None: ...


@pytest.mark.parametrize(
    ("built", "kind"),
    [
        ((two, two), "network"),
        ([two, two], "network"),
        (Transformed(two, two), "network"),
        ({"init": two, "apply": two}, "network"),
        ((two, {"w": 1}), "loss"),
        ((three, {"w": 1}), "loss"),
        ({"loss_fn": two, "params": 1}, "loss"),
        ({"loss_fn": two, "init": two}, "loss"),
        ((four, {"w": 1}), "step"),
        ((rated, {"w": 1}), "step"),
        ({"step": two, "state": 1, "evaluate": two}, "step"),
        ({"step": four, "init": two}, "step"),
    ],
)
def test_what_a_model_is(built: Any, kind: str) -> None:
    found = recognise(built, "m.py:build")
    assert found.kind == kind
    assert (found.init is None) == (kind != "network" and not (isinstance(built, dict) and "init" in built))


@pytest.mark.parametrize(
    ("built", "message"),
    [
        (None, "returned None; it must return"),
        (two, "returned the function two, which takes no weights yet"),
        ((1, 2), r"returned \(1, 2\)"),
        (({"w": 1}, two), r"turn them round: \(loss_fn, params\)"),
        (({"w": 1}, four), r"turn them round: \(step, state\)"),
        ({"loss_fn": two}, "returned an object with loss_fn"),
        ({"loss_fn": 3, "params": 1}, "'loss_fn' of m.py:build is an int; a function is needed"),
    ],
)
def test_what_no_model_is(built: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        recognise(built, "m.py:build")


def test_keywords() -> None:
    def build(width: int, depth: int = 2) -> None: ...

    check_keywords(build, {"width": 1}, "build", "model")
    check_keywords(lambda **anything: None, {"width": 1}, "build", "model")
    with pytest.raises(InputError, match=r"build needs 'width'; write kwargs: \{width: \.\.\.\}"):
        check_keywords(build, {"depth": 1}, "build", "model")
    with pytest.raises(
        InputError, match="no keyword 'widht' \\(did you mean 'width'\\?\\); it takes width, depth"
    ) as caught:
        check_keywords(build, {"widht": 1}, "build", "model")
    assert caught.value.key == "model.kwargs.widht"
