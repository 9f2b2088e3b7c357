"""From raw arrays to a checked, split data set; refuses what cannot be trained on, and says why."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.data.arrays import Arrays
from lrfind.data.batches import generator
from lrfind.data.floats import check_finite, moments, standardized, take
from lrfind.data.targets import understand
from lrfind.errors import InputError
from lrfind.types import Dataset, Split

SPLIT = 4
"""The random stream of the validation split."""

OTHER_KINDS = {"U": "text", "S": "text", "c": "complex numbers", "O": "Python objects", "M": "dates", "m": "durations"}
"""What arrays hold that nothing can be learnt from, by numpy's letter for it."""

BRIGHTEST = 255
"""Images of bytes are divided by it."""


def prepare(
    arrays: Arrays,
    *,
    name: str,
    loss: str | None,
    validation_fraction: float,
    batch_size: int,
    seed: int,
    standardize: bool = False,
) -> Dataset:
    """Check, convert, split and scale.

    Args:
        arrays: inputs and targets. Inputs of three axes or more that are bytes are images, and come to lie in [0, 1].
        name: how reports call the data.
        loss: a name of `LOSSES`; None to take what fits the targets.
        validation_fraction: share of the rows to hold out, the same share of every class.
        batch_size: rows of a batch; there must be one whole batch to train on.
        seed: of the split.
        standardize: whether to bring inputs to mean 0 and deviation 1 of the rows to train on.

    Raises:
        InputError: wrong shapes or types, values that are not finite, labels out of range, too few rows.
    """
    arrays = arrays._replace(inputs=np.asarray(arrays.inputs), targets=np.asarray(arrays.targets))
    check_shapes(arrays.inputs, arrays.targets)
    check_finite(arrays, "inputs")
    goal = understand(arrays, loss)
    rows = len(arrays.inputs)
    held_out = split(goal.strata, validation_fraction, seed)
    kept = np.setdiff1d(np.arange(rows), held_out)
    if len(kept) == 0:
        raise InputError(
            f"all {rows} rows would be held out, and none are left to train on; use a smaller share",
            key="data.validation_fraction",
        )
    if len(kept) < batch_size:
        raise InputError(
            f"a batch of {batch_size} needs as many rows to train on, and there are {len(kept)} "
            f"({rows} less {len(held_out)} held out); use a batch_size of {len(kept)} or less",
            key="data.batch_size",
        )
    images = arrays.inputs.dtype == np.uint8 and arrays.inputs.ndim > 2
    train, validation = (take(arrays.inputs, part, BRIGHTEST if images else 1) for part in (kept, held_out))
    if standardize:
        mean, scale = moments(train)
        train, validation = standardized(train, mean, scale), standardized(validation, mean, scale)
    return Dataset(
        name,
        Split(train, goal.targets[kept]),
        Split(validation, goal.targets[held_out]) if len(held_out) else None,
        goal.task,
        goal.outputs,
    )


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
