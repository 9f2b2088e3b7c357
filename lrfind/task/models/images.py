"""What networks for images share: the shape of their input, and a convolution with its norm."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lrfind.task.models.convolution import SIZE, convolve
from lrfind.task.models.norms import norm_apply, norm_init
from lrfind.task.models.weights import biased, he_normal


def channels_of(input_shape: tuple[int, ...]) -> int:
    """Return the channels of (height, width, channels) or (height, width)."""
    return input_shape[2] if len(input_shape) == 3 else 1


def with_channels(images: jax.Array) -> jax.Array:
    """Return images as (batch, height, width, channels)."""
    return images if images.ndim == 4 else images[..., None]


def conv_init(rng: np.random.Generator, norm: str, inside: int, outside: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return weights, shape (3, 3, inside, outside), He-normal; bias; norm; and the norm's state."""
    weight = he_normal(rng, SIZE * SIZE * inside, outside).reshape(SIZE, SIZE, inside, outside)
    params, state = norm_init(norm, outside)
    return {"weight": weight} | biased(norm, outside) | params, state


def conv_apply(
    params: dict[str, Any], state: dict[str, Any], x: jax.Array, norm: str, stride: int, train: bool
) -> tuple[jax.Array, dict[str, Any]]:
    """Return convolution, bias and norm of an image."""
    x = convolve(x, params["weight"], stride)
    if "bias" in params:
        x = x + params["bias"]
    return norm_apply(norm, params, state, x, train)


def global_mean(x: jax.Array) -> jax.Array:
    """Return the mean over pixels: (batch, height, width, channels) to (batch, channels)."""
    return x.mean(axis=(1, 2))


def relu(x: jax.Array) -> jax.Array:
    """Return ``max(x, 0)``."""
    return jnp.maximum(x, 0)
