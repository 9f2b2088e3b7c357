"""Layers that built-in networks share: weights, dropout, activations, normalisation."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Dataset
from lrfind.core.errors import InputError
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


def relu(x: jax.Array) -> jax.Array:
    """Return ``max(x, 0)``."""
    return jnp.maximum(x, 0)


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
    """Normalise over the last axis, then scale and shift each channel by weights of its own.

    | name | numbers that share a mean and a variance |
    |---|---|
    | `layer` | all of one row: positions and channels (Ba et al. 2016; of images as Wu & He 2018 define it) |
    | `group` | those of one row in one group of channels (Wu & He 2018) |
    | `batch` | one channel, over all rows and positions of a batch (Ioffe & Szegedy 2015) |

    Statistics are taken in single precision. The state of batch norm moves in training alone, and is used in evaluation
    alone.

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


OF_IMAGES = frozenset({"cnn", "resnet"})
"""Models that read images."""

OF_TOKENS = frozenset({"transformer"})
"""Models that read tokens."""


def check(model: str, data: Dataset) -> None:
    """Refuse a model that cannot read the data.

    Args:
        model: name of a built-in model.
        data: data set.

    Raises:
        InputError: it cannot; the key is ``"model.name"``.
    """
    others = "linear, mlp, cnn or resnet" if is_image(data.input_shape) else "linear or mlp"
    shape = "x".join(map(str, data.input_shape))
    if data.kind == "text":
        if model not in OF_TOKENS:
            raise InputError(
                f"{model} reads numbers, and {data.name} is text, read as tokens; use transformer", key="model.name"
            )
    elif model in OF_TOKENS:
        raise InputError(
            f"{model} reads tokens, and the inputs of {data.name} are numbers, {shape} to a row; use {others}, or the "
            "data text",
            key="model.name",
        )
    elif model in OF_IMAGES and not is_image(data.input_shape):
        raise InputError(
            f"{model} reads images, (height, width, channels) or (height, width), and a row of inputs of {data.name} "
            f"is of shape {data.input_shape}; use linear or mlp, or give the inputs that shape",
            key="model.name",
        )


def is_image(shape: tuple[int, ...]) -> bool:
    """Return whether a row is (height, width, channels) or (height, width)."""
    return len(shape) in (2, 3)
