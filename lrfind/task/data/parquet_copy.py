"""A parquet file that is too large for memory, decoded once: its rows cannot be read in any order as they are."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np

from lrfind.core.dataset import Rows
from lrfind.core.errors import InputError
from lrfind.task.data.arrays import Arrays, Table
from lrfind.task.data.floats import Unfit
from lrfind.task.data.parquet_types import answers, first_hole, holes, is_text, joined
from lrfind.task.data.rows import BLOCK, Converted
from lrfind.task.data.spool import Spool

BUFFER = 2**16
"""Bytes of the file that are read at once, of every column."""

MOST_CLASSES = 10**6
"""Texts beyond which they are no classes, but would fill the memory."""


def copied(file: BinaryIO, table: Table) -> Arrays:
    """Inputs as float32 and targets of a whole file, on the disk.

    Args:
        file: open; its columns were checked for their types.
        table: its columns.

    Raises:
        InputError: a cell that is empty, or an input that is no float32.
        RunError: there is no room.
    """
    from pyarrow import Table as Columns
    from pyarrow import parquet

    source = parquet.ParquetFile(file, buffer_size=BUFFER)
    names = [*table.inputs, *table.targets]
    text = is_text(source.schema_arrow.field(table.targets[0]).type)
    inputs, targets = Spool((len(table.inputs),), np.float32), None
    classes: dict[str, int] = {}
    empty: dict[str, tuple[int, int]] = {}
    unfit, start = Unfit(), 0
    for batch in source.iter_batches(batch_size=max(1, BLOCK // len(names)), columns=names):
        block = Columns.from_batches([batch])
        for name in names:
            if block.column(name).null_count:
                count, first = empty.get(name, (0, start + first_hole(block.column(name))))
                empty[name] = count + block.column(name).null_count, first
        if not empty:
            found = joined(block, table.inputs)
            unfit.look(found, start)
            with np.errstate(over="ignore"):
                inputs.add(found)
            if text:
                wanted = numbered(block.column(table.targets[0]).to_pylist(), classes, table)
            else:
                wanted = answers(block, table.targets)
            targets = targets or Spool(wanted.shape[1:], wanted.dtype)
            targets.add(wanted)
        start += block.num_rows
    for name in names:
        if name in empty:
            raise holes(*empty[name], name, table)
    assert targets is not None, "a file without rows does not come here"
    rows, known = targets.done(), tuple(sorted(classes)) if text else None
    arrays = Arrays(inputs.done(), in_order(rows, classes) if text else rows, known, table)
    unfit.refuse(arrays, "inputs")
    return arrays


def numbered(texts: list[str], classes: dict[str, int], table: Table) -> np.ndarray[Any, np.dtype[np.int32]]:
    """A number for every text, by first appearance; `classes` grows."""
    found = np.array([classes.setdefault(text, len(classes)) for text in texts], np.int32)
    if len(classes) > MOST_CLASSES:
        raise InputError(
            f"column '{table.targets[0]}' of {table.file} holds more than {MOST_CLASSES:,} different texts; classes or "
            "numbers are needed",
            key="data.targets",
        )
    return found


def in_order(labels: Rows, classes: dict[str, int]) -> Rows:
    """Labels by first appearance -> labels in sorted order."""
    place = np.empty(len(classes), np.int32)
    place[[classes[name] for name in sorted(classes)]] = np.arange(len(classes))
    return Converted(labels, lambda block: place[block], (), np.int32)
