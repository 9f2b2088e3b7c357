"""Losses of the null model, which sees no inputs: a trained network has to be below them."""

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
    """Return the loss of equal probabilities for all classes; None if the loss has no classes.

    Args:
        loss: name of a loss, built in or the user's.
        data: data set; None if its targets were not interpreted.
    """
    match loss:
        case "cross_entropy" if data is not None:
            return math.log(data.outputs)
        case "binary_cross_entropy":
            return math.log(2)
    return None


def constant_loss(loss: str, source: Source, rows: int) -> float | None:
    """Return the loss of the best constant answer on the training rows; None if unknown.

    Of batches that a user's code makes, it is that on the first `COUNTED` steps.

    Args:
        loss: name of a loss, built in or the user's.
        source: source of batches ``(inputs, targets)``.
        rows: rows of data per optimiser step.
    """
    if isinstance(source, Drawn) and source.data is not None:
        return fitted(loss, source.data.train.targets, source.data.outputs)
    samples = source.sample("train", COUNTED * rows) if loss in LOSSES else None
    if not samples:
        return None
    targets = np.concatenate([np.asarray(targets) for _, targets in samples])
    return fitted(loss, targets, int(targets.max()) + 1 if loss == "cross_entropy" else 1)


def fitted(loss: str, targets: Rows, outputs: int) -> float | None:
    """Return the loss of the constant that fits targets best, in closed form; None if there is none.

    Args:
        loss: name of a built-in loss.
        targets: training targets, leading axis rows.
        outputs: number of outputs of the network.
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
