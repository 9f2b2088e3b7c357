"""The rows of a log in order: numbered by steps or epochs, counted on where the numbers begin anew, joined where
several rows are of one step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from lrfind.logs.names import Role
from lrfind.types import Floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

Columns = Mapping[Role, Floats]

Tell = Callable[[str], None]
"""Is told what a reader of the diagnosis should know, one sentence."""

AROUND = 3
"""Losses on each side of a place, by whose medians it is told whether a training went on there."""

CROWDED = 0.5
"""Share of the rows with a loss that repeat the epoch of the row before, above which rows are steps."""


@dataclass(frozen=True)
class Numbers:
    """What rows are numbered by.

    Attributes:
        step: of each row, shape (rows,).
        unit: what it counts.
        begun: the row at which the log begins anew with another training; None where it does not.
    """

    step: Floats
    unit: Literal["step", "epoch"]
    begun: int | None = None


def numbers(cells: Columns, count: int, tell: Tell) -> Numbers:
    """The number of each row's step or epoch; the row's own where the log has none.

    Args:
        cells: columns, shape (rows,) each.
        count: of rows.
        tell: is told how numbers were made that the log does not have.
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
    """Whether most rows with a loss have the epoch of the one before."""
    there = epoch[np.isfinite(loss)]
    return len(there) > 1 and bool((np.diff(there) == 0).mean() > CROWDED)


def goes_on(loss: Floats, anew: NDArray[np.intp]) -> bool:
    """Whether it is one training whose numbers begin anew, rather than several: the loss there is nearer to what it was
    just before than to what it was at the very start."""
    nearer = []
    first = middle(loss, 0, 1)
    for row in anew.tolist():
        before, after = middle(loss, row - 1, -1), middle(loss, row, 1)
        nearer.append(abs(after - before) - abs(after - first))
    known = [each for each in nearer if math.isfinite(each)]
    return bool(known) and float(np.median(known)) < 0


def middle(loss: Floats, row: int, way: int) -> float:
    """Median of the first finite losses from a row on, forwards or backwards."""
    ahead = loss[row:] if way > 0 else loss[row::-1]
    there = ahead[np.isfinite(ahead)][:AROUND]
    return float(np.median(there)) if len(there) else math.nan


def counted_on(step: Floats, begins: NDArray[np.intp]) -> Floats:
    """Steps that begin anew at some rows, counted on."""
    if not len(begins):
        return step
    counted = step.copy()
    up = np.diff(step)[np.diff(step) > 0]
    spacing = float(np.median(up)) if len(up) else 1.0
    for begin in begins.tolist():
        counted[begin:] += counted[begin - 1] + spacing - counted[begin]
    return counted


def joined(step: Floats, cells: Columns) -> tuple[Floats, dict[Role, Floats]]:
    """Rows of one step as one, the last cell of each column that is a number, else that is not blank; after a step
    back, as of a resumed run, the later rows count."""
    after = np.append(np.minimum.accumulate(step[::-1])[::-1][1:], math.inf)
    kept = np.flatnonzero(step <= after)
    found: dict[Role, Floats] = {}
    numbers, place = np.unique(step[kept], return_inverse=True)
    for role, values in cells.items():
        column = np.full(len(numbers), np.nan)
        for these in (np.isinf(values[kept]), np.isfinite(values[kept])):
            column[place[these]] = values[kept[these]]  # of several the last one stays
        found[role] = column
    return numbers, found
