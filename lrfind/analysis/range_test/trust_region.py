"""Reduce the trust-region ratio of a sweep over its seeds."""

from __future__ import annotations

import numpy as np

from lrfind.core.dataset import Floats


def points(trust: Floats) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Return the steps with a known trust-region ratio, and its median over the seeds.

    Args:
        trust: trust-region ratio, shape (seeds, steps); NaN where it was not measured.
    """
    steps = np.flatnonzero(np.isfinite(trust).any(axis=0))
    ratio = np.nanmedian(trust[:, steps], axis=0) if steps.size else np.empty(0)
    return tuple(map(int, steps)), tuple(map(float, ratio))
