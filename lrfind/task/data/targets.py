"""Targets: class labels, binary answers to one or several questions, or values to predict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Rows
from lrfind.core.errors import InputError
from lrfind.task.data.floats import InvalidValues, check_finite
from lrfind.task.data.loading import Arrays
from lrfind.task.data.rows import blocks, convert_rows

LABEL_LOSSES = frozenset({"cross_entropy"})
"""Losses whose targets are class labels."""

BINARY_LOSSES = frozenset({"binary_cross_entropy"})
"""Losses whose targets are 0 or 1."""

SHOWN = 5
"""Number of classes that a message names."""


class Goal(NamedTuple):
    """Checked targets that a network can be trained on.

    Attributes:
        task: kind of the prediction.
        targets: shape (rows,) integer labels, or (rows, outputs) floats.
        outputs: number of the network's outputs.
        strata: class of each row, whose shares a split keeps, shape (rows,); None where there are no classes.
    """

    task: Literal["classification", "binary", "regression"]
    targets: Rows
    outputs: int
    strata: Rows | None


def understand(arrays: Arrays, loss: str | None) -> Goal:
    """Check and convert the targets.

    Args:
        arrays: inputs and targets of the right shapes.
        loss: a name of `LOSSES`; None to take what fits the targets.

    Raises:
        InputError: they do not go with the loss, or there is nothing to learn from them.
    """
    targets, names = arrays.targets, arrays.classes
    outputs = targets.shape[1] if targets.ndim == 2 else 1
    if loss in LABEL_LOSSES or (loss is None and is_labels(targets)):
        classes = check_labels(arrays)
        labels = convert_rows(targets, as_labels, (), np.int32)
        return Goal("classification", labels, classes, labels)
    if names is not None and loss not in BINARY_LOSSES:
        raise InputError(
            f"{loss} needs numbers, and the targets are text ({listed(names)}); use cross_entropy, or leave loss out",
            key="loss",
        )
    if loss in BINARY_LOSSES:
        check_binary(arrays)
        strata = convert_rows(targets, as_labels, (), np.int32) if outputs == 1 else None
        return Goal("binary", convert_rows(targets, as_values, (outputs,), np.float32), outputs, strata)
    check_finite(arrays, "targets")
    return Goal("regression", convert_rows(targets, as_values, (outputs,), np.float32), outputs, None)


def as_labels(targets: NDArray[Any]) -> NDArray[np.int32]:
    """Return targets as int32 of shape (rows,)."""
    return targets.reshape(-1).astype(np.int32)


def as_values(targets: NDArray[Any]) -> NDArray[np.float32]:
    """Return targets as float32 of shape (rows, outputs)."""
    return targets.reshape(len(targets), -1).astype(np.float32)


def is_labels(targets: Rows) -> bool:
    """Return whether targets are labels: whole numbers in one column."""
    return targets.dtype.kind in "biu" and (targets.ndim == 1 or targets.shape[1] == 1)


def check_labels(arrays: Arrays) -> int:
    """Check that labels run from 0 to classes - 1, and return the number of classes.

    Raises:
        InputError: they do not, or are all equal.
    """
    targets = arrays.targets
    if not is_labels(targets):
        raise InputError(
            f"labels must be integers of shape (rows,), and targets is {targets.dtype} of shape {targets.shape}; "
            "convert them (for values to be predicted use 'loss: mse')",
            key="data.targets",
        )
    lowest, highest, highest_row = int(np.iinfo(np.int64).max), int(np.iinfo(np.int64).min), 0
    negative = InvalidValues()
    for part in blocks(targets):
        labels = targets[part].reshape(-1)
        if labels.dtype.kind != "u":  # Beyond 2^63, these would turn negative.
            labels = labels.astype(np.int64)
        negative.add(labels, labels < 0, part.start)
        if labels.max() > highest:
            highest_row, highest = part.start + int(np.argmax(labels)), int(labels.max())
        lowest = min(lowest, int(labels.min()))
    if negative.count:
        which = "one is" if negative.count == 1 else f"{negative.count:,} are"
        raise InputError(
            f"labels must run from 0 to classes - 1, and {which} negative{negative.first(arrays, 'targets')}",
            key="data.targets",
        )
    if highest >= len(targets):
        raise InputError(
            f"label {highest} in {arrays.place('targets', (highest_row,))} would mean {highest + 1} classes for "
            f"{len(targets)} rows; labels must run from 0 to classes - 1 (for values to be predicted use 'loss: mse')",
            key="data.targets",
        )
    if lowest == highest:
        only = lowest if arrays.classes is None else repr(arrays.classes[0])
        raise InputError(f"every label is {only}; there is nothing to learn", key="data.targets")
    if lowest > 0:
        raise InputError(
            f"labels must start at 0, and the lowest is {lowest}; subtract {lowest} from all", key="data.targets"
        )
    return highest + 1


def check_binary(arrays: Arrays) -> None:
    """Check that targets are zeros and ones, and not all rows alike.

    Raises:
        InputError: they are not.
    """
    targets, names = arrays.targets, arrays.classes
    if names is not None and len(names) > 2:
        raise InputError(
            f"binary_cross_entropy has two classes, and the targets are {len(names):,} ({listed(names)}); "
            "use cross_entropy",
            key="loss",
        )
    single = targets.ndim == 1 or targets.shape[1] == 1
    shape = (-1,) if single else (-1, targets.shape[1])
    top, same, invalid = targets[:1].reshape(shape), True, InvalidValues()
    for part in blocks(targets):
        answers = targets[part].reshape(shape)
        invalid.add(answers, (answers != 0) & (answers != 1), part.start)
        same = same and bool((answers == top).all())
    if invalid.count:
        which = "one is" if invalid.count == 1 else f"{invalid.count:,} are"
        other = "for several classes use 'loss: cross_entropy'" if is_labels(targets) else "for values use 'loss: mse'"
        raise InputError(
            f"targets of binary_cross_entropy must be 0 or 1, and {which} not{invalid.first(arrays, 'targets')} "
            f"({other})",
            key="data.targets",
        )
    if same and single:
        only = repr(names[0]) if names is not None else top[0]
        raise InputError(f"every label is {only}; there is nothing to learn", key="data.targets")
    if same:
        raise InputError("every row of targets is the same; there is nothing to learn", key="data.targets")


def listed(names: Sequence[str]) -> str:
    """Return the first `SHOWN` names, for a message."""
    rest = f", and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + rest
