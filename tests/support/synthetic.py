"""Curves whose features are known in closed form."""

from __future__ import annotations

import numpy as np

from lrfind.core.dataset import Floats


def ladder(low: float = 1e-7, high: float = 10.0, steps: int = 100) -> Floats:
    return np.geomspace(low, high, steps)


def sigmoid_fall(rates: Floats, *, centre: float, width: float = 0.4, top: float = 2.3, drop: float = 2.0) -> Floats:
    """A fall by `drop` whose steepest point against log rate is `centre`, of slope ``-drop / (4 width)`` per decade."""
    z = (np.log10(rates) - np.log10(centre)) / width
    return top - drop / (1 + np.exp(-z))


def blow_up(rates: Floats, *, at: float, power: float = 3.0) -> Floats:
    """Nothing below `at`, then growth with a power of the rate."""
    return np.where(rates > at, (rates / at) ** power - 1, 0.0)


def typical(
    rates: Floats, *, centre: float = 1e-3, limit: float = 0.3, noise: float = 0.0, seeds: int = 1, seed: int = 0
) -> Floats:
    """Falls around `centre`, diverges from `limit` on; shape (seeds, steps)."""
    rng = np.random.default_rng(seed)
    clean = sigmoid_fall(rates, centre=centre) + blow_up(rates, at=limit)
    return clean + noise * rng.standard_normal((seeds, len(rates)))
