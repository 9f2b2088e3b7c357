"""A decoded copy on the disk of a parquet file that is too large for memory: its rows cannot be read in any order."""

from __future__ import annotations

import os
import tempfile
import weakref
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from lrfind.core.errors import InputError, RunError
from lrfind.task.data.arrays import Arrays, Table
from lrfind.task.data.floats import InvalidValues, not_float32, refuse_not_finite
from lrfind.task.data.parquet_columns import EmptyCells, is_text, matrix, target_numbers
from lrfind.task.data.rows import BLOCK, LazyRows, stored_rows

BUFFER = 2**16
"""Bytes of each column that are read from the file at once."""

MOST_CLASSES = 10**6
"""Different texts beyond which they are no classes, but would fill the memory."""


def copy_to_disk(file: BinaryIO, table: Table) -> Arrays:
    """Copy inputs as float32, and targets, to temporary files.

    Args:
        file: an open parquet file whose columns were checked for their types.
        table: the file's columns.

    Raises:
        InputError: a cell that is empty, or an input that float32 does not hold.
        RunError: there is no room on the disk.
    """
    import pyarrow
    from pyarrow import parquet

    source = parquet.ParquetFile(file, buffer_size=BUFFER)
    names = [*table.inputs, *table.targets]
    rows = max(1, BLOCK // len(names))
    classes = text_classes(source, table, rows) if is_text(source.schema_arrow.field(table.targets[0]).type) else None
    labels = {name: label for label, name in enumerate(classes or ())}
    inputs, targets = TemporaryRows(), TemporaryRows()
    empty, invalid, start = EmptyCells(), InvalidValues(), 0
    for batch in source.iter_batches(batch_size=rows, columns=names):
        columns = pyarrow.Table.from_batches([batch])
        empty.add(columns, start)
        if not empty:
            block = matrix(columns, table.inputs)
            invalid.add(block, not_float32(block), start)
            with np.errstate(over="ignore"):
                inputs.append(block.astype(np.float32))
            if classes is None:
                targets.append(target_numbers(columns, table.targets))
            else:
                texts = columns.column(table.targets[0]).to_pylist()
                targets.append(np.array([labels[text] for text in texts], np.int32))
        start += columns.num_rows
    empty.refuse(table)
    arrays = Arrays(inputs.stored(), targets.stored(), classes, table)
    refuse_not_finite(invalid, arrays, "inputs")
    return arrays


def text_classes(source: Any, table: Table, rows: int) -> tuple[str, ...]:
    """Return the different texts of the target column, sorted.

    Args:
        source: the open `pyarrow.parquet.ParquetFile`.
        table: the file's columns.
        rows: rows to read at once.

    Raises:
        InputError: there are more than `MOST_CLASSES`.
    """
    texts: set[str] = set()
    for batch in source.iter_batches(batch_size=rows, columns=list(table.targets)):
        texts.update(batch.column(0).drop_null().unique().to_pylist())
        if len(texts) > MOST_CLASSES:
            raise InputError(
                f"column '{table.targets[0]}' of {table.file} holds more than {MOST_CLASSES:,} different texts; "
                "classes or numbers are needed",
                key="data.targets",
            )
    return tuple(sorted(texts))


class TemporaryRows:
    """Rows appended to a temporary file, which has no name where the system can do that and goes with the process."""

    def __init__(self) -> None:
        self._folder = temporary_folder()
        self._rows = 0
        try:
            self._file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115
        except OSError as error:
            raise self._no_room(error) from error
        weakref.finalize(self, self._file.close)

    def append(self, block: NDArray[Any]) -> None:
        """Append a block of rows, of the same type and row shape as those before.

        Raises:
            RunError: there is no room on the disk.
        """
        content = np.ascontiguousarray(block).reshape(-1).view(np.uint8).data
        try:
            while content:
                content = content[self._file.write(content) :]
        except OSError as error:
            raise self._no_room(error) from error
        self._rows += len(block)
        self._like = block[:0]

    def stored(self) -> LazyRows:
        """Return all rows."""
        shape = (self._rows, *self._like.shape[1:])
        file = os.fdopen(os.dup(self._file.fileno()), "rb", buffering=0)
        return stored_rows(file, f"the copy in {self._folder}", 0, shape, self._like.dtype)

    def _no_room(self, error: OSError) -> RunError:
        return RunError(
            f"no copy of the columns can be written to {self._folder}: {error.strerror or error}; set TMPDIR to a "
            "folder with more room"
        )


def temporary_folder() -> Path:
    """Return ``$TMPDIR``; else /var/tmp, which is on a disk where /tmp may be in memory; else the system's own."""
    if not os.environ.get("TMPDIR") and os.access("/var/tmp", os.W_OK):
        return Path("/var/tmp")
    return Path(tempfile.gettempdir())
