"""Starting weights, drawn by numpy: the same numbers for a key on every platform, and nothing to compile."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lrfind.task.models.contract import Key

Floats32 = NDArray[np.float32]


def generator(key: Key) -> np.random.Generator:
    """Return a numpy generator seeded by a raw key."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(key.tolist())))


def he_normal(rng: np.random.Generator, fan_in: int, fan_out: int) -> Floats32:
    """Return N(0, 2 / fan_in), shape (fan_in, fan_out) (He et al. 2015)."""
    return (rng.standard_normal((fan_in, fan_out)) * math.sqrt(2 / fan_in)).astype(np.float32)


def affine_init(rng: np.random.Generator, fan_in: int, fan_out: int) -> dict[str, Floats32]:
    """Return an affine layer: He-normal weight, zero bias."""
    return {"weight": he_normal(rng, fan_in, fan_out), "bias": np.zeros(fan_out, np.float32)}


def biased(norm: str, width: int) -> dict[str, Floats32]:
    """Return a zero bias; none before batch norm, which would take it away again."""
    return {} if norm == "batch" else {"bias": np.zeros(width, np.float32)}
