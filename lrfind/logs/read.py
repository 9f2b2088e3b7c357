"""A log file as a trace: columns picked, rows of one step joined, steps made to rise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from lrfind.errors import InputError
from lrfind.logs.names import Role, assign, listed
from lrfind.logs.rows import Row, rows
from lrfind.trace import Trace
from lrfind.types import Floats

BLANK = {"", "na", "n/a", "none", "null", "-", "--", "<na>"}
"""Cells that hold nothing. ``nan`` is not among them: a loss may have become one."""

FEWEST = 8
"""Losses below which nothing is said; a loss that is not finite is enough by itself."""

HOLES = 0.1
"""NaN between finite values, above this share of a column: they stand for blank cells, not for a broken loss."""


def read(text: str, source: str, given: Mapping[Role, str]) -> Trace:
    """Read a log.

    Args:
        text: of the file.
        source: its name, for messages.
        given: columns that the user named.

    Raises:
        InputError: it cannot be read, or holds too little.
    """
    found = rows(text, source)
    columns = list(dict.fromkeys(name for row in found for name in row.cells))
    filled = {name: sum(not is_blank(row.cells.get(name)) for row in found) for name in columns}
    try:
        roles = assign(columns, filled, given)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    cells = {role: [number(row, name, source) for row in found] for role, name in roles.items()}
    step, unit = steps(cells, len(found), [row.line for row in found], source)
    step, kept = joined(step, cells)
    loss, val, rate = unbroken(kept.get("loss")), unbroken(kept.get("val_loss")), kept.get("lr")
    trace = Trace(
        step,
        np.full(len(step), np.nan) if loss is None else loss,
        None if rate is None or not np.isfinite(rate).any() else rate,
        val,
        unit,
    )
    check(trace, source, columns)
    return trace


def check(trace: Trace, source: str, columns: Sequence[str]) -> None:
    """Whether there is enough to say something."""
    there = [column[~np.isnan(column)] for column in (trace.loss, trace.val_loss) if column is not None]
    most = max((len(column) for column in there), default=0)
    if most < FEWEST and not any(np.isinf(column).any() for column in there):
        raise InputError(
            f"{source} has {most} losses, and a diagnosis needs {FEWEST} at least; log more often "
            f"(columns: {listed(columns)})"
        )


def is_blank(cell: Any) -> bool:
    """Whether a cell holds nothing."""
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in BLANK)


def number(row: Row, name: str, source: str) -> float:
    """A cell as a number: NaN where it is blank, inf where it is no finite number.

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
    return value if math.isfinite(value) else math.inf


def unbroken(column: Floats | None) -> Floats | None:
    """A column of losses, with what is not finite between finite values taken for blank where there is much of it."""
    if column is None:
        return None
    finite = np.flatnonzero(np.isfinite(column))
    if not len(finite):
        return column
    inside = np.isinf(column[: finite[-1]]).sum()
    if inside > HOLES * np.isfinite(column).sum():
        return np.where(np.isinf(column), np.nan, column)
    return column


def steps(
    cells: Mapping[Role, Sequence[float]], count: int, lines: Sequence[int], source: str
) -> tuple[Floats, Literal["step", "epoch"]]:
    """The number of each row's step or epoch."""
    for role, unit in (("step", "step"), ("epoch", "epoch")):
        column = np.array(cells.get(role, ()), dtype=np.float64)  # type: ignore[call-overload]
        known = np.isfinite(column)
        if known.sum() < 2 or len(np.unique(column[known])) < 2:
            continue
        if not known.all():  # a row without a number belongs to the one before it
            column = np.interp(np.arange(count), np.flatnonzero(known), column[known])
        epoch = np.array(cells.get("epoch", ()), dtype=np.float64)
        if role == "step" and len(epoch) == count and np.isfinite(epoch).all():
            column = counted_on(column, epoch)
        return column, unit  # type: ignore[return-value]
    return np.arange(count, dtype=np.float64), "step"


def counted_on(step: Floats, epoch: Floats) -> Floats:
    """Steps that begin anew in every epoch, counted on."""
    back = np.flatnonzero((np.diff(step) < 0) & (np.diff(epoch) > 0)) + 1
    if not len(back):
        return step
    counted = step.copy()
    spacing = float(np.median(np.diff(step)[np.diff(step) > 0])) if (np.diff(step) > 0).any() else 1.0
    for begin in back:
        counted[begin:] += counted[begin - 1] + spacing - counted[begin]
    return counted


def joined(step: Floats, cells: Mapping[Role, Sequence[float]]) -> tuple[Floats, dict[Role, Floats]]:
    """Rows of one step as one, the last cell that is not blank of each column; after a step back, as of a resumed
    run, the
    later rows count."""
    keep = np.ones(len(step), np.bool_)
    lowest = math.inf
    for row in range(len(step) - 1, -1, -1):
        keep[row] = step[row] <= lowest
        lowest = min(lowest, step[row])
    kept = np.flatnonzero(keep)
    numbers, place = np.unique(step[kept], return_inverse=True)
    found: dict[Role, Floats] = {}
    for role, values in cells.items():
        column = np.full(len(numbers), np.nan)
        for i, at in zip(kept.tolist(), place.tolist(), strict=True):
            if not math.isnan(values[i]):
                column[at] = values[i]
        found[role] = column
    return numbers, found
