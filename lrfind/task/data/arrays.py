"""Inputs and targets as they were loaded, before anything is checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Rows


@dataclass(frozen=True)
class Table:
    """The columns and lines of the table that arrays were read from, for messages.

    Attributes:
        file: the file's name.
        inputs: names of the columns of inputs, in order.
        targets: names of the columns of targets, in order.
        lines: the line that each row begins at, shape (rows,), for text; None where rows are counted from 0.
    """

    file: str
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    lines: NDArray[np.int64] | None = None

    def place(self, row: int, column: str) -> str:
        """Return a cell's position in words."""
        start = f"row {row}" if self.lines is None else f"line {self.lines[row]}"
        return f"{start}, column '{column}' of {self.file}"


class Arrays(NamedTuple):
    """Inputs and targets of a data set.

    Attributes:
        inputs: shape (rows, ...).
        targets: shape (rows,) or (rows, outputs).
        classes: names of the labels 0, 1, ..., where these were text.
        table: the table that the rows come from; None where there is none.
    """

    inputs: Rows
    targets: Rows
    classes: tuple[str, ...] | None = None
    table: Table | None = None

    def place(self, role: str, index: tuple[int, ...]) -> str:
        """Return the position of a value of the inputs or targets in words."""
        row, *rest = index
        if self.table is not None:
            names = self.table.inputs if role == "inputs" else self.table.targets
            return self.table.place(row, names[rest[0] if rest else 0])
        if len(rest) > 1:
            return f"row {row}, index {index}"
        return f"row {row}, column {rest[0]}" if rest else f"row {row}"
