"""What columns of a parquet file hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.core.errors import InputError
from lrfind.task.data.arrays import Table


def check_type(kind: Any, name: str, role: str, path: Path, *, alone: bool = False) -> None:
    """A column holds numbers; targets that are `alone` may be text."""
    from pyarrow import types

    if is_text(kind) and alone:
        return
    if not (types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) or types.is_decimal(kind)):
        wanted = "numbers are needed; name the columns of numbers" if not alone else "numbers or text are needed"
        raise InputError(f"column '{name}' of {path} holds {kind}; {wanted}", key=f"data.{role}")


def is_text(kind: Any) -> bool:
    """Whether a column's type is text, or text by number (categories)."""
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    return bool(types.is_string(kind) or types.is_large_string(kind))


def numbers(column: Any) -> NDArray[Any]:
    """A column of numbers without holes, shape (rows,)."""
    from pyarrow import types

    column = column.cast("float64") if types.is_decimal(column.type) else column
    found: NDArray[Any] = column.to_numpy()
    return found


def joined(columns: Any, names: Sequence[str]) -> NDArray[Any]:
    """Columns of numbers side by side, in a type that holds them all."""
    parts = [numbers(columns.column(name)) for name in names]
    together = np.empty((columns.num_rows, len(parts)), np.result_type(*parts))
    for place, column in enumerate(parts):
        together[:, place] = column
    return together


def answers(columns: Any, names: Sequence[str]) -> NDArray[Any]:
    """The targets: of one column shape (rows,), of several (rows, columns)."""
    return numbers(columns.column(names[0])) if len(names) == 1 else joined(columns, names)


def check_whole(column: Any, name: str, table: Table) -> None:
    """There is something in every row of a column."""
    if column.null_count:
        raise holes(column.null_count, first_hole(column), name, table)


def first_hole(column: Any) -> int:
    """The first row of a column that is empty."""
    return int(np.argmax(column.is_null().to_numpy()))


def holes(count: int, row: int, name: str, table: Table) -> InputError:
    """That there is nothing in some rows of a column."""
    role = "targets" if name in table.targets else "inputs"
    which = "nothing" if count == 1 else f"{count:,} empty cells, the first"
    return InputError(
        f"{which} in {table.place(row, name)}; leave such rows out, or fill in a value", key=f"data.{role}"
    )
