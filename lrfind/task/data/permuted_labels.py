"""Labels dealt out anew: what a network that uses its inputs does worse on, and one that does not does as well on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

DEALT = 7
"""Of the random stream that deals; the same for every run, as the rows are that states are judged on."""


def permuted_labels(batches: Sequence[Any]) -> list[Any] | None:
    """The batches with their labels dealt out anew among all rows; None where they are no pairs of rows and labels.

    A permutation keeps how frequent each label is, so an answer that does not look at the inputs loses the same on
    either. Only pairs ``(inputs, labels)`` with one whole number a row are such: of anything else it is not known what
    a network is to tell from what.

    Args:
        batches: of one shape.
    """
    if not batches or not all(paired(batch) for batch in batches):
        return None
    labels = np.concatenate([np.asarray(batch[1]) for batch in batches])
    if (labels == labels[0]).all():
        return None
    anew = np.random.default_rng(DEALT).permutation(labels).reshape(len(batches), -1)
    return [type(batch)((batch[0], some)) for batch, some in zip(batches, anew, strict=True)]


def paired(batch: Any) -> bool:
    """Whether a batch is a pair of one array and a whole number for each of its rows."""
    if type(batch) not in (tuple, list) or len(batch) != 2:
        return False
    inputs, labels = batch
    if not (hasattr(inputs, "shape") and hasattr(labels, "dtype")):
        return False
    return bool(np.ndim(labels) == 1 and labels.dtype.kind in "iu" and np.shape(inputs)[:1] == labels.shape)
