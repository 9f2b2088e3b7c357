"""Types, numbers and empty cells of a parquet file's columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.core.errors import InputError
from lrfind.task.data.arrays import Table


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
