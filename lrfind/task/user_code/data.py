"""Interpret a user's data: arrays, batches, or a function that makes batches for a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jax

from lrfind.core.errors import InputError
from lrfind.task.user_code.pytrees import Tree, arrays
from lrfind.task.user_code.signature import check_keywords, wants
from lrfind.task.user_code.tracebacks import kind_of, shape_of, user_call

KEY = "data.target"

VALID = (
    "arrays (inputs, targets), a dict or any pytree of them with one leading axis; a list or another iterable of "
    "batches; or a function of a seed that makes batches"
)


@dataclass(frozen=True)
class UserArrays:
    """Whole arrays.

    Attributes:
        train: pytree of arrays with one leading axis.
        validation: the same for what is held out; None where nothing is given.
    """

    train: Tree
    validation: Tree | None


@dataclass(frozen=True)
class BatchFactory:
    """Batches that a user's code makes.

    Attributes:
        start: ``(seed, epoch) -> iterable``.
        seeded: whether the seed makes a difference.
    """

    start: Callable[[int, int], Any]
    seeded: bool


UserData = UserArrays | BatchFactory


def recognise(value: Any, kwargs: Mapping[str, Any], title: str, key: str = KEY) -> UserData:
    """Return a user's data as arrays or batches.

    Args:
        value: the user's object, a function that makes it, or a function of a seed.
        kwargs: keywords of the function.
        title: name in messages.
        key: config key of the reference.

    Raises:
        InputError: it is nothing of the kind.
        OwnCodeError: the function raised.
    """
    if callable(value) and not is_data(value):
        return _called(value, kwargs, title, key)
    if kwargs:
        raise InputError(f"{title} is {kind_of(value)} and takes no keywords", key=f"{key.rpartition('.')[0]}.kwargs")
    return _understood(value, title, key, again=None)


def is_data(value: Any) -> bool:
    """Return whether a callable object is data all the same."""
    return not isinstance(value, type) and (hasattr(value, "__array__") or hasattr(value, "__iter__"))


def _called(function: Callable[..., Any], kwargs: Mapping[str, Any], title: str, key: str) -> UserData:
    seed = None if (name := wants(function, "seed")) in kwargs else name
    epoch = None if (name := wants(function, "epoch")) in kwargs else name
    own = {name for name in (seed, epoch) if name}
    check_keywords(function, {**kwargs, **dict.fromkeys(own, 0)}, title, key.rpartition(".")[0])

    def start(number: int, passed: int) -> Any:
        given = {**kwargs} | ({seed: number} if seed else {}) | ({epoch: passed} if epoch else {})
        with user_call(title):
            return function(**given)

    if seed or epoch:
        made = start(0, 0)
        if not isinstance(made, Iterable) or isinstance(made, Mapping) or is_tree(made):
            raise InputError(
                f"{title} takes a {seed or epoch}, and returned {described(made)}; batches, one after the other, are "
                "expected",
                key=key,
            )
        return BatchFactory(start, seeded=bool(seed))
    return _understood(start(0, 0), title, key, again=lambda: start(0, 0))


def _understood(value: Any, title: str, key: str, again: Callable[[], Any] | None) -> UserData:
    if isinstance(value, Mapping) and {"train"} <= value.keys() <= {"train", "validation"}:
        train = _understood(value["train"], title, key, again and (lambda: again()["train"]))
        if "validation" not in value:
            return train
        if isinstance(train, UserArrays):
            held_out = _understood(value["validation"], title, key, None)
            if isinstance(held_out, UserArrays):
                return UserArrays(train.train, held_out.train)
        raise InputError(f"'train' of {title} is batches; give data.validation for the others", key=key)
    if is_tree(value):
        tree = arrays(value, title, key)
        sizes = {leaf.shape[0] if leaf.ndim else None for leaf in jax.tree.leaves(tree)}
        if len(sizes) != 1 or None in sizes or 0 in sizes:
            raise InputError(
                f"{title} returned {shape_of(tree)}; arrays need the same number of rows (a list is read as batches)",
                key=key,
            )
        return UserArrays(tree, None)
    if isinstance(value, Iterator):
        if again is None:
            raise InputError(
                f"{title} is a {type(value).__name__}, which runs once; give the function that makes it, best with a "
                "parameter called seed",
                key=key,
            )
        return BatchFactory(lambda seed, epoch: again(), seeded=False)
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
        return BatchFactory(lambda seed, epoch: value, seeded=False)
    raise InputError(f"{title} returned {described(value)}; expected are {VALID}", key=key)


def is_tree(value: Any) -> bool:
    """Return whether an object is arrays, alone or in tuples and dicts; a list is batches."""
    if isinstance(value, list | str | bytes):
        return False
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return True
    if not isinstance(value, tuple | Mapping) or not value:
        return False
    leaves = jax.tree.leaves(value)
    return bool(leaves) and all(hasattr(leaf, "shape") and hasattr(leaf, "dtype") for leaf in leaves)


def described(value: Any) -> str:
    """Return shape or kind of an object for a message."""
    return shape_of(value) if isinstance(value, tuple | dict) else kind_of(value)
