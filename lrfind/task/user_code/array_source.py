"""A user's arrays as a source: checked as those of a file for a built-in loss, otherwise as they are."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from lrfind.core.dataset import Dataset
from lrfind.core.errors import InputError
from lrfind.task.batch_source import Drawn, of_dataset
from lrfind.task.builtin import prepared
from lrfind.task.data.arrays import Arrays as Raw
from lrfind.task.data.batches import SPLIT_SEED
from lrfind.task.data.row_split import draw_held_out
from lrfind.task.user_code.data import BatchFactory, UserArrays
from lrfind.task.user_code.pytrees import alike
from lrfind.task.user_code.recognize import UserModel
from lrfind.task.user_code.tracebacks import shape_of


def of_arrays(
    data: UserArrays,
    given: UserArrays | BatchFactory | None,
    section: Any,
    loss: str | None,
    user_model: UserModel | None,
    *,
    own_loss: bool,
) -> Drawn:
    """Return the source of a user's arrays.

    Args:
        data: the user's arrays.
        given: held-out arrays; None for a share of `data`.
        section: data section of the config.
        loss: name of a built-in loss; None for the one that fits, or for a user's loss.
        user_model: the user's model; None for a built-in network.
        own_loss: whether the loss is the user's.

    Raises:
        InputError: the arrays do not go together, or not with the model.
    """
    train, held_out = data.train, data.validation
    if isinstance(given, UserArrays):
        held_out = given.train
    elif given is not None:
        raise InputError(f"{section.title} gives arrays; this must be arrays as well", key="data.validation")
    if held_out is not None:
        _check_alike(train, held_out, section.title)
    understood = user_model is None or (user_model.kind == "network" and not own_loss)
    if understood and _is_plain(train):
        return of_dataset(_prepared(section, loss, train, held_out), section.batch_size, whole=user_model is not None)
    if user_model is None:
        raise InputError(
            f"{section.title} gives {shape_of(train)}; a built-in network needs (inputs, targets), one array each",
            key="data.target",
        )
    if section.standardize:
        raise InputError("arrays of your own are taken as they are here; do it in your code", key="data.standardize")
    return _raw(section, train, held_out)


def _is_plain(tree: Any) -> bool:
    """Return whether a tree is one array of inputs and one of targets, as files have them."""
    pair = isinstance(tree, tuple) and len(tree) == 2 and all(hasattr(leaf, "ndim") for leaf in tree)
    return pair and tree[0].ndim >= 2 and tree[1].ndim <= 2 and (tree[1].ndim == 1 or tree[1].dtype.kind == "f")


def _prepared(section: Any, loss: str | None, train: Any, held_out: Any) -> Dataset:
    """Return plain arrays as a data set, checked and converted as those of a file."""
    inputs, targets = train
    last = 0
    if held_out is not None:
        last = len(held_out[0])
        inputs, targets = (np.concatenate([one, other]) for one, other in zip(train, held_out, strict=True))
    return prepared(section, Raw(inputs, targets), loss, last)


def _raw(section: Any, train: Any, held_out: Any) -> Drawn:
    """Return the source of arrays as they are, split."""
    rows = _rows(train)
    if held_out is None and section.validation_fraction > 0:
        labels: Any = train[1] if isinstance(train, tuple) and len(train) == 2 else None
        strata = None
        if hasattr(labels, "ndim") and labels.ndim == 1 and labels.dtype.kind in "biu":
            strata = labels.astype(np.int32)
        out = draw_held_out(rows, strata, section.validation_fraction, SPLIT_SEED)
        kept = np.setdiff1d(np.arange(rows), out)
        whole = train
        train = jax.tree.map(lambda leaf: leaf[kept], whole)
        held_out = jax.tree.map(lambda leaf: leaf[out], whole) if len(out) else None
    left = _rows(train)
    if left < section.batch_size:
        raise InputError(
            f"a batch of {section.batch_size} needs as many rows to train on, and there are {left} "
            f"({rows} less {rows - left} held out); use a batch_size of {max(1, left)} or less",
            key="data.batch_size",
        )
    return Drawn(section.title, train, held_out, section.batch_size, whole=True)


def _rows(tree: Any) -> int:
    return len(jax.tree.leaves(tree)[0])


def _check_alike(train: Any, held_out: Any, title: str) -> None:
    same = alike(train, held_out) and all(
        one.shape[1:] == other.shape[1:]
        for one, other in zip(jax.tree.leaves(train), jax.tree.leaves(held_out), strict=True)
    )
    if not same:
        raise InputError(
            f"what is held out is {shape_of(held_out)}, and {title} gives {shape_of(train)} to train on; they must "
            "agree but for the rows",
            key="data.validation",
        )
