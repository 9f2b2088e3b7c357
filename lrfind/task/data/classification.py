"""`classification`: generated clusters to be told apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from lrfind.task.data.arrays import Arrays
from lrfind.task.data.batches import generator

CLUSTER_SEED = 1936
"""Seed of the generated rows, which are the same for every seed of the run."""


def load(section: Any) -> Arrays:
    """Return one Gaussian cluster for each class: ``x ~ N(separation u, 1)``, u a random unit vector of the class.

    Two centres are about ``sqrt(2) separation`` deviations apart. Classes have the same number of rows, give or take
    one.

    Args:
        section: ``rows``, ``features``, ``classes`` and ``separation``.
    """
    rng = generator(CLUSTER_SEED)
    labels = rng.permutation(np.arange(section.rows) % section.classes)
    centres = rng.standard_normal((section.classes, section.features))
    centres *= section.separation / np.linalg.norm(centres, axis=1, keepdims=True)
    inputs = centres[labels] + rng.standard_normal((section.rows, section.features))
    return Arrays(inputs.astype(np.float32), labels.astype(np.int32))
