"""Cells of a log as numbers, and what a cell means that holds none: nothing was logged, or the loss had broken."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from lrfind.errors import InputError
from lrfind.logs.rows import Row
from lrfind.types import Floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLANK = {"", "na", "n/a", "none", "null", "-", "--", "<na>", "no log"}
"""Cells that hold nothing. ``nan`` is not among them: a loss may have become one."""

NOT_A_NUMBER = -math.inf
"""Stands for a NaN until it is known what it means."""

HOLES = 0.1
"""NaN between finite values, above this share of a column: they stand for blank cells, not for a broken loss."""

LONGER, FEWEST = 2, 3
"""A column that ends with so many times more NaN or blank rows than ever before in a row, and at least so many, broke:
data frames and JSON have no other word for a loss that is not finite."""


def is_blank(cell: Any) -> bool:
    """Whether a cell holds nothing."""
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in BLANK)


def number(row: Row, name: str, source: str) -> float:
    """A cell as a number: NaN where it is blank, inf where it is infinite, `NOT_A_NUMBER` where it says so.

    Raises:
        InputError: it is something else.
    """
    cell = row.cells.get(name)
    if is_blank(cell):
        return math.nan
    if isinstance(cell, list) and len(cell) == 1:
        cell = cell[0]
    try:
        if isinstance(cell, bool) or not isinstance(cell, int | float | str):
            raise ValueError
        value = float(cell)
    except (ValueError, OverflowError):
        shown = repr(cell) if len(repr(cell)) <= 40 else repr(cell)[:39] + "…"
        raise InputError(f"{source}:{row.line}: column {name!r}: expected a number, got {shown}") from None
    if math.isnan(value):
        return NOT_A_NUMBER
    return value if math.isfinite(value) else math.inf


def settled(column: Floats, other: Floats | None, *, whole: bool) -> Floats:
    """A column of losses with NaN for what is blank and inf for what is not finite.

    Args:
        column: as `number` reads it, shape (rows,).
        other: the other column of losses; a row that has a finite one there and a NaN here is a row for that one.
        whole: whether a column that is blank to the end has broken, too.
    """
    finite = np.flatnonzero(np.isfinite(column))
    marked = column == NOT_A_NUMBER
    if not len(finite):
        return np.where(marked, math.inf, column)
    last = int(finite[-1])
    blank = marked & np.isfinite(other) if other is not None else np.zeros(len(column), np.bool_)
    if marked[:last].sum() > HOLES * len(finite):
        blank |= marked
    found: Floats = np.where(blank, math.nan, np.where(marked, math.inf, column))
    empty = np.isnan(found)
    ending = len(column) - 1 - last
    if empty[last + 1 :].all() and (whole or marked[last + 1 :].any()):
        before = longest(empty[int(finite[0]) : last])
        if ending > max(FEWEST, LONGER * before):
            found[last + 1 :] = math.inf
    return found


def longest(these: NDArray[np.bool_]) -> int:
    """Entries of the longest run of true ones."""
    most = run = 0
    for each in these.tolist():
        run = run + 1 if each else 0
        most = max(most, run)
    return most
