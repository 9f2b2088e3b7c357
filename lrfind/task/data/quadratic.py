"""`quadratic`: linear least squares of known curvature, so the largest stable rate is known exactly."""

from __future__ import annotations

from typing import Any

import numpy as np

from lrfind.task.data.arrays import Arrays
from lrfind.task.data.batches import generator

LEAST_SQUARES_SEED = 1847
"""Seed of the generated rows, which are the same for every seed of the run."""


def load(section: Any) -> Arrays:
    """Return linear least squares whose curvature is set by a condition number.

    ``X^T X / rows`` has the eigenvalues ``condition^(-i / (features - 1))``, i = 0 .. features - 1: 1 down to
    1 / condition. Columns of X have mean 0; ``y = X w`` for a w with a part of 1 along every eigenvector.

    With the model `linear` (a weight and a bias) under `mse` (the mean of the squares, without a factor 1/2), the
    Hessian is ``2 X^T X / rows`` in the weight and 2 in the bias, which is independent of it. Its largest eigenvalue is
    2, so gradient descent on all rows is stable up to the rate 2 / 2 = 1, whatever the condition. That is exact where
    no row is held out and a batch is all rows.

    Args:
        section: ``rows``, more than ``features``, and ``condition``.
    """
    rng = generator(LEAST_SQUARES_SEED)
    rows, features = section.rows, section.features
    drawn = rng.standard_normal((rows, features))
    columns, _ = np.linalg.qr(drawn - drawn.mean(axis=0))
    rotation, _ = np.linalg.qr(rng.standard_normal((features, features)))
    eigenvalues = np.geomspace(1, 1 / section.condition, features)
    inputs = np.sqrt(rows * eigenvalues) * columns @ rotation.T
    targets = inputs @ rotation.sum(axis=1)
    return Arrays(inputs.astype(np.float32), targets[:, None].astype(np.float32))
