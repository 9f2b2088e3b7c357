"""Convert cells of a log to numbers and interpret blank and NaN cells."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from lrfind.analysis.diagnosis.logs.rows import Row
from lrfind.core.dataset import Floats
from lrfind.core.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLANK = {"", "na", "n/a", "none", "null", "-", "--", "<na>", "no log"}
"""Cells that hold nothing; ``nan`` is not one of them, because a loss may have become NaN."""

NOT_A_NUMBER = -math.inf
"""Placeholder for a NaN cell until `settled` interprets it."""

HOLES = 0.1
"""Fraction of NaN among finite losses above which NaN means blank, not a broken loss."""

LONGER, FEWEST = 2, 3
"""Ratio to earlier gaps, and length, that a final gap exceeds if the loss diverged.

Data frames and JSON have no other word for a loss that is not finite.
"""


def is_blank(cell: Any) -> bool:
    """Return whether a cell holds nothing."""
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in BLANK)


def number(row: Row, name: str, source: str) -> float:
    """Convert a cell to a number.

    Args:
        row: row of the log.
        name: name of the column.
        source: name of the file, for messages.

    Returns:
        NaN for a blank cell, inf for an infinite one, `NOT_A_NUMBER` for NaN.

    Raises:
        InputError: The cell is not a number.
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
    """Interpret a column of losses: NaN for a blank cell, inf for a loss that is not finite.

    Args:
        column: cells as `number` converts them, shape (rows,).
        other: the other column of losses, shape (rows,); a row in which only that one is finite belongs to it. None if
            there is none.
        whole: whether a column that is blank to its end counts as broken.
    """
    finite = np.flatnonzero(np.isfinite(column))
    marked = column == NOT_A_NUMBER
    if not len(finite):
        return np.where(marked, math.inf, column)
    last = int(finite[-1])
    blank = marked & np.isfinite(other) if other is not None else np.zeros(len(column), np.bool_)
    if marked[:last].sum() > HOLES * len(finite):
        blank |= marked
    interpreted: Floats = np.where(blank, math.nan, np.where(marked, math.inf, column))
    empty = np.isnan(interpreted)
    ending = len(column) - 1 - last
    if empty[last + 1 :].all() and (whole or marked[last + 1 :].any()):
        before = longest(empty[int(finite[0]) : last])
        if ending > max(FEWEST, LONGER * before):
            interpreted[last + 1 :] = math.inf
    return interpreted


def longest(these: NDArray[np.bool_]) -> int:
    """Return the length of the longest run of true entries."""
    return max((len(list(run)) for entry, run in groupby(these.tolist()) if entry), default=0)
