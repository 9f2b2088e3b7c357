"""Dropout (Srivastava et al. 2014)."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

LEVELS = 2**16
"""Shares that can be told apart: one random word decides over two values, as drawing takes longer than the layer."""


def dropout(x: jax.Array, rate: float, key: Any, site: int, train: bool) -> jax.Array:
    """Return values zeroed with probability `rate`, else divided by 1 - rate; unchanged in evaluation.

    Args:
        x: any shape.
        rate: below 1; rounded to a multiple of 1 / `LEVELS`.
        key: raw key of the step, shape (2,); not used in evaluation.
        site: number of the layer, which has a mask of its own.
        train: whether this is training.
    """
    level = round(rate * LEVELS)
    if not train or level == 0:
        return x
    size = math.prod(x.shape)
    # Micro-batches of a step count up both words of the key, sites the first alone: no two of them meet.
    own = jax.random.wrap_key_data(jnp.asarray(key, jnp.uint32) + jnp.array([site + 1, 0], jnp.uint32))
    words = jax.random.bits(own, (-(-size // 2),), jnp.uint32)
    halves = jnp.stack([words & (LEVELS - 1), words >> 16]).reshape(-1)[:size]
    kept = (halves >= level).reshape(x.shape)
    return jnp.where(kept, x * (LEVELS / (LEVELS - level)), 0).astype(x.dtype)
