"""Arrays that need not fit into memory: their rows are read from the disk when they are indexed."""

from __future__ import annotations

import math
import os
import weakref
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, pairwise
from threading import Lock
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Rows
from lrfind.core.errors import RunError

LARGEST = 2**28
"""Bytes, every number counted as float32, up to which a file's data are held in memory."""

BLOCK = 2**18
"""Numbers that are processed together, 1 MB as float32."""

READERS = 4
"""Blocks that are processed at the same time."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def too_large(numbers: int) -> bool:
    """Return whether so many numbers are left on the disk."""
    return 4 * numbers > LARGEST


def blocks(array: Rows) -> Iterator[slice]:
    """Yield slices that together cover all rows, of about `BLOCK` numbers each."""
    rows = max(1, BLOCK * len(array) // max(1, array.size))
    return (slice(start, min(start + rows, len(array))) for start in range(0, len(array), rows))


def map_ahead(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield ``function(item)`` in order, computed by threads, `READERS` items at a time."""
    remaining = iter(items)
    with ThreadPoolExecutor(min(READERS, os.cpu_count() or 1)) as pool:
        while group := list(islice(remaining, READERS)):
            yield from pool.map(function, group)


class LazyRows:
    """An array whose rows are computed when it is indexed: by a slice, by row numbers, or by the index of one number.

    Args:
        shape: (rows, ...).
        dtype: type of the numbers.
        take: ``row numbers (n,) -> rows (n, ...)``; asked for about `BLOCK` numbers at a time.
    """

    nbytes = 0
    """Bytes of memory that the rows occupy."""

    def __init__(self, shape: tuple[int, ...], dtype: Any, take: Callable[[NDArray[Any]], NDArray[Any]]) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self._take = take

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, tuple):
            row, *rest = key
            return self[np.array([row])][(0, *rest)]
        numbers = np.arange(*key.indices(len(self))) if isinstance(key, slice) else np.asarray(key)
        rows = np.empty((numbers.size, *self.shape[1:]), self.dtype)
        for part in blocks(rows):
            rows[part] = self._take(numbers.ravel()[part])
        return rows.reshape((*numbers.shape, *self.shape[1:]))


def stored_rows(file: Any, name: str, offset: int, shape: tuple[int, ...], dtype: Any) -> LazyRows:
    """Return an array that a file stores row by row. It is read, not mapped: pages of a map count as memory.

    Args:
        file: unbuffered binary file, open for reading; closed with the array.
        name: the file's name in messages.
        offset: bytes before the first row.
        shape: (rows, ...).
        dtype: type of the numbers.
    """
    lock = Lock()
    row_bytes = math.prod(shape[1:]) * np.dtype(dtype).itemsize

    def read(start: int, target: memoryview) -> None:
        try:
            with lock:
                file.seek(start)
                count = file.readinto(target)
        except OSError as error:
            raise RunError(f"{name} cannot be read: {error.strerror or error}") from error
        if count < len(target):
            raise RunError(f"{name} has become shorter while it was read; leave it alone while lrfind runs")

    def take(numbers: NDArray[Any]) -> NDArray[Any]:
        rows = np.empty((len(numbers), *shape[1:]), dtype)
        target = rows.reshape(-1).view(np.uint8).data
        run_starts = [0, *(np.flatnonzero(np.diff(numbers) != 1) + 1).tolist(), len(numbers)]
        for first, stop in pairwise(run_starts):
            read(offset + int(numbers[first]) * row_bytes, target[first * row_bytes : stop * row_bytes])
        return rows

    array = LazyRows(shape, dtype, take)
    weakref.finalize(array, file.close)
    return array


def convert_rows(
    source: Rows, convert: Callable[[NDArray[Any]], NDArray[Any]], shape: tuple[int, ...], dtype: Any
) -> Rows:
    """Return the rows put through a function: at once where they are in memory, else when they are read.

    Args:
        source: the rows.
        convert: ``(n, ...) -> (n, *shape)``, row by row.
        shape: shape of a converted row.
        dtype: type of the converted numbers.
    """
    if isinstance(source, np.ndarray):
        array: Rows = convert(source)
        return array
    return LazyRows((len(source), *shape), dtype, lambda numbers: convert(source[numbers]))
