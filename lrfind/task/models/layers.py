"""Layers that built-in networks share: weights, convolutions, dropout, inputs."""

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
from lrfind.task.models.norms import norm_apply, norm_init

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


SIZE = 3
"""Height and width of a kernel."""


def convolve(x: jax.Array, train_loop: jax.Array, stride: int = 1) -> jax.Array:
    """Return the 3x3 convolution, zeros beyond the border.

    Args:
        x: shape (batch, height, width, channels).
        train_loop: shape (3, 3, channels, outputs).
        stride: pixels from one output to the next; the first one is at the corner.

    Returns:
        Shape (batch, ceil(height / stride), ceil(width / stride), outputs).
    """
    return by_product(x, train_loop, stride) if on_cpu() else by_convolution(x, train_loop, stride)


def on_cpu() -> bool:
    """Return whether the traced program will run on a CPU."""
    device = getattr(jax.config, "jax_default_device", None) or jax.devices()[0]
    return str(getattr(device, "platform", device)) == "cpu"


def by_convolution(x: jax.Array, train_loop: jax.Array, stride: int) -> jax.Array:
    """Return the convolution by XLA's operation."""
    return jax.lax.conv_general_dilated(
        x, train_loop, (stride, stride), ((1, 1), (1, 1)), dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def by_product(x: jax.Array, train_loop: jax.Array, stride: int) -> jax.Array:
    """Return the convolution by one product of (pixels, 9 channels) and (9 channels, outputs)."""
    batch, height, width, _ = x.shape
    product = patches(x, stride) @ train_loop.reshape(-1, train_loop.shape[-1])
    return product.reshape(batch, outs(height, stride), outs(width, stride), -1)


def patches(x: jax.Array, stride: int) -> jax.Array:
    """Return the 9 pixels under the kernel, row by row, for each output: (batch outs outs, 9 channels).

    Nine shifted slices. Gathered by a table of pixels they compile in half the time, but every step takes 5 % longer,
    and the way back, a scatter, far longer.
    """
    batch, height, width, channels = x.shape
    down, right = (stride * (outs(side, stride) - 1) + 1 for side in (height, width))
    framed = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))

    def shifted(i: int, j: int) -> jax.Array:
        stop = (batch, i + down, j + right, channels)
        return jax.lax.slice(framed, (0, i, j, 0), stop, (1, stride, stride, 1)).reshape(-1, channels)

    return jnp.concatenate([shifted(i, j) for i in range(SIZE) for j in range(SIZE)], axis=-1)


def outs(side: int, stride: int) -> int:
    """Return the outputs along a side: ``ceil(side / stride)``."""
    return -(-side // stride)


def pick(x: jax.Array, stride: int) -> jax.Array:
    """Return every `stride`-th pixel, which a 1x1 convolution reads."""
    return x if stride == 1 else x[:, ::stride, ::stride]


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
