"""What targets ask for: a class, yes or no for each of several questions, or values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrfind.data.arrays import Arrays
from lrfind.data.floats import check_finite
from lrfind.errors import InputError

LABEL_LOSSES = frozenset({"cross_entropy"})
"""Losses whose targets are class labels."""

BINARY_LOSSES = frozenset({"binary_cross_entropy"})
"""Losses whose targets are 0 or 1."""

SHOWN = 5
"""Classes that a message names."""


class Goal(NamedTuple):
    """Targets that a network can be trained on.

    Attributes:
        task: what they ask for.
        targets: shape (rows,) integer labels, or (rows, outputs) floats.
        outputs: numbers the network must put out.
        strata: the class of each row, shape (rows,), of which a split keeps the shares; all the same where there are
            no classes.
    """

    task: Literal["classification", "binary", "regression"]
    targets: NDArray[Any]
    outputs: int
    strata: NDArray[np.int32]


def understand(arrays: Arrays, loss: str | None) -> Goal:
    """Check and convert the targets.

    Args:
        arrays: of the right shapes.
        loss: a name of `LOSSES`; None to take what fits the targets.

    Raises:
        InputError: they do not go with the loss, or there is nothing to learn from them.
    """
    targets, names = arrays.targets, arrays.classes
    if loss in LABEL_LOSSES or (loss is None and is_labels(targets)):
        labels = to_labels(arrays)
        return Goal("classification", labels, int(labels.max()) + 1, labels)
    if names is not None and loss not in BINARY_LOSSES:
        raise InputError(
            f"{loss} needs numbers, and the targets are text ({listed(names)}); use cross_entropy, or leave loss out",
            key="loss",
        )
    if loss in BINARY_LOSSES:
        answers = to_binary(arrays)
        strata = answers[:, 0] if answers.shape[1] == 1 else np.zeros(len(answers))
        return Goal("binary", answers, answers.shape[1], strata.astype(np.int32))
    check_finite(arrays, "targets")
    values = two_axes(targets).astype(np.float32)
    return Goal("regression", values, values.shape[1], np.zeros(len(values), np.int32))


def two_axes(targets: NDArray[Any]) -> NDArray[Any]:
    """Shape (rows, outputs)."""
    return targets[:, None] if targets.ndim == 1 else targets


def is_labels(targets: NDArray[Any]) -> bool:
    """Whole numbers in one column are labels, everything else are values."""
    return targets.dtype.kind in "biu" and (targets.ndim == 1 or targets.shape[1] == 1)


def to_labels(arrays: Arrays) -> NDArray[np.int32]:
    """Class labels 0..classes-1, shape (rows,)."""
    targets = arrays.targets
    if not is_labels(targets):
        raise InputError(
            f"labels must be integers of shape (rows,), and targets is {targets.dtype} of shape {targets.shape}; "
            "convert them (for values to be predicted use 'loss: mse')",
            key="data.targets",
        )
    labels = targets.reshape(-1).astype(np.int64)
    negative = labels < 0
    if negative.any():
        row = int(np.argmax(negative))
        which = "one is" if negative.sum() == 1 else f"{negative.sum():,} are"
        start = ":" if negative.sum() == 1 else ", the first"
        raise InputError(
            f"labels must run from 0 to classes - 1, and {which} negative{start} {labels[row]} in "
            f"{arrays.place('targets', (row,))}",
            key="data.targets",
        )
    if labels.max() >= len(labels):
        row = int(np.argmax(labels))
        raise InputError(
            f"label {labels[row]} in {arrays.place('targets', (row,))} would mean {labels[row] + 1} classes for "
            f"{len(labels)} rows; labels must run from 0 to classes - 1 (for values to be predicted use 'loss: mse')",
            key="data.targets",
        )
    if labels.min() == labels.max():
        only = labels[0] if arrays.classes is None else repr(arrays.classes[0])
        raise InputError(f"every label is {only}; there is nothing to learn", key="data.targets")
    if labels.min() > 0:
        raise InputError(
            f"labels must start at 0, and the lowest is {labels.min()}; subtract {labels.min()} from all",
            key="data.targets",
        )
    return labels.astype(np.int32)


def to_binary(arrays: Arrays) -> NDArray[np.float32]:
    """Zeros and ones, shape (rows, outputs)."""
    answers = two_axes(arrays.targets)
    names = arrays.classes
    if names is not None and len(names) > 2:
        raise InputError(
            f"binary_cross_entropy has two classes, and the targets are {len(names):,} ({listed(names)}); "
            "use cross_entropy",
            key="loss",
        )
    bad = (answers != 0) & (answers != 1)
    if bad.any():
        row, column = (int(place) for place in np.argwhere(bad)[0])
        which = "one is" if bad.sum() == 1 else f"{bad.sum():,} are"
        start = ":" if bad.sum() == 1 else ", the first"
        index = (row,) if answers.shape[1] == 1 else (row, column)
        other = "for several classes use 'loss: cross_entropy'" if is_labels(answers) else "for values use 'loss: mse'"
        raise InputError(
            f"targets of binary_cross_entropy must be 0 or 1, and {which} not{start} {answers[row, column]} in "
            f"{arrays.place('targets', index)} ({other})",
            key="data.targets",
        )
    if (answers == answers[0]).all():
        if answers.shape[1] == 1:
            only = repr(names[0]) if names is not None else answers[0, 0]
            raise InputError(f"every label is {only}; there is nothing to learn", key="data.targets")
        raise InputError("every row of targets is the same; there is nothing to learn", key="data.targets")
    return answers.astype(np.float32)


def from_text(texts: Sequence[str]) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Labels and the names of their classes, in sorted order."""
    names = sorted(set(texts))
    numbers = {name: number for number, name in enumerate(names)}
    return np.array([numbers[text] for text in texts], np.int32), tuple(names)


def listed(names: Sequence[str]) -> str:
    """The first few, for a message."""
    rest = f", and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + rest
