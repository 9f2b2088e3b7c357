"""From raw arrays to a checked, split data set; refuses what cannot be trained on, and says why."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Dataset, Rows, Split
from lrfind.core.errors import InputError
from lrfind.task.data.batches import SPLIT_SEED
from lrfind.task.data.floats import Scaling, check_finite, standardization
from lrfind.task.data.loading import Arrays
from lrfind.task.data.rows import LazyRows, RowSplit, draw_held_out
from lrfind.task.data.targets import understand

OTHER_KINDS = {"U": "text", "S": "text", "c": "complex numbers", "O": "Python objects", "M": "dates", "m": "durations"}
"""Names of what arrays may hold besides real numbers, by numpy's letter."""

BRIGHTEST = 255
"""The brightest pixel of images of bytes, which are divided by it."""


def prepare(arrays: Arrays, section: Any, loss: str | None, last: int = 0, seed: int = SPLIT_SEED) -> Dataset:
    """Check, convert, split and scale arrays.

    Args:
        arrays: inputs and targets. Inputs of three axes or more that are bytes are images, and come to lie in [0, 1].
        section: data section of the config: ``title``; ``validation_fraction``, the share of the rows to hold out, the
            same of every class; ``batch_size``, there must be one whole batch to train on; ``standardize``, whether to
            bring inputs to mean 0 and standard deviation 1 of the rows to train on.
        loss: a name of `LOSSES`; None to take what fits the targets.
        last: number of the last rows to hold out, instead of a share; 0 for the share.
        seed: seed of the split.

    Returns:
        The data set; its rows stay on the disk where the arrays are `LazyRows`.

    Raises:
        InputError: wrong shapes or types, values that are not finite, labels out of range, too few rows.
        RunError: a file cannot be read any more.
    """
    digest = hashlib.blake2b(digest_size=16) if isinstance(arrays.inputs, LazyRows) else None
    if digest is None:
        arrays = arrays._replace(inputs=np.asarray(arrays.inputs), targets=np.asarray(arrays.targets))
    check_shapes(arrays.inputs, arrays.targets)
    check_finite(arrays, "inputs", digest)
    goal = understand(arrays, loss)
    rows = len(arrays.inputs)
    held_out = np.arange(rows - last, rows)
    if not last:
        held_out = draw_held_out(rows, goal.strata, section.validation_fraction, seed)
    split = RowSplit(rows, held_out)
    check_counts(split.train_count, split.held_out_count, section.batch_size)
    images = arrays.inputs.dtype == np.uint8 and arrays.inputs.ndim > 2
    scaling = Scaling(BRIGHTEST if images else 1)
    if section.standardize:
        scaling = standardization(arrays.inputs, split, scaling.divisor)
    if digest is not None:
        check_finite(arrays, "targets", digest)
        digest.update(f"{[(array.dtype, array.shape) for array in (arrays.inputs, arrays.targets)]}".encode())
        digest.update(held_out.data)

    train = part_of(arrays.inputs, goal.targets, scaling, split.train, split.train_count)
    validation = None
    if split.held_out_count:
        validation = part_of(arrays.inputs, goal.targets, scaling, split.held_out, split.held_out_count)
    if digest is None:
        unchanged = validation is None and not section.standardize and arrays.inputs.dtype == np.float32
        train = Split(arrays.inputs if unchanged else train.inputs[:], train.targets[:])
        validation = validation and Split(validation.inputs[:], validation.targets[:])
    return Dataset(section.title, train, validation, goal.task, goal.outputs, digest and digest.hexdigest())


def part_of(
    inputs: Rows, targets: Rows, scaling: Scaling, numbers: Callable[[NDArray[Any]], NDArray[Any]], count: int
) -> Split:
    """Return one part of a split, whose rows are picked and scaled when they are indexed.

    Args:
        inputs: all rows of inputs.
        targets: all rows of targets.
        scaling: scaling of the inputs.
        numbers: ``positions in the part (n,) -> row numbers (n,)``.
        count: number of rows of the part.
    """
    return Split(
        LazyRows((count, *inputs.shape[1:]), np.float32, lambda positions: scaling(inputs[numbers(positions)])),
        LazyRows((count, *targets.shape[1:]), targets.dtype, lambda positions: targets[numbers(positions)]),
    )


def check_counts(kept: int, held_out: int, batch_size: int) -> None:
    """Check that there is a batch of rows to train on.

    Raises:
        InputError: there is none.
    """
    if kept == 0:
        raise InputError(
            f"all {held_out} rows would be held out, and none are left to train on; use a smaller share",
            key="data.validation_fraction",
        )
    if kept < batch_size:
        raise InputError(
            f"a batch of {batch_size} needs as many rows to train on, and there are {kept} "
            f"({kept + held_out} less {held_out} held out); use a batch_size of {kept} or less",
            key="data.batch_size",
        )


def digest(data: Dataset) -> str:
    """Return a hash of every row, split included; two runs with the same one saw the same data."""
    if data.digest is not None:
        return data.digest
    content = hashlib.blake2b(digest_size=16)
    for part in (data.train, data.validation):
        for array in (part.inputs, part.targets) if part else ():
            content.update(f"{array.dtype}{array.shape}".encode())
            content.update(np.ascontiguousarray(array).data)
    return content.hexdigest()


def check_shapes(inputs: Rows, targets: Rows) -> None:
    """Check that there is a row of real inputs for every row of real targets.

    Raises:
        InputError: wrong shape or type.
    """
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
