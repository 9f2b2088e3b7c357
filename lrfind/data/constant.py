"""The loss of the best constant answer: what a network has to beat to have learnt anything."""

from __future__ import annotations

from functools import reduce

import numpy as np

from lrfind.data.floats import Spread
from lrfind.data.rows import blocks
from lrfind.types import Rows


def constant_loss(loss: str, targets: Rows, outputs: int) -> float | None:
    """In closed form, block by block; None where that is not known.

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
            spread = reduce(Spread.__add__, filter(None, (Spread.of(targets[part]) for part in blocks(targets))))
            return float((spread.squares / spread.count).mean())
        case "mae" if isinstance(targets, np.ndarray):  # A median needs all of them at once.
            return float(np.abs(targets - np.median(targets, axis=0)).mean())
    return None
