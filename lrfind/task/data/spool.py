"""A copy of rows on the disk, for files of which no row can be read without all those before it."""

from __future__ import annotations

import os
import tempfile
import weakref
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.core.errors import RunError
from lrfind.task.data.disk import Disk


class Spool:
    """Rows that come in blocks, to be read in any order. The file has no name where the system can do that, and goes
    with the process.

    Args:
        shape: of a row.
        dtype: of the numbers.
    """

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self._shape = shape
        self._dtype = np.dtype(dtype)
        self._folder = folder()
        self._rows = 0
        try:
            self._file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115
        except OSError as error:
            raise self._refusal(error) from error
        weakref.finalize(self, self._file.close)

    def add(self, rows: NDArray[Any]) -> None:
        """Append some rows.

        Raises:
            RunError: there is no room.
        """
        content = memoryview(rows.astype(self._dtype, order="C").reshape(-1).view(np.uint8).data)
        try:
            while content:
                content = content[self._file.write(content) :]
        except OSError as error:
            raise self._refusal(error) from error
        self._rows += len(rows)

    def done(self) -> Disk:
        """All rows; the room is given back with them."""
        name = f"the copy in {self._folder}"
        return Disk(os.dup(self._file.fileno()), name, 0, (self._rows, *self._shape), self._dtype)

    def _refusal(self, error: OSError) -> RunError:
        return RunError(
            f"no copy of the columns can be written to {self._folder}: {error.strerror or error}; set TMPDIR to a "
            "folder with more room"
        )


def folder() -> Path:
    """``$TMPDIR``; else /var/tmp, which is on a disk where /tmp may be in memory; else the system's own."""
    if not os.environ.get("TMPDIR") and os.access("/var/tmp", os.W_OK):
        return Path("/var/tmp")
    return Path(tempfile.gettempdir())
