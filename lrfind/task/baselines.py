"""The losses of the null model, an answer that sees no inputs: what a network has to beat to have learnt anything."""

from __future__ import annotations

import math
from functools import reduce

import numpy as np

from lrfind.core.dataset import Dataset, Rows
from lrfind.core.registry import LOSSES
from lrfind.task.batch_source import Drawn, Source
from lrfind.task.data.floats import Spread
from lrfind.task.data.rows import blocks

COUNTED = 32
"""Batches whose targets a constant answer is fitted to where they are made as they come. (Of k classes in n rows that
finds a loss too low by (k - 1) / 2n, which errs towards believing that something was learnt.)"""


def chance_loss(loss: str, data: Dataset | None) -> float | None:
    """The loss of an answer that holds every class for equally likely; None where the loss knows no classes.

    Args:
        loss: a name of `LOSSES`, or of the user's own.
        data: the data set, where its targets were understood.
    """
    match loss:
        case "cross_entropy" if data is not None:
            return math.log(data.outputs)
        case "binary_cross_entropy":
            return math.log(2)
    return None


def constant_loss(loss: str, source: Source, rows: int) -> float | None:
    """The loss of the best constant answer on the training rows; None where that is not known. Of batches that are made
    as they come it is that on some of them.

    Args:
        loss: a name of `LOSSES`, or of the user's own.
        source: of batches ``(inputs, targets)``.
        rows: of data to one optimiser step.
    """
    if isinstance(source, Drawn) and source.data is not None:
        return fitted(loss, source.data.train.targets, source.data.outputs)
    some = source.sample("train", COUNTED * rows) if loss in LOSSES else None
    if not some:
        return None
    targets = np.concatenate([np.asarray(targets) for _, targets in some])
    return fitted(loss, targets, int(targets.max()) + 1 if loss == "cross_entropy" else 1)


def fitted(loss: str, targets: Rows, outputs: int) -> float | None:
    """The loss of the constant answer that fits targets best, in closed form, block by block; None where that is not
    known.

    Args:
        loss: a name of `LOSSES`.
        targets: of the rows to train on, as `Split` has them.
        outputs: numbers that the network puts out.
    """
    match loss:
        case "cross_entropy":
            counts = [np.bincount(targets[part].ravel(), minlength=outputs) for part in blocks(targets)]
            share = np.sum(counts, axis=0) / targets.size
            return float(-(share[share > 0] * np.log(share[share > 0])).sum())
        case "binary_cross_entropy":
            sums = [targets[part].sum(axis=0, dtype=np.float64) for part in blocks(targets)]
            ones = np.sum(sums, axis=0) / len(targets)
            shares = np.stack([ones, 1 - ones])
            return float(-(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=0).mean())
        case "mse":
            spread = reduce(Spread.__add__, (Spread.of(targets[part]) for part in blocks(targets)))
            return float((spread.squares / spread.count).mean())
        case "mae" if isinstance(targets, np.ndarray):  # A median needs all of them at once.
            return float(np.abs(targets - np.median(targets, axis=0)).mean())
    return None
