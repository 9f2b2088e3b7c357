"""Normalisation by name, over the last axis of (batch, ..., channels).

| name | numbers that share a mean and a variance |
|---|---|
| `layer` | all of one row: positions and channels (Ba et al. 2016; of images as Wu & He 2018 define it) |
| `group` | those of one row in one group of channels (Wu & He 2018) |
| `batch` | one channel, over all rows and positions of a batch (Ioffe & Szegedy 2015) |

Then each channel is scaled and shifted by weights of its own. Statistics are taken in single precision.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

EPSILON = 1e-5
"""Added to the variance before the root, as in the papers' own code, PyTorch and Flax."""

MOMENTUM = 0.9
"""What batch norm's running statistics keep of themselves at a step of training, as PyTorch's do."""

GROUP = 8
"""Channels of a group, or the next number that divides them all, as in Wu & He's networks of 256 channels. Fewer tell
next to nothing where an image has shrunk to a pixel: two numbers, normalised, are 1 and -1."""


def norm_init(kind: str, channels: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return scale 1 and shift 0; and, for batch norm alone, running statistics of mean 0 and variance 1."""
    if kind == "none":
        return {}, {}
    zeros, ones = np.zeros(channels, np.float32), np.ones(channels, np.float32)
    return {"scale": ones, "shift": zeros}, {"mean": zeros, "variance": ones} if kind == "batch" else {}


def norm_apply(
    kind: str, params: dict[str, Any], state: dict[str, Any], x: jax.Array, train: bool
) -> tuple[jax.Array, dict[str, Any]]:
    """Normalise, scale and shift; the state of batch norm moves in training alone, and is used in evaluation alone.

    Args:
        kind: ``"none"``, ``"layer"``, ``"batch"`` or ``"group"``.
        params: of `norm_init`; may hold more.
        state: of `norm_init`.
        x: shape (batch, ..., channels).
        train: whether statistics are the batch's own.
    """
    if kind == "none":
        return x, state
    wide = x.astype(jnp.float32)
    if kind == "batch":
        normal, state = batch_norm(wide, state, train)
    else:
        normal = group_norm(wide, groups_of(x.shape[-1]) if kind == "group" else 1)
    return (normal * params["scale"] + params["shift"]).astype(x.dtype), state


def groups_of(channels: int) -> int:
    """Return the number of groups of `GROUP` channels, or of the next number that divides them."""
    return next((channels // size for size in range(GROUP, channels) if channels % size == 0), 1)


def group_norm(x: jax.Array, groups: int = 1) -> jax.Array:
    """Return each row's group of channels less its mean, over its standard deviation; shape (batch, ..., channels)."""

    def shared(y: jax.Array) -> jax.Array:
        """Return the mean over all positions and the group's channels, at each channel.

        Over positions first, so that what has no axis of groups need not be given one.
        """
        own = y.mean(tuple(range(1, y.ndim - 1)), keepdims=True)
        split = own.reshape(*own.shape[:-1], groups, -1)
        return jnp.broadcast_to(split.mean(axis=-1, keepdims=True), split.shape).reshape(own.shape)

    centred = x - shared(x)
    return centred * jax.lax.rsqrt(shared(centred**2) + EPSILON)


def layer_norm(x: jax.Array) -> jax.Array:
    """Return the last axis less its mean, over its standard deviation."""
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred * jax.lax.rsqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)


def batch_norm(x: jax.Array, state: dict[str, Any], train: bool) -> tuple[jax.Array, dict[str, Any]]:
    """Return each channel less its mean, over its standard deviation: the batch's in training, else the running ones.

    The running variance is that of a sample, with n - 1, as in PyTorch: it stands for rows that the batch did not have.
    """
    if not train:
        return (x - state["mean"]) * jax.lax.rsqrt(state["variance"] + EPSILON), state
    axes = tuple(range(x.ndim - 1))
    mean = x.mean(axes)
    centred = x - mean
    variance = (centred**2).mean(axes)
    count = x.size // x.shape[-1]
    moments = {"mean": mean, "variance": variance * (count / max(1, count - 1))}
    moved = jax.tree.map(lambda kept, new: MOMENTUM * kept + (1 - MOMENTUM) * new, state, moments)
    return centred * jax.lax.rsqrt(variance + EPSILON), moved
