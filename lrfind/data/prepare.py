"""From raw arrays to a checked, split data set; refuses what cannot be trained on, and says why."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrfind.data.batches import generator
from lrfind.errors import InputError
from lrfind.types import Dataset, Split

SPLIT = 4
"""The random stream of the validation split."""

LABEL_LOSSES = frozenset({"cross_entropy"})
"""Losses whose targets are class labels."""

OTHER_KINDS = {"U": "text", "S": "text", "c": "complex numbers", "O": "Python objects", "M": "dates", "m": "durations"}
"""What arrays hold that nothing can be learnt from, by numpy's letter for it."""


class Arrays(NamedTuple):
    """A data set as it was loaded.

    Attributes:
        inputs: shape (rows, ...).
        targets: shape (rows,) or (rows, outputs).
    """

    inputs: NDArray[Any]
    targets: NDArray[Any]


def prepare(
    arrays: Arrays, *, name: str, loss: str | None, validation_fraction: float, batch_size: int, seed: int
) -> Dataset:
    """Check, convert and split.

    Args:
        arrays: inputs and targets.
        name: how reports call the data.
        loss: a name of `LOSSES`; None to take what fits the targets.
        validation_fraction: share of the rows to hold out, the same share of every class.
        batch_size: rows of a batch; there must be one whole batch to train on.
        seed: of the split.

    Raises:
        InputError: wrong shapes or types, values that are not finite, labels out of range, too few rows.
    """
    inputs, targets = np.asarray(arrays.inputs), np.asarray(arrays.targets)
    check_shapes(inputs, targets)
    inputs = to_floats(inputs, "inputs")
    labels = loss in LABEL_LOSSES or (loss is None and is_labels(targets))
    if labels:
        targets = to_labels(targets)
        outputs, classes = int(targets.max()) + 1, targets
    else:
        targets = to_floats(targets, "targets")
        targets = targets[:, None] if targets.ndim == 1 else targets
        outputs, classes = targets.shape[1], np.zeros(len(targets), np.int32)
    held_out = split(classes, validation_fraction, seed)
    kept = np.setdiff1d(np.arange(len(inputs)), held_out)
    if len(kept) == 0:
        raise InputError(
            f"all {len(inputs)} rows would be held out, and none are left to train on; use a smaller share",
            key="data.validation_fraction",
        )
    if len(kept) < batch_size:
        raise InputError(
            f"a batch of {batch_size} needs as many rows to train on, and there are {len(kept)} "
            f"({len(inputs)} less {len(held_out)} held out); use a batch_size of {len(kept)} or less",
            key="data.batch_size",
        )
    validation = Split(inputs[held_out], targets[held_out]) if len(held_out) else None
    train = Split(inputs[kept], targets[kept])
    return Dataset(name, train, validation, "classification" if labels else "regression", outputs)


def digest(data: Dataset) -> str:
    """A hash of every row, split included; two runs with the same one saw the same data."""
    found = hashlib.blake2b(digest_size=16)
    for part in (data.train, data.validation):
        for array in (part.inputs, part.targets) if part else ():
            found.update(f"{array.dtype}{array.shape}".encode())
            found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def check_shapes(inputs: NDArray[Any], targets: NDArray[Any]) -> None:
    """There is a row of inputs for every row of targets."""
    for array, role in ((inputs, "inputs"), (targets, "targets")):
        if array.ndim == 0:
            raise InputError(f"{role} is a single value; it needs one row per example", key=f"data.{role}")
        if array.dtype.kind not in "biuf":
            what = OTHER_KINDS.get(array.dtype.kind, str(array.dtype))
            raise InputError(f"{role} holds {what}; real numbers are needed", key=f"data.{role}")
        if 0 in array.shape:
            raise InputError(f"{role} is empty: its shape is {array.shape}", key=f"data.{role}")
    if inputs.ndim == 1:
        raise InputError(
            f"inputs has shape {inputs.shape}; it needs rows and columns, e.g. {(len(inputs), 1)}", key="data.inputs"
        )
    if len(inputs) != len(targets):
        raise InputError(
            f"inputs has {len(inputs)} rows and targets has {len(targets)}; they must agree", key="data.targets"
        )
    if targets.ndim > 2:
        raise InputError(f"targets has shape {targets.shape}; it needs (rows,) or (rows, outputs)", key="data.targets")


def to_floats(array: NDArray[Any], role: str) -> NDArray[np.float32]:
    """float32, all finite."""
    with np.errstate(over="ignore"):
        floats = array.astype(np.float32)
    bad = ~np.isfinite(floats)
    if bad.any():
        first = tuple(int(place) for place in np.argwhere(bad)[0])
        found = array[first]
        if np.isfinite(found):
            what, remedy = "too large for float32", "scale them down"
        else:
            what, remedy = "not finite", "leave such rows out, or fill in a number"
        place = f"row {first[0]}" + (
            f", column {first[1]}" if len(first) == 2 else f", index {first}" if len(first) > 2 else ""
        )
        which = "a value that is" if bad.sum() == 1 else f"{bad.sum():,} values that are"
        start = ":" if bad.sum() == 1 else ", the first"
        raise InputError(f"{role} has {which} {what}{start} {found} in {place}; {remedy}", key=f"data.{role}")
    return floats


def is_labels(targets: NDArray[Any]) -> bool:
    """Whole numbers in one column are labels, everything else are values."""
    return targets.dtype.kind in "biu" and (targets.ndim == 1 or targets.shape[1] == 1)


def to_labels(targets: NDArray[Any]) -> NDArray[np.int32]:
    """Class labels 0..classes-1, shape (rows,)."""
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
            f"labels must run from 0 to classes - 1, and {which} negative{start} {labels[row]} in row {row}",
            key="data.targets",
        )
    if labels.max() >= len(labels):
        row = int(np.argmax(labels))
        raise InputError(
            f"label {labels[row]} in row {row} would mean {labels[row] + 1} classes for {len(labels)} rows; "
            "labels must run from 0 to classes - 1 (for values to be predicted use 'loss: mse')",
            key="data.targets",
        )
    if labels.min() == labels.max():
        raise InputError(f"every label is {labels[0]}; there is nothing to learn", key="data.targets")
    if labels.min() > 0:
        raise InputError(
            f"labels must start at 0, and the lowest is {labels.min()}; subtract {labels.min()} from all",
            key="data.targets",
        )
    return labels.astype(np.int32)


def split(classes: NDArray[np.int32], fraction: float, seed: int) -> NDArray[np.int64]:
    """Row numbers to hold out, sorted: ``round(fraction * rows)`` of each class's rows.

    Args:
        classes: the class of each row, shape (rows,); all the same where there are none.
        fraction: share to hold out.
        seed: which rows.
    """
    rng = generator(seed, SPLIT)
    groups = [np.flatnonzero(classes == label) for label in np.unique(classes)]
    held_out = [rng.permutation(group)[: round(fraction * len(group))] for group in groups]
    return np.sort(np.concatenate(held_out))
