"""Arrays of any numbers -> float32, block by block: what is mapped from a disk is never in memory as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.data.arrays import Arrays
from lrfind.errors import InputError

Floats32 = NDArray[np.float32]

BLOCK = 2**20
"""Numbers that are looked at together."""


def blocks(array: NDArray[Any]) -> Iterator[slice]:
    """Slices of rows that together are the array, of about `BLOCK` numbers each."""
    rows = max(1, BLOCK * len(array) // max(1, array.size))
    return (slice(start, start + rows) for start in range(0, len(array), rows))


def check_finite(arrays: Arrays, role: str) -> None:
    """Every value of the inputs, or of the targets, is a float32.

    Raises:
        InputError: with the number of those that are not, and the place of the first.
    """
    array: NDArray[Any] = getattr(arrays, role)
    if array.dtype.kind in "biu":
        return
    count, first = 0, None
    for part in blocks(array):
        with np.errstate(over="ignore"):
            bad = ~np.isfinite(array[part].astype(np.float32))
        if first is None and bad.any():
            row, *rest = (int(place) for place in np.argwhere(bad)[0])
            first = (part.start + row, *rest)
        count += int(bad.sum())
    if first is None:
        return
    found = array[first]
    if np.isfinite(found):
        what, remedy = "too large for float32", "scale them down"
    else:
        what, remedy = "not finite", "leave such rows out, or fill in a number"
    which = "a value that is" if count == 1 else f"{count:,} values that are"
    start = ":" if count == 1 else ", the first"
    raise InputError(
        f"{role} has {which} {what}{start} {found} in {arrays.place(role, first)}; {remedy}", key=f"data.{role}"
    )


def take(array: NDArray[Any], rows: NDArray[np.int64], divisor: float = 1) -> Floats32:
    """Rows of an array over a divisor, as float32; the array itself where it is just that.

    Args:
        array: checked by `check_finite`.
        rows: row numbers, rising.
        divisor: what every value is divided by.
    """
    if len(rows) == len(array) and array.dtype == np.float32 and divisor == 1:
        return array
    found = np.empty((len(rows), *array.shape[1:]), np.float32)
    for part in blocks(found):
        found[part] = array[rows[part]]
        if divisor != 1:
            found[part] /= np.float32(divisor)
    return found


def moments(array: Floats32) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean, and one over the standard deviation or 0 where every value is the same.

    Of every feature where rows are flat; of every channel where they are images: the last of four axes, or the only
    channel of three. Shape (features,), (channels,) or ().
    """
    axes = {2: (0,), 3: (0, 1, 2)}.get(array.ndim, tuple(range(array.ndim - 1)))
    parts = list(blocks(array))
    mean = np.sum([array[part].sum(axis=axes, dtype=np.float64) for part in parts], axis=0)
    each = array.size // mean.size
    mean = mean / each
    squares = np.sum([((array[part] - mean) ** 2).sum(axis=axes) for part in parts], axis=0)
    low = np.min([array[part].min(axis=axes) for part in parts], axis=0)
    high = np.max([array[part].max(axis=axes) for part in parts], axis=0)
    varies = low < high
    return mean, varies / np.sqrt(np.where(varies, squares / each, 1))


def standardized(array: Floats32, mean: NDArray[np.float64], scale: NDArray[np.float64]) -> Floats32:
    """``(array - mean) * scale``, what does not vary being 0.

    Raises:
        InputError: a value so far from all those that mean and scale were taken from that float32 does not hold it.
    """
    found = np.empty_like(array)
    for part in blocks(array):
        with np.errstate(over="ignore"):
            found[part] = (array[part] - mean) * scale
        if not np.isfinite(found[part]).all():
            raise InputError(
                "a held-out value is too far from all rows to train on to be standardized; leave its row out, or its "
                "column, which hardly varies",
                key="data.standardize",
            )
    return found
