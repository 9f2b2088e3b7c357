"""`parquet`: the user's own table, read by pyarrow where that is installed.

The rows of a parquet file cannot be read in any order, so those of one that is too large for memory are copied to the
disk.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.core.errors import InputError, RunError
from lrfind.task.data.floats import InvalidValues, not_float32, refuse_not_finite
from lrfind.task.data.loading import Arrays, Table, brief, choose, opened
from lrfind.task.data.rows import BLOCK, LazyRows, stored_rows, too_large

BUFFER = 2**16
"""Bytes of each column that are read from the file at once."""

MOST_CLASSES = 10**6
"""Different texts beyond which they are no classes, but would fill the memory."""


def load(section: Any) -> Arrays:
    """Return numbers of some columns as inputs; numbers of one or more, or text of one, as targets.

    Args:
        section: ``path``; ``inputs``, names of columns, or nothing for all but the targets; ``targets``, names.

    Raises:
        InputError: pyarrow is not installed; no such file or column; a column that holds no numbers, or holes; an input
            that float32 does not hold.
        RunError: there is no room for a copy of a large table.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise InputError(
            "parquet needs pyarrow, which is not installed; install it with: pip install pyarrow", key="data.name"
        ) from None
    path = Path(section.path)
    with opened(path, "data.path", "a .parquet file") as file:
        try:
            source = parquet.ParquetFile(file, buffer_size=BUFFER)
            schema = source.schema_arrow  # Made anew each time it is asked for.
            table = choose(schema.names, section, path)
            for name in table.inputs:
                check_type(schema.field(name).type, name, "inputs", path)
            for name in table.targets:
                check_type(schema.field(name).type, name, "targets", path, text=len(table.targets) == 1)
            if not source.metadata.num_rows:
                raise InputError(f"{path} names columns and has no rows", key="data.path")
            return read(source, table, text=is_text(schema.field(table.targets[0]).type))
        except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"{path} cannot be read as parquet: {brief(error)}; write it again", key="data.path"
            ) from None


def read(source: Any, table: Table, *, text: bool) -> Arrays:
    """Return inputs as float32, and targets, in memory or in temporary files.

    Args:
        source: `pyarrow.parquet.ParquetFile` whose columns were checked for their types.
        table: the file's columns.
        text: whether the targets are text.

    Raises:
        InputError: a cell that is empty, or an input that float32 does not hold.
        RunError: there is no room on the disk.
    """
    import pyarrow

    names = [*table.inputs, *table.targets]
    large = too_large(source.metadata.num_rows * len(names))
    rows = max(1, BLOCK // len(names))
    classes = text_classes(source, table, rows, MOST_CLASSES if large else source.metadata.num_rows) if text else None
    labels = {name: label for label, name in enumerate(classes or ())}
    inputs, targets = (TemporaryRows(), TemporaryRows()) if large else (MemoryRows(), MemoryRows())
    empty: dict[str, tuple[int, int]] = {}
    invalid, start = InvalidValues(), 0
    for batch in source.iter_batches(batch_size=rows, columns=names):
        columns = pyarrow.Table.from_batches([batch])
        for name in names:
            if count := columns.column(name).null_count:
                row = start + int(np.argmax(columns.column(name).is_null().to_numpy()))
                before, first = empty.get(name, (0, row))
                empty[name] = before + count, first
        if not empty:
            block = matrix(columns, table.inputs)
            invalid.add(block, not_float32(block), start)
            with np.errstate(over="ignore"):
                inputs.append(block.astype(np.float32))
            if text:
                texts = columns.column(table.targets[0]).to_pylist()
                targets.append(np.array([labels[text] for text in texts], np.int32))
            else:
                block = matrix(columns, table.targets)
                targets.append(block if len(table.targets) > 1 else block[:, 0])
        start += columns.num_rows
    for name in names:
        if name in empty:
            count, row = empty[name]
            which = "nothing" if count == 1 else f"{count:,} empty cells, the first"
            raise InputError(
                f"{which} in {table.place(row, name)}; leave such rows out, or fill in a value",
                key=f"data.{'targets' if name in table.targets else 'inputs'}",
            )
    arrays = Arrays(inputs.stored(), targets.stored(), classes, table)
    refuse_not_finite(invalid, arrays, "inputs")
    return arrays


def text_classes(source: Any, table: Table, rows: int, most: int) -> tuple[str, ...]:
    """Return the different texts of the target column, sorted.

    Args:
        source: the open `pyarrow.parquet.ParquetFile`.
        table: the file's columns.
        rows: rows to read at once.
        most: largest number of different texts.

    Raises:
        InputError: there are more.
    """
    texts: set[str] = set()
    for batch in source.iter_batches(batch_size=rows, columns=list(table.targets)):
        texts.update(batch.column(0).drop_null().unique().to_pylist())
        if len(texts) > most:
            raise InputError(
                f"column '{table.targets[0]}' of {table.file} holds more than {most:,} different texts; "
                "classes or numbers are needed",
                key="data.targets",
            )
    return tuple(sorted(texts))


def check_type(kind: Any, name: str, role: str, path: Path, *, text: bool = False) -> None:
    """Check that a column holds numbers, or text where that is allowed.

    Args:
        kind: pyarrow's type of the column.
        name: the column's name.
        role: ``"inputs"`` or ``"targets"``.
        path: the file, for messages.
        text: whether text is allowed.

    Raises:
        InputError: it holds something else.
    """
    from pyarrow import types

    if is_text(kind) and text:
        return
    if not (types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) or types.is_decimal(kind)):
        wanted = "numbers or text are needed" if text else "numbers are needed; name the columns of numbers"
        raise InputError(f"column '{name}' of {path} holds {kind}; {wanted}", key=f"data.{role}")


def is_text(kind: Any) -> bool:
    """Return whether a column's type is text or categories of text."""
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    return bool(types.is_string(kind) or types.is_large_string(kind))


def matrix(table: Any, names: Sequence[str]) -> NDArray[Any]:
    """Return columns of numbers side by side in a type that holds them all, shape (rows, columns)."""
    from pyarrow import types

    columns = (table.column(name) for name in names)
    numbers = (column.cast("float64") if types.is_decimal(column.type) else column for column in columns)
    return np.stack([column.to_numpy() for column in numbers], axis=1)


class MemoryRows(list[NDArray[Any]]):
    """Blocks of rows that stay in memory."""

    def stored(self) -> NDArray[Any]:
        """Return all rows."""
        return np.concatenate(self)


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
