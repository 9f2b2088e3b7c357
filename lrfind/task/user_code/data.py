"""A user's data: arrays, batches, or a function that makes batches for a seed; and what a loss can read of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from lrfind.core.errors import InputError
from lrfind.task.data.targets import BINARY_LOSSES, LABEL_LOSSES
from lrfind.task.models.layers import OF_IMAGES, OF_TOKENS, is_image
from lrfind.task.user_code.pytrees import Tree, arrays, is_pair
from lrfind.task.user_code.signature import check_keywords, wants
from lrfind.task.user_code.tracebacks import kind_of, shape_of, summary_of, user_call

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


def recognise(value: Any, kwargs: Mapping[str, Any], title: str, key: str = "data.target") -> UserData:
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
        raise InputError(f"{title} is {kind_of(value)} and takes no keywords", key="data.kwargs")
    return _understood(value, title, key, again=None)


def is_data(value: Any) -> bool:
    """Return whether a callable object is data all the same."""
    return not isinstance(value, type) and (hasattr(value, "__array__") or hasattr(value, "__iter__"))


def _called(function: Callable[..., Any], kwargs: Mapping[str, Any], title: str, key: str) -> UserData:
    names = {role: name for role in ("seed", "epoch") if (name := wants(function, role)) and name not in kwargs}
    check_keywords(function, {**kwargs, **dict.fromkeys(names.values())}, title, "data")

    def start(seed: int, epoch: int) -> Any:
        values = {"seed": seed, "epoch": epoch}
        with user_call(title):
            return function(**kwargs, **{name: values[role] for role, name in names.items()})

    made = start(0, 0)
    if not names:
        return _understood(made, title, key, again=lambda: start(0, 0))
    if not isinstance(made, Iterable) or isinstance(made, Mapping) or is_tree(made):
        raise InputError(
            f"{title} takes a {next(iter(names.values()))}, and returned {summary_of(made)}; batches, one after the "
            "other, are expected",
            key=key,
        )
    return BatchFactory(start, seeded="seed" in names)


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
    raise InputError(f"{title} returned {summary_of(value)}; expected are {VALID}", key=key)


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


@dataclass
class Pairs:
    """Check of batches ``(inputs, targets)`` against the loss.

    Attributes:
        loss: name of a built-in loss; None for what fits the targets.
        network: name of a built-in network; None for a user's, which reads any pytree of inputs as it is.
        limit: outputs of the network, above all labels and tokens; None while unknown.
        counted: number of batches in which the outputs were counted.
    """

    loss: str | None
    network: str | None
    limit: int | None = None
    counted: int = 0

    def __call__(self, batch: Tree, what: str, key: str) -> Tree:
        """Return the batch, converted for a built-in network: labels of shape (rows,), values of (rows, outputs).

        Args:
            batch: arrays.
            what: name in messages.
            key: config key of the reference.

        Raises:
            InputError: the loss, or the network, cannot read it.
        """
        try:
            return self._read(batch)
        except InputError as error:
            raise InputError(f"{what} {error}", key=error.key or key) from None

    def is_labels(self, targets: Any) -> bool:
        """Return whether targets are labels to the loss."""
        return self.loss in LABEL_LOSSES or (self.loss is None and targets.dtype.kind in "biu")

    def outputs(self, batches: list[Tree]) -> int:
        """Return the number of outputs that a network needs for some batches, and set `limit`."""
        self.counted = len(batches)
        _, targets = batches[0]
        if not self.is_labels(targets) or targets.dtype.kind not in "biu":
            return int(targets.shape[-1]) if targets.ndim > 1 else 1
        read = [array for pair in batches for array in (pair if self.network in OF_TOKENS else pair[1:])]
        self.limit = max(int(array.max()) for array in read) + 1
        return self.limit

    def _read(self, batch: Tree) -> Tree:
        """Return the batch as `__call__` does; errors say what it is or has, and leave out its name."""
        checked = batch if self.network is not None else batch[1:] if is_pair(batch) else ()
        if not (is_pair(batch) and all(hasattr(array, "dtype") and array.ndim > 0 for array in checked)):
            if self.network is None:
                return batch  # Refused, if at all, where the network is looked at.
            raise InputError(
                f"is {shape_of(batch)}; a built-in network needs (inputs, targets), one array each, with one row per "
                "example"
            )
        inputs, targets = batch
        if getattr(inputs, "shape", targets.shape)[:1] != targets.shape[:1]:
            raise InputError(
                f"has {_rows(inputs)} of inputs and {_rows(targets)} of targets: {shape_of(batch)}; both need one row "
                "per example"
            )
        if self.network is not None and inputs.dtype.kind == "c":
            raise InputError(f"has inputs {shape_of(inputs)}; {self.network} reads real numbers")
        if self.network in OF_IMAGES and not is_image(inputs.shape[1:]):
            raise InputError(
                f"has inputs {shape_of(inputs)}; {self.network} reads images, of shape (rows, height, width) or "
                "(rows, height, width, channels); use linear or mlp, or give them that shape",
                key="model.name",
            )
        read = self._labels if self.is_labels(targets) else self._values
        return inputs, read(inputs, targets)

    def _labels(self, inputs: Any, targets: Any) -> Any:
        """Return targets that are labels: for a built-in network int32, of shape (rows,) unless it reads tokens."""
        if targets.dtype.kind not in "biu":
            raise InputError(
                f"has targets {shape_of(targets)}; labels must be whole numbers (for values use 'loss: mse')"
            )
        if self.network is not None:
            targets = targets.astype(np.int32)
        if self.network in OF_TOKENS:
            if inputs.dtype.kind not in "iu" or inputs.ndim != 2 or inputs.shape != targets.shape:
                raise InputError(
                    f"is {shape_of((inputs, targets))}; {self.network} reads tokens: whole numbers of shape "
                    "(rows, tokens), inputs and targets alike"
                )
            self._within(inputs, "token")
        elif self.network is not None:
            targets = targets[:, 0] if targets.shape[1:] == (1,) else targets
            if targets.ndim != 1:
                raise InputError(
                    f"has labels {shape_of(targets)}; {self.network} needs one label per row, shape (rows,)"
                )
        self._within(targets, "label")
        return targets

    def _within(self, numbers: Any, noun: str) -> None:
        """Refuse what no output of the network stands for."""
        if numbers.size == 0 or numbers.dtype.kind == "b":
            return
        lowest, highest = int(numbers.min()), int(numbers.max())
        if lowest < 0:
            raise InputError(f"has {noun} {lowest}; {noun}s must run from 0 to classes - 1")
        if self.limit is not None and highest >= self.limit:
            known = f"the network puts out {self.limit} numbers, for 0 to {self.limit - 1}"
            if self.network is not None:
                known += f", the highest of the first {self.counted} batches; let one of them hold the highest of all"
            raise InputError(f"has {noun} {highest}, and {known}")

    def _values(self, inputs: Any, targets: Any) -> Any:
        """Return targets that are numbers, float32 of shape (rows, outputs) for a built-in network."""
        if self.network in OF_TOKENS:
            raise InputError(f"has targets {shape_of(targets)}; {self.network} predicts tokens")
        if targets.dtype.kind == "c":
            raise InputError(f"has targets {shape_of(targets)}; the built-in losses need real numbers")
        if self.loss in BINARY_LOSSES and not ((targets == 0) | (targets == 1)).all():
            bad = targets[(targets != 0) & (targets != 1)].ravel()[0]
            raise InputError(f"has target {bad}; targets of {self.loss} must be 0 or 1")
        if self.network is None:
            return targets
        if targets.ndim > 2:
            raise InputError(f"has targets {shape_of(targets)}; {self.network} needs shape (rows,) or (rows, outputs)")
        return (targets[:, None] if targets.ndim == 1 else targets).astype(np.float32)


def _rows(array: Any) -> str:
    """Return the number of rows of an array in words."""
    count = array.shape[0] if array.ndim else 0
    return "1 row" if count == 1 else f"{count:,} rows"
