"""Arrays that need not fit into memory: rows read from the disk when they are indexed, and their split."""

from __future__ import annotations

import math
import os
import weakref
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, pairwise
from threading import Lock
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Rows
from lrfind.core.errors import RunError
from lrfind.task.data.batches import generator

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


SPLIT = 4
"""The random stream of the validation split."""

DRAWN = 2**18
"""Rows among which held-out rows are drawn together."""


class RowSplit:
    """A partition of rows 0..rows-1 into those to train on and those held out, at four bytes a held-out row.

    Args:
        rows: number of all rows.
        held_out: row numbers, increasing.

    Attributes:
        train_count: number of rows to train on.
        held_out_count: number of rows held out.
    """

    def __init__(self, rows: int, held_out: NDArray[Any]) -> None:
        self.held_out_count = len(held_out)
        self.train_count = rows - len(held_out)
        self._train_before = held_out - np.arange(len(held_out), dtype=held_out.dtype)
        """How many rows to train on precede each held-out row."""

    def train(self, positions: NDArray[Any]) -> NDArray[np.int64]:
        """Return the numbers of the rows at some positions, from 0, among the rows to train on."""
        before = self._train_before
        return positions + np.searchsorted(before, positions.astype(before.dtype), side="right").astype(np.int64)

    def held_out(self, positions: NDArray[Any]) -> NDArray[np.int64]:
        """Return the numbers of the rows at some positions, from 0, among the held-out rows."""
        before: NDArray[np.int64] = self._train_before[positions].astype(np.int64)
        return positions + before

    def is_train(self, part: slice) -> NDArray[np.bool_]:
        """Return whether each of some consecutive rows is trained on."""
        positions = range(self.held_out_count)
        first, stop = (
            bisect_left(positions, row, key=lambda position: int(self._train_before[position]) + position)
            for row in (part.start, part.stop)
        )
        mask = np.ones(part.stop - part.start, np.bool_)
        mask[self.held_out(np.arange(first, stop)) - part.start] = False
        return mask


def draw_held_out(rows: int, classes: Rows | None, fraction: float, seed: int) -> NDArray[Any]:
    """Return the row numbers to hold out, increasing: ``round(fraction * count)`` of each class's rows.

    They are drawn among `DRAWN` rows at a time, as many of each class as keep its share up to there, so they are
    spread evenly over a long file.

    Args:
        rows: number of all rows.
        classes: the class of each row, shape (rows,); None where there are no classes.
        fraction: share to hold out.
        seed: seed of the draw.
    """
    rng = generator(seed, SPLIT)
    counts: Counter[int] = Counter()
    held: Counter[int] = Counter()
    dtype = np.int32 if rows <= 2**31 else np.int64
    drawn = [np.empty(0, dtype)]
    for start in range(0, rows, DRAWN):
        stop = min(start + DRAWN, rows)
        labels = np.zeros(stop - start, np.int32) if classes is None else classes[start:stop]
        chosen = []
        for label in np.unique(labels).tolist():
            group = start + np.flatnonzero(labels == label)
            counts[label] += len(group)
            wanted = round(fraction * counts[label]) - held[label]
            chosen.append(rng.permutation(group)[:wanted])
            held[label] += wanted
        drawn.append(np.sort(np.concatenate(chosen)).astype(dtype))
    return np.concatenate(drawn)
