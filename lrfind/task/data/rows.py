"""Rows that are read when they are asked for: of arrays that need not fit into memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Rows
from lrfind.task.data.selection import Selection

BLOCK = 2**18
"""Numbers that are looked at together."""


def blocks(array: Rows) -> Iterator[slice]:
    """Slices of rows that together are the array, of about `BLOCK` numbers each."""
    rows = max(1, BLOCK * len(array) // max(1, array.size))
    return (slice(start, min(start + rows, len(array))) for start in range(0, len(array), rows))


class Lazy(ABC):
    """So much of an array as reading by rows needs: slices without a step, arrays of row numbers, a single value.

    Args:
        shape: (rows, ...).
        dtype: of the numbers.
    """

    nbytes = 0
    """What it takes of memory."""

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        found = 1
        for length in self.shape:
            found *= length
        return found

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            start, stop, _ = key.indices(len(self))
            return self.span(start, max(start, stop))
        if isinstance(key, tuple):
            row, *rest = key
            return self.span(row, row + 1)[(0, *rest)]
        rows = np.asarray(key)
        return self.take(rows.ravel()).reshape((*rows.shape, *self.shape[1:]))

    @abstractmethod
    def span(self, start: int, stop: int) -> NDArray[Any]:
        """Rows start..stop-1."""

    @abstractmethod
    def take(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Some rows, shape (len(rows), ...)."""


class Converted(Lazy):
    """Rows, each put through a function.

    Args:
        source: the rows.
        convert: ``(n, ...) -> (n, ...)``, row by row.
        shape: of a row that comes out.
        dtype: of the numbers that come out.
    """

    def __init__(
        self, source: Rows, convert: Callable[[NDArray[Any]], NDArray[Any]], shape: tuple[int, ...], dtype: Any
    ) -> None:
        super().__init__((len(source), *shape), dtype)
        self._source = source
        self._convert = convert

    def span(self, start: int, stop: int) -> NDArray[Any]:
        return self._convert(self._source[start:stop])

    def take(self, rows: NDArray[Any]) -> NDArray[Any]:
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        for part in blocks(found):  # What is not yet converted may be larger.
            found[part] = self._convert(self._source[rows[part]])
        return found


class Picked(Lazy):
    """Some of the rows.

    Args:
        source: all of them.
        chosen: which.
    """

    def __init__(self, source: Rows, chosen: Selection) -> None:
        super().__init__((chosen.count, *source.shape[1:]), source.dtype)
        self._source = source
        self._chosen = chosen

    def span(self, start: int, stop: int) -> NDArray[Any]:
        return self.take(np.arange(start, stop))

    def take(self, rows: NDArray[Any]) -> NDArray[Any]:
        found: NDArray[Any] = self._source[self._chosen.numbers(rows)]
        return found


def converted(
    source: Rows, convert: Callable[[NDArray[Any]], NDArray[Any]], shape: tuple[int, ...], dtype: Any
) -> Rows:
    """Rows put through a function: at once where they are in memory, else when they are read."""
    if isinstance(source, np.ndarray):
        array: Rows = convert(source)
        return array
    return Converted(source, convert, shape, dtype)
