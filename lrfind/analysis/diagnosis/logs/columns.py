"""The columns of a log, recognised by the names that frameworks give them; its rows, numbered and joined by step."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lrfind.core.dataset import Floats
from lrfind.core.errors import InputError
from lrfind.core.registry import near

Role = Literal["step", "epoch", "loss", "val_loss", "lr"]

NAMES: dict[Role, str] = {
    "step": (
        "step global_step train_step trainer_global_step steps iteration iterations iter it update "
        "updates num_updates batch batch_idx"
    ),
    "epoch": "epoch epochs train_epoch",
    "loss": (
        "loss train_loss_step loss_step train_step_loss train_loss training_loss loss_train "
        "loss_training tr_loss train_loss_epoch loss_epoch train_epoch_loss train_train_loss "
        "train_cross_entropy train_mse train_nll nll objective"
    ),
    "val_loss": (
        "val_loss validation_loss eval_loss valid_loss loss_val loss_validation loss_valid loss_eval "
        "val_loss_epoch valid_epoch_loss dev_loss evaluation_loss held_out_loss heldout_loss "
        "holdout_loss test_loss eval_eval_loss val_cross_entropy val_mse val_nll"
    ),
    "lr": "lr learning_rate learningrate train_lr train_learning_rate optimizer_lr lr_0",
}
"""Known names of each role, most specific first, in the form of `plain`."""

KNOWN: dict[Role, tuple[str, ...]] = {role: tuple(names.split()) for role, names in NAMES.items()}
"""The words of `NAMES` by role."""

LIGHTNING = re.compile(
    r"lr_(?:adam|sgd|rms|ada|nadam|lion|lamb|muon)\w*|"
    r"(?:train_)?(?:lr|learning_rate)(?:_pg\d+|_group_?\d+|_\d+)?"
)
"""Names of rates by a learning-rate monitor, with optimiser or parameter group."""

OPTIONS: dict[Role, str] = {
    "step": "--step-column",
    "epoch": "--step-column",
    "loss": "--loss-column",
    "val_loss": "--val-column",
    "lr": "--lr-column",
}
"""Command-line option that names the column of each role."""


LAST_RESORT = ("value", "scalar", "y")
"""Names of the only curve of a tracker's export, taken for the loss if there is no other."""


def plain(name: str) -> str:
    """Return a name in lower case with ``_`` between words: ``trainLoss`` is ``train_loss``."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", "_", name.strip())
    return re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_")


def assign(
    columns: Sequence[str], filled: Mapping[str, int], given: Mapping[Role, str], tell: Callable[[str], None]
) -> dict[Role, str]:
    """Return the column of each role.

    Args:
        columns: names, in the order of the file.
        filled: number of non-blank cells of each column; among equally good names the fullest is taken.
        given: columns that the user named, by role.
        tell: receives a sentence if two columns are equally good.

    Returns:
        Column by role, of the roles that have one.

    Raises:
        InputError: A named column does not exist, or no column is a loss.
    """
    assigned: dict[Role, str] = {}
    for role, name in given.items():
        if name not in columns:
            raise InputError(
                f"{OPTIONS[role]} {name}: there is no such column{near(name, columns)}; there are {listed(columns)}"
            )
        assigned[role] = name
    for role, names in KNOWN.items():
        if role in assigned or (role == "epoch" and "step" in given):
            continue
        full = [column for column in columns if filled[column]]
        free = [column for column in full if column not in assigned.values()]
        fits = [column for column in free if plain(column) in names]
        if role == "lr" and not fits:
            fits = [column for column in full if LIGHTNING.fullmatch(plain(column))]
        if not fits:
            fits = [column for column in free if ends_with(plain(column), role)]
        if fits:
            most = max(filled[column] for column in fits)
            enough = [column for column in fits if 2 * filled[column] >= most]
            assigned[role] = min(enough, key=lambda column: rank(column, names))
            equal = [column for column in enough if rank(column, names) == rank(assigned[role], names)]
            if role in ("loss", "val_loss") and len(equal) > 1:
                tell(f"{listed(equal)} are as good: took {assigned[role]}; {OPTIONS[role]} names another")
    if "loss" not in assigned and "val_loss" not in assigned:
        left = [column for column in columns if plain(column) in LAST_RESORT and filled[column]]
        if not left:
            raise InputError(
                f"none of its columns is known to be a loss; name it with --loss-column; there are {listed(columns)}"
            )
        assigned["loss"] = left[0]
    return assigned


def rank(name: str, names: Sequence[str]) -> int:
    """Return the rank of a name in a list of names; a name that only ends like one comes last."""
    return names.index(plain(name)) if plain(name) in names else len(names)


def ends_with(name: str, role: Role) -> bool:
    """Return whether a name ends with a known name of a role, as ``run 7 - train/loss`` does."""
    if role == "loss" and ends_with(name, "val_loss"):
        return False
    return any(name.endswith(f"_{known}") for known in KNOWN[role])


def listed(columns: Sequence[str]) -> str:
    """Return the first twelve names for a message."""
    shown = ", ".join(columns[:12])
    return shown + (f", and {len(columns) - 12:,} more" if len(columns) > 12 else "") if columns else "none"


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
    units: tuple[Literal["step", "epoch"], ...] = ("step", "epoch")
    for unit in units:
        column = cells.get(unit, np.full(0, np.nan))
        known = np.isfinite(column)
        if known.sum() < 2 or len(np.unique(column[known])) < 2:
            continue
        if not known.all():  # a row without a number lies between its neighbours
            column = np.interp(np.arange(count), np.flatnonzero(known), column[known])
        if unit == "epoch" and crowded(column, loss):
            tell("several losses an epoch and no steps: rows are counted as steps")
            break
        epoch = cells.get("epoch")
        if unit == "step" and epoch is not None and np.isfinite(epoch).all():
            column = counted_on(column, (np.flatnonzero((np.diff(column) < 0) & (np.diff(epoch) > 0)) + 1).tolist())
        anew = (np.flatnonzero((np.diff(column) < 0) & (column[1:] <= np.minimum.accumulate(column)[:-1])) + 1).tolist()
        if not anew:
            return Numbers(column, unit)
        if goes_on(loss, anew):
            tell(f"{unit}s begin anew {len(anew)} times and the loss goes on: they are counted on")
            return Numbers(counted_on(column, anew), unit)
        return Numbers(column, unit, anew[-1])
    return Numbers(np.arange(count, dtype=np.float64), "step")


def crowded(epoch: Floats, loss: Floats) -> bool:
    """Return whether most rows with a loss repeat the epoch of the one before."""
    there = epoch[np.isfinite(loss)]
    return len(there) > 1 and bool((np.diff(there) == 0).mean() > CROWDED)


def goes_on(loss: Floats, anew: list[int]) -> bool:
    """Return whether one training continues at the rows where the numbers restart.

    The loss there is then nearer to its value just before than to its value at the very start.

    Args:
        loss: loss of each row, shape (rows,).
        anew: rows at which the numbers restart.
    """
    first = middle(loss, 0, 1)
    levels = [(middle(loss, row - 1, -1), middle(loss, row, 1)) for row in anew]
    nearer = [abs(after - before) - abs(after - first) for before, after in levels]
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


def counted_on(step: Floats, begins: list[int]) -> Floats:
    """Continue numbers that restart at some rows.

    Args:
        step: number of each row, shape (rows,).
        begins: rows at which the numbers restart.
    """
    counted = step.copy()
    up = np.diff(step)[np.diff(step) > 0]
    spacing = float(np.median(up)) if len(up) else 1.0
    for begin in begins:
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
