"""`parquet`: the user's own table, read by pyarrow where that is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lrfind.data.arrays import Arrays, Table
from lrfind.data.columns import choose
from lrfind.data.files import opened
from lrfind.data.parquet_copy import copied
from lrfind.data.parquet_types import check_type, check_whole, is_text, joined, numbers
from lrfind.data.streams import too_large
from lrfind.data.targets import from_text
from lrfind.errors import InputError


def load(section: Any) -> Arrays:
    """Numbers of some columns as inputs; numbers or text of one column as targets.

    Args:
        section: ``path``; ``inputs``, names of columns, or nothing for all but the target; ``targets``, a column.

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
            names = source.schema_arrow.names
            columns = choose(names, section, path)
            table = Table(path.name, tuple(names[place] for place in columns.inputs), names[columns.targets])
            for name in table.inputs:
                check_type(source.schema_arrow.field(name).type, name, "inputs", path)
            check_type(source.schema_arrow.field(table.targets).type, table.targets, "targets", path)
            if not source.metadata.num_rows:
                raise InputError(f"{path} names columns and has no rows", key="data.path")
            if too_large(source.metadata.num_rows * (len(table.inputs) + 1)):
                return copied(file, table)
            found = source.read(columns=[*table.inputs, table.targets])
        except (pyarrow.ArrowException, OSError) as error:
            said = " ".join(str(error).split()).rstrip(".")
            raise InputError(f"{path} cannot be read as parquet: {said}; write it again", key="data.path") from None
    for name in (*table.inputs, table.targets):
        check_whole(found.column(name), name, table)
    targets = found.column(table.targets)
    if is_text(targets.type):
        return Arrays(joined(found, table), *from_text(targets.to_pylist()), table)
    return Arrays(joined(found, table), numbers(targets), None, table)
