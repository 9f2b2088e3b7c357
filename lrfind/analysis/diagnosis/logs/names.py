"""Recognise the columns of a log by the names that frameworks give them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

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
