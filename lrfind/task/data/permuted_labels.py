"""Batches with permuted labels, for a label permutation test of whether a network uses its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

PERMUTED = 7
"""Seed of the permutation; the same in every run, as the rows evaluated on are."""


def permuted_labels(batches: Sequence[Any]) -> list[Any] | None:
    """Return the batches with their labels permuted among all rows.

    A permutation keeps the frequency of each label, so a network that ignores its inputs has the same loss on both.

    Args:
        batches: batches of one shape.

    Returns:
        The batches; None where they are no pairs ``(inputs, labels)`` with one whole number a row, or all labels are
        equal.

    Reference: Ojala and Garriga 2010, "Permutation tests for studying classifier performance".
    """
    if not batches or not all(paired(batch) for batch in batches):
        return None
    labels = np.concatenate([np.asarray(batch[1]) for batch in batches])
    if (labels == labels[0]).all():
        return None
    permuted = np.random.default_rng(PERMUTED).permutation(labels).reshape(len(batches), -1)
    return [type(batch)((batch[0], row_labels)) for batch, row_labels in zip(batches, permuted, strict=True)]


def paired(batch: Any) -> bool:
    """Return whether a batch is a pair of one array and a whole number for each of its rows."""
    if type(batch) not in (tuple, list) or len(batch) != 2:
        return False
    inputs, labels = batch
    if not (hasattr(inputs, "shape") and hasattr(labels, "dtype")):
        return False
    return bool(np.ndim(labels) == 1 and labels.dtype.kind in "iu" and np.shape(inputs)[:1] == labels.shape)
