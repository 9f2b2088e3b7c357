"""From raw arrays to a checked, split data set; refuses what cannot be trained on, and says why."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Dataset, Rows, Split
from lrfind.core.errors import InputError
from lrfind.task.data.arrays import Arrays
from lrfind.task.data.floats import check_finite, moments, standardized, take
from lrfind.task.data.rows import Lazy
from lrfind.task.data.selection import Selection
from lrfind.task.data.shuffle import generator
from lrfind.task.data.streams import streamed
from lrfind.task.data.targets import Goal, understand

SPLIT = 4
"""The random stream of the validation split."""

DRAWN = 2**18
"""Rows that the rows to hold out are drawn among together; a multiple of 8."""

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
    last: int = 0,
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
        last: hold out so many of the last rows, instead of a share.

    Raises:
        InputError: wrong shapes or types, values that are not finite, labels out of range, too few rows.
    """
    on_disk = isinstance(arrays.inputs, Lazy)
    if not on_disk:
        arrays = arrays._replace(inputs=np.asarray(arrays.inputs), targets=np.asarray(arrays.targets))
    check_shapes(arrays.inputs, arrays.targets)
    if not on_disk:
        check_finite(arrays, "inputs")
    goal = understand(arrays, loss)
    rows = len(arrays.inputs)
    out = tail(rows, last) if last else split(rows, goal.strata, validation_fraction, seed)
    held_out = Selection.of(rows, out)
    kept = held_out.rest()
    if kept.count == 0:
        raise InputError(
            f"all {rows} rows would be held out, and none are left to train on; use a smaller share",
            key="data.validation_fraction",
        )
    if kept.count < batch_size:
        raise InputError(
            f"a batch of {batch_size} needs as many rows to train on, and there are {kept.count} "
            f"({rows} less {held_out.count} held out); use a batch_size of {kept.count} or less",
            key="data.batch_size",
        )
    images = arrays.inputs.dtype == np.uint8 and arrays.inputs.ndim > 2
    make = streamed if on_disk else in_memory
    return make(arrays, goal, kept, held_out, name=name, divisor=BRIGHTEST if images else 1, standardize=standardize)


def tail(rows: int, last: int) -> Iterator[tuple[slice, NDArray[np.int64]]]:
    """The last rows, as `split` gives them."""
    yield slice(0, rows), np.arange(rows - last, rows)


def in_memory(
    arrays: Arrays,
    goal: Goal,
    kept: Selection,
    held_out: Selection,
    *,
    name: str,
    divisor: float,
    standardize: bool,
) -> Dataset:
    """A data set of arrays, all of whose rows are converted at once."""
    inputs, targets = np.asarray(arrays.inputs), goal.targets
    chosen = [np.flatnonzero(part.within(slice(0, len(inputs)))) for part in (kept, held_out)]
    train, validation = (take(inputs, part, divisor) for part in chosen)
    if standardize:
        mean, scale = moments(inputs, kept, divisor)
        train, validation = standardized(train, mean, scale), standardized(validation, mean, scale)
    return Dataset(
        name,
        Split(train, targets[chosen[0]]),
        Split(validation, targets[chosen[1]]) if held_out.count else None,
        goal.task,
        goal.outputs,
    )


def digest(data: Dataset) -> str:
    """A hash of every row, split included; two runs with the same one saw the same data."""
    if data.digest is not None:
        return data.digest
    found = hashlib.blake2b(digest_size=16)
    for part in (data.train, data.validation):
        for array in (part.inputs, part.targets) if part else ():
            found.update(f"{array.dtype}{array.shape}".encode())
            found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def check_shapes(inputs: Rows, targets: Rows) -> None:
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


def split(rows: int, classes: Rows | None, fraction: float, seed: int) -> Iterator[tuple[slice, NDArray[np.int64]]]:
    """Row numbers to hold out, rising: ``round(fraction * rows)`` of each class's rows.

    They are drawn among `DRAWN` rows at a time, and of every class as many as keep its share up to there: so they are
    spread over a long file as well.

    Args:
        rows: how many there are.
        classes: the class of each row, shape (rows,); None where there are none.
        fraction: share to hold out.
        seed: which rows.

    Yields:
        Slices that together are all rows, and the rows to hold out of each.
    """
    rng = generator(seed, SPLIT)
    seen: Counter[int] = Counter()
    held: Counter[int] = Counter()
    for start in range(0, rows, DRAWN):
        part = slice(start, min(start + DRAWN, rows))
        labels = np.zeros(part.stop - start, np.int32) if classes is None else classes[part]
        drawn = [np.empty(0, np.int64)]
        for label in np.unique(labels).tolist():
            group = start + np.flatnonzero(labels == label)
            seen[label] += len(group)
            wanted = round(fraction * seen[label]) - held[label]
            drawn.append(rng.permutation(group)[:wanted])
            held[label] += wanted
        yield part, np.sort(np.concatenate(drawn))
