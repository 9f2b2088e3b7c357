"""Read a log file as a trace: pick columns, convert cells, number rows, join rows of one step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import groupby
from typing import Any

import numpy as np

from lrfind.analysis.diagnosis.logs.columns import Role, Tell, assign, joined, listed, numbers
from lrfind.analysis.diagnosis.logs.rows import Row, rows
from lrfind.core.dataset import Floats
from lrfind.core.errors import InputError
from lrfind.core.training import Trace

FEWEST = 8
"""Least number of losses for a diagnosis; one loss that is not finite also suffices."""

BLANK = {"", "na", "n/a", "none", "null", "-", "--", "<na>", "no log"}
"""Cells that hold nothing; ``nan`` is not one of them, because a loss may have become NaN."""

NOT_A_NUMBER = -math.inf
"""Placeholder for a NaN cell until `settled` interprets it."""

HOLES = 0.1
"""Fraction of NaN among finite losses above which NaN means blank, not a broken loss."""

LONGER, SHORTEST_END = 2, 3
"""Ratio to earlier gaps, and length, that a final gap exceeds if the loss diverged.

Data frames and JSON have no other word for a loss that is not finite.
"""


def read(text: str, source: str, given: Mapping[Role, str], tell: Tell = lambda sentence: None) -> Trace:
    """Read a log.

    Args:
        text: contents of the file.
        source: name of the file, for messages.
        given: columns that the user named, by role.
        tell: receives one sentence for each guess.

    Raises:
        InputError: The file cannot be read, or holds too few losses.
    """
    records = rows(text, source)
    if not records:
        raise InputError(f"{source} has a header and no rows")
    columns = list(dict.fromkeys(name for row in records for name in row.cells))
    filled = {name: sum(not is_blank(row.cells.get(name)) for row in records) for name in columns}
    try:
        roles = assign(columns, filled, given, tell)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    cells = {role: np.array([number(row, name, source) for row in records]) for role, name in roles.items()}
    loss, val = cells.get("loss"), cells.get("val_loss")
    if loss is not None:
        cells["loss"] = settled(loss, val, whole=True)
    if val is not None:
        cells["val_loss"] = settled(val, loss, whole=False)
    if "lr" in cells:
        cells["lr"] = np.where(np.isfinite(cells["lr"]), cells["lr"], np.nan)
    order = numbers(cells, len(records), tell)
    step, kept = joined(order.step, cells)
    trace = Trace(
        step,
        kept.get("loss", np.full(len(step), np.nan)),
        None if "lr" not in kept or np.isnan(kept["lr"]).all() else kept["lr"],
        kept.get("val_loss"),
        order.unit,
    )
    begun = "" if order.begun is None else f" from line {records[order.begun].line} on, where it begins anew,"
    there = [column[~np.isnan(column)] for column in (trace.loss, trace.val_loss) if column is not None]
    most = max((len(column) for column in there), default=0)
    if most < FEWEST and not any(np.isinf(column).any() for column in there):
        raise InputError(
            f"{source}{begun} has {most} loss{'es' * (most != 1)}, and a diagnosis needs {FEWEST} at least; log more "
            f"often (columns: {listed(columns)})"
        )
    if begun:
        tell(f"the log begins anew at line {records[order.begun or 0].line}: what is before it is left out")
    return trace


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
        gaps = groupby(empty[int(finite[0]) : last].tolist())
        before = max((len(list(run)) for gap, run in gaps if gap), default=0)
        if ending > max(SHORTEST_END, LONGER * before):
            interpreted[last + 1 :] = math.inf
    return interpreted
