"""Order the rows of a log: number them, continue restarted numbers, join rows of one step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from lrfind.analysis.diagnosis.logs.names import Role
from lrfind.core.dataset import Floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

Columns = Mapping[Role, Floats]
"""Cells by role, shape (rows,) each."""

Tell = Callable[[str], None]
"""Callback that receives one sentence for the reader of the diagnosis."""

AROUND = 3
"""Losses on each side of a restart whose medians are compared."""

CROWDED = 0.5
"""Fraction of rows repeating the epoch before, above which rows count as steps."""


@dataclass(frozen=True)
class Numbers:
    """Numbers of the rows.

    Attributes:
        step: number of each row, shape (rows,).
        unit: what is counted.
        begun: first row of the log's last training if several follow each other; None for one training.
    """

    step: Floats
    unit: Literal["step", "epoch"]
    begun: int | None = None


def numbers(cells: Columns, count: int, tell: Tell) -> Numbers:
    """Return the step or epoch of each row; the index of the row if the log has neither.

    Args:
        cells: cells by role, shape (rows,) each.
        count: number of rows.
        tell: receives a sentence if numbers were made up.
    """
    loss = cells.get("loss", cells.get("val_loss", np.full(count, np.nan)))
    for role, unit in (("step", "step"), ("epoch", "epoch")):
        column = cells.get(role, np.full(0, np.nan))  # type: ignore[call-overload]
        known = np.isfinite(column)
        if known.sum() < 2 or len(np.unique(column[known])) < 2:
            continue
        if not known.all():  # a row without a number lies between its neighbours
            column = np.interp(np.arange(count), np.flatnonzero(known), column[known])
        if role == "epoch" and crowded(column, loss):
            tell("several losses an epoch and no steps: rows are counted as steps")
            break
        epoch = cells.get("epoch")
        if role == "step" and epoch is not None and np.isfinite(epoch).all():
            column = counted_on(column, np.flatnonzero((np.diff(column) < 0) & (np.diff(epoch) > 0)) + 1)
        anew = np.flatnonzero((np.diff(column) < 0) & (column[1:] <= np.minimum.accumulate(column)[:-1])) + 1
        if not len(anew):
            return Numbers(column, unit)  # type: ignore[arg-type]
        if goes_on(loss, anew):
            tell(f"{unit}s begin anew {len(anew)} times and the loss goes on: they are counted on")
            return Numbers(counted_on(column, anew), unit)  # type: ignore[arg-type]
        return Numbers(column, unit, int(anew[-1]))  # type: ignore[arg-type]
    return Numbers(np.arange(count, dtype=np.float64), "step")


def crowded(epoch: Floats, loss: Floats) -> bool:
    """Return whether most rows with a loss repeat the epoch of the one before."""
    there = epoch[np.isfinite(loss)]
    return len(there) > 1 and bool((np.diff(there) == 0).mean() > CROWDED)


def goes_on(loss: Floats, anew: NDArray[np.intp]) -> bool:
    """Return whether one training continues at the rows where the numbers restart.

    The loss there is then nearer to its value just before than to its value at the very start.

    Args:
        loss: loss of each row, shape (rows,).
        anew: rows at which the numbers restart.
    """
    nearer = []
    first = middle(loss, 0, 1)
    for row in anew.tolist():
        before, after = middle(loss, row - 1, -1), middle(loss, row, 1)
        nearer.append(abs(after - before) - abs(after - first))
    known = [difference for difference in nearer if math.isfinite(difference)]
    return bool(known) and float(np.median(known)) < 0


def middle(loss: Floats, row: int, way: int) -> float:
    """Return the median of the first finite losses from a row on; NaN if there are none.

    Args:
        loss: loss of each row, shape (rows,).
        row: first row to look at.
        way: positive for later rows, negative for earlier ones.
    """
    ahead = loss[row:] if way > 0 else loss[row::-1]
    there = ahead[np.isfinite(ahead)][:AROUND]
    return float(np.median(there)) if len(there) else math.nan


def counted_on(step: Floats, begins: NDArray[np.intp]) -> Floats:
    """Continue numbers that restart at some rows.

    Args:
        step: number of each row, shape (rows,).
        begins: rows at which the numbers restart.
    """
    if not len(begins):
        return step
    counted = step.copy()
    up = np.diff(step)[np.diff(step) > 0]
    spacing = float(np.median(up)) if len(up) else 1.0
    for begin in begins.tolist():
        counted[begin:] += counted[begin - 1] + spacing - counted[begin]
    return counted


def joined(step: Floats, cells: Columns) -> tuple[Floats, dict[Role, Floats]]:
    """Join the rows of one step.

    After a step back, as in a resumed run, later rows replace earlier ones.

    Args:
        step: number of each row, shape (rows,).
        cells: cells by role, shape (rows,) each.

    Returns:
        Distinct steps, shape (steps,), and for each role the last finite cell of a step, else its last infinite one,
        else NaN, shape (steps,).
    """
    after = np.append(np.minimum.accumulate(step[::-1])[::-1][1:], math.inf)
    kept = np.flatnonzero(step <= after)
    columns: dict[Role, Floats] = {}
    numbers, row = np.unique(step[kept], return_inverse=True)
    for role, values in cells.items():
        column = np.full(len(numbers), np.nan)
        for valued in (np.isinf(values[kept]), np.isfinite(values[kept])):
            column[row[valued]] = values[kept[valued]]  # of several the last one stays
        columns[role] = column
    return numbers, columns
