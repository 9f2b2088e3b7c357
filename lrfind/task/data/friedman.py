"""`friedman`: a generated regression set with a known law."""

from __future__ import annotations

from typing import Any

import numpy as np

from lrfind.task.data.arrays import Arrays
from lrfind.task.data.batches import generator

LAW_SEED = 1991
"""Seed of the generated rows, which are the same for every seed of the run."""


def load(section: Any) -> Arrays:
    """Return samples of Friedman's first function.

    ``y = 10 sin(pi x1 x2) + 20 (x3 - 1/2)^2 + 10 x4 + 5 x5 + noise N(0, 1)``, x uniform in [0, 1]; further features do
    not matter. Inputs are shifted to [-1/2, 1/2]; targets have mean 0 and variance 1.

    Args:
        section: ``rows``, ``features`` (at least 5) and ``noise``.

    Reference: Friedman 1991, "Multivariate Adaptive Regression Splines", eq. 61.
    """
    rng = generator(LAW_SEED)
    x = rng.uniform(size=(section.rows, section.features))
    law = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    y = law + section.noise * rng.standard_normal(section.rows)
    y = (y - y.mean()) / y.std()
    return Arrays((x - 0.5).astype(np.float32), y[:, None].astype(np.float32))
