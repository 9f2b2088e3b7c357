"""Rows of numbers in a file, read when they are asked for and never mapped: pages of a map count as memory."""

from __future__ import annotations

import os
import weakref
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.core.errors import RunError
from lrfind.task.data.rows import Lazy

AT_ONCE = 2**30
"""Bytes of one call; systems refuse more than two of these."""


class Disk(Lazy):
    """An array in a file, row after row.

    Args:
        descriptor: of the file, open for reading; closed with this.
        name: of the file, for messages.
        offset: bytes before the first row.
        shape: (rows, ...).
        dtype: of the numbers.
    """

    def __init__(self, descriptor: int, name: str, offset: int, shape: tuple[int, ...], dtype: Any) -> None:
        super().__init__(shape, dtype)
        self._descriptor = descriptor
        self._name = name
        self._offset = offset
        self._lock = Lock()
        self._row = self.size // len(self) * self.dtype.itemsize
        weakref.finalize(self, os.close, descriptor)

    @classmethod
    def at(cls, path: Path, offset: int, shape: tuple[int, ...], dtype: Any) -> Disk:
        """An array in a file that exists."""
        return cls(os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0)), str(path), offset, shape, dtype)

    def span(self, start: int, stop: int) -> NDArray[Any]:
        found = np.empty((stop - start, *self.shape[1:]), self.dtype)
        self._fill(bytes_of(found), self._offset + start * self._row)
        return found

    def take(self, rows: NDArray[Any]) -> NDArray[Any]:
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        into = bytes_of(found)
        for place, row in enumerate(rows.tolist()):
            self._fill(into[place * self._row : (place + 1) * self._row], self._offset + row * self._row)
        return found

    def _fill(self, into: memoryview, offset: int) -> None:
        """Read as many bytes as there is room for.

        Raises:
            RunError: the file cannot be read any more, or has become shorter.
        """
        done = 0
        while done < len(into):
            try:
                count = self._read(into[done : done + AT_ONCE], offset + done)
            except OSError as error:
                raise RunError(f"{self._name} cannot be read: {error.strerror or error}") from error
            if not count:
                raise RunError(f"{self._name} has become shorter while it was read; leave it alone while lrfind runs")
            done += count

    def _read(self, into: memoryview, offset: int) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._descriptor, [into], offset)
        with self._lock:  # Without reads at a place of their own, threads take turns.
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            found = os.read(self._descriptor, len(into))
        into[: len(found)] = found
        return len(found)


def bytes_of(array: NDArray[Any]) -> memoryview:
    """An array's own memory."""
    return array.reshape(-1).view(np.uint8).data
