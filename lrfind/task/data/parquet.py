"""`parquet`: the user's own table, read by pyarrow where that is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lrfind.core.errors import InputError
from lrfind.task.data.arrays import Arrays, Table
from lrfind.task.data.columns import choose, names_of
from lrfind.task.data.files import brief, opened
from lrfind.task.data.parquet_columns import EmptyCells, check_type, is_text, matrix, target_numbers
from lrfind.task.data.parquet_copy import copy_to_disk
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
