"""`parquet`: the user's own table, read by pyarrow where that is installed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.core.errors import InputError
from lrfind.task.data.columns import choose, names_of
from lrfind.task.data.files import brief, opened
from lrfind.task.data.parquet_copy import copy_to_disk
from lrfind.task.data.prepare import Arrays, Table
from lrfind.task.data.rows import too_large
from lrfind.task.data.targets import from_text


def load(section: Any) -> Arrays:
    """Return numbers of some columns as inputs; numbers of one or more, or text of one, as targets.

    Args:
        section: ``path``; ``inputs``, names of columns, or nothing for all but the targets; ``targets``, names.

    Raises:
        InputError: pyarrow is not installed; no such file or column; a column that holds no numbers, or holes.
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
            source = parquet.ParquetFile(file)
            schema = source.schema_arrow  # Made anew each time it is asked for.
            names = schema.names
            columns = choose(names, section, path)
            table = Table(path.name, *names_of(columns, names))
            for name in table.inputs:
                check_type(schema.field(name).type, name, "inputs", path)
            for name in table.targets:
                check_type(schema.field(name).type, name, "targets", path, text=len(table.targets) == 1)
            if not source.metadata.num_rows:
                raise InputError(f"{path} names columns and has no rows", key="data.path")
            if too_large(source.metadata.num_rows * (len(table.inputs) + len(table.targets))):
                return copy_to_disk(file, table)
            content = source.read(columns=[*table.inputs, *table.targets])
        except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"{path} cannot be read as parquet: {brief(error)}; write it again", key="data.path"
            ) from None
    empty = EmptyCells()
    empty.add(content, 0)
    empty.refuse(table)
    inputs, first = matrix(content, table.inputs), content.column(table.targets[0])
    if is_text(first.type):
        return Arrays(inputs, *from_text(first.to_pylist()), table)
    return Arrays(inputs, target_numbers(content, table.targets), None, table)


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


def numbers(columns: Any, name: str) -> NDArray[Any]:
    """Return a column of numbers, shape (rows,)."""
    from pyarrow import types

    column = columns.column(name)
    column = column.cast("float64") if types.is_decimal(column.type) else column
    array: NDArray[Any] = column.to_numpy()
    return array


def matrix(columns: Any, names: Sequence[str]) -> NDArray[Any]:
    """Return columns of numbers side by side in a type that holds them all, shape (rows, columns)."""
    arrays = [numbers(columns, name) for name in names]
    together = np.empty((columns.num_rows, len(arrays)), np.result_type(*arrays))
    for position, array in enumerate(arrays):
        together[:, position] = array
    return together


def target_numbers(columns: Any, names: Sequence[str]) -> NDArray[Any]:
    """Return the targets: of one column shape (rows,), of several (rows, columns)."""
    return numbers(columns, names[0]) if len(names) == 1 else matrix(columns, names)


class EmptyCells:
    """The number of empty cells of each column of a table that is read in parts, and the row of the first."""

    def __init__(self) -> None:
        self._empty: dict[str, tuple[int, int]] = {}

    def __bool__(self) -> bool:
        return bool(self._empty)

    def add(self, columns: Any, start: int) -> None:
        """Add those of the rows that begin with number `start` and follow those added before."""
        for name in columns.column_names:
            column = columns.column(name)
            if column.null_count:
                first = start + int(np.argmax(column.is_null().to_numpy()))
                count, first = self._empty.get(name, (0, first))
                self._empty[name] = count + column.null_count, first

    def refuse(self, table: Table) -> None:
        """Refuse empty cells, if there are any.

        Raises:
            InputError: with their number in one column, and the position of the first.
        """
        for name in (*table.inputs, *table.targets):
            if name in self._empty:
                count, row = self._empty[name]
                which = "nothing" if count == 1 else f"{count:,} empty cells, the first"
                raise InputError(
                    f"{which} in {table.place(row, name)}; leave such rows out, or fill in a value",
                    key=f"data.{'targets' if name in table.targets else 'inputs'}",
                )
