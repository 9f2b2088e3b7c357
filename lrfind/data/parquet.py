"""`parquet`: the user's own table, read by pyarrow where that is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.data.arrays import Arrays, Table
from lrfind.data.columns import choose
from lrfind.data.files import opened
from lrfind.data.targets import from_text
from lrfind.errors import InputError


def load(section: Any) -> Arrays:
    """Numbers of some columns as inputs; numbers or text of one column as targets.

    Args:
        section: ``path``; ``inputs``, names of columns, or nothing for all but the target; ``targets``, a column.

    Raises:
        InputError: pyarrow is not installed; no such file or column; a column that holds no numbers, or holes.
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
            names = source.schema_arrow.names
            columns = choose(names, section, path)
            table = Table(path.name, tuple(names[place] for place in columns.inputs), names[columns.targets])
            for name in table.inputs:
                check_type(source.schema_arrow.field(name).type, name, "inputs", path)
            check_type(source.schema_arrow.field(table.targets).type, table.targets, "targets", path)
            found = source.read(columns=[*table.inputs, table.targets])
        except (pyarrow.ArrowException, OSError) as error:
            raise InputError(
                f"{path} cannot be read as parquet: {str(error).rstrip('.')}; write it again", key="data.path"
            ) from None
    if not found.num_rows:
        raise InputError(f"{path} names columns and has no rows", key="data.path")
    inputs = [numbers(found.column(name), name, "inputs", table) for name in table.inputs]
    together = np.empty((found.num_rows, len(inputs)), np.result_type(*inputs))
    for place, column in enumerate(inputs):
        together[:, place] = column
    targets = found.column(table.targets)
    if is_text(targets.type):
        check_whole(targets, table.targets, "targets", table)
        return Arrays(together, *from_text(targets.to_pylist()), table)
    return Arrays(together, numbers(targets, table.targets, "targets", table), None, table)


def check_type(kind: Any, name: str, role: str, path: Path) -> None:
    """A column holds numbers; targets may be text."""
    from pyarrow import types

    if is_text(kind) and role == "targets":
        return
    if not (types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) or types.is_decimal(kind)):
        wanted = "numbers are needed; name the columns of numbers" if role == "inputs" else "numbers or text are needed"
        raise InputError(f"column '{name}' of {path} holds {kind}; {wanted}", key=f"data.{role}")


def is_text(kind: Any) -> bool:
    """Whether a column's type is text, or text by number (categories)."""
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    return bool(types.is_string(kind) or types.is_large_string(kind))


def numbers(column: Any, name: str, role: str, table: Table) -> NDArray[Any]:
    """A column of numbers, shape (rows,)."""
    from pyarrow import types

    check_whole(column, name, role, table)
    column = column.cast("float64") if types.is_decimal(column.type) else column
    found: NDArray[Any] = column.to_numpy()
    return found


def check_whole(column: Any, name: str, role: str, table: Table) -> None:
    """There is something in every row of a column."""
    if column.null_count:
        row = int(np.argmax(column.is_null().to_numpy()))
        which = "nothing" if column.null_count == 1 else f"{column.null_count:,} empty cells, the first"
        raise InputError(
            f"{which} in {table.place(row, name)}; leave such rows out, or fill in a value", key=f"data.{role}"
        )
