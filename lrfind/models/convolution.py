"""The 3x3 convolution, in the form that the platform is fastest with; this is the one place where that is chosen.

On accelerators it is XLA's own convolution. On a CPU that one's gradient is an order of magnitude slower inside of a
compiled loop than outside (jax#12868), so that the engine could not scan it. There it is nine shifted copies of the
image side by side and one matrix product, which takes no longer than XLA's own outside of a loop. Both are the same
numbers up to rounding.
"""

from __future__ import annotations

from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

SIZE = 3
"""Height and width of a kernel."""


def convolve(x: jax.Array, kernel: jax.Array, stride: int = 1) -> jax.Array:
    """Each output is the kernel over a pixel's 3x3 neighbours, zeros beyond the border.

    Args:
        x: shape (batch, height, width, channels).
        kernel: shape (3, 3, channels, outputs).
        stride: pixels from one output to the next; the first one is at the corner.

    Returns:
        Shape (batch, ceil(height / stride), ceil(width / stride), outputs).
    """
    return by_product(x, kernel, stride) if on_cpu() else by_convolution(x, kernel, stride)


def on_cpu() -> bool:
    """Whether what is traced now will run on a CPU."""
    device = getattr(jax.config, "jax_default_device", None) or jax.devices()[0]
    return str(getattr(device, "platform", device)) == "cpu"


def by_convolution(x: jax.Array, kernel: jax.Array, stride: int) -> jax.Array:
    """By XLA's convolution."""
    return jax.lax.conv_general_dilated(
        x, kernel, (stride, stride), ((1, 1), (1, 1)), dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def by_product(x: jax.Array, kernel: jax.Array, stride: int) -> jax.Array:
    """By one product of (pixels, 9 channels) and (9 channels, outputs)."""
    batch, height, width, _ = x.shape
    product = patches(x, stride) @ kernel.reshape(-1, kernel.shape[-1])
    return product.reshape(batch, outs(height, stride), outs(width, stride), -1)


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def patches(x: jax.Array, stride: int) -> jax.Array:
    """The 9 pixels that each place of the kernel meets, row by row, for each output: (batch outs outs, 9 channels).

    Gathered, which compiles in half the time of nine slices; but backwards as those slices, as what a gather becomes
    there, a scatter, is slow.
    """
    return gathered(x, stride)


def patches_forward(x: jax.Array, stride: int) -> tuple[jax.Array, tuple[int, ...]]:
    """`patches`, and the shape that goes back. (Not by `patches` itself: what has a rule of its own for the way back
    cannot be differentiated forward, which a Hessian-vector product does to this.)"""
    return gathered(x, stride), x.shape


def patches_backward(stride: int, shape: tuple[int, ...], slopes: jax.Array) -> tuple[jax.Array]:
    """Every pixel's sum of the slopes of the patches that it is in."""
    (back,) = jax.linear_transpose(lambda x: sliced(x, stride), jax.ShapeDtypeStruct(shape, slopes.dtype))(slopes)
    return (back,)


patches.defvjp(patches_forward, patches_backward)


def gathered(x: jax.Array, stride: int) -> jax.Array:
    """`patches` by a table of pixels."""
    batch, height, width, channels = x.shape
    framed = jnp.pad(x.reshape(batch, height * width, channels), ((0, 0), (1, 0), (0, 0)))  # pixel 0 is the border
    return framed.at[:, table(height, width, stride)].get(mode="promise_in_bounds").reshape(-1, SIZE**2 * channels)


def sliced(x: jax.Array, stride: int) -> jax.Array:
    """The same as `patches`, by nine shifted slices."""
    batch, height, width, channels = x.shape
    down, right = (stride * (outs(side, stride) - 1) + 1 for side in (height, width))
    framed = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))

    def shifted(i: int, j: int) -> jax.Array:
        stop = (batch, i + down, j + right, channels)
        return jax.lax.slice(framed, (0, i, j, 0), stop, (1, stride, stride, 1)).reshape(-1, channels)

    return jnp.concatenate([shifted(i, j) for i in range(SIZE) for j in range(SIZE)], axis=-1)


@lru_cache
def table(height: int, width: int, stride: int) -> NDArray[np.int32]:
    """For each output and place of the kernel the number of the pixel, counted from 1; 0 beyond the border."""
    down, right, i, j = np.ogrid[: outs(height, stride), : outs(width, stride), :SIZE, :SIZE]
    row, column = stride * down + i - 1, stride * right + j - 1
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    return np.where(inside, row * width + column + 1, 0).ravel().astype(np.int32)


def outs(side: int, stride: int) -> int:
    """Outputs along a side: ``ceil(side / stride)``."""
    return -(-side // stride)


def pick(x: jax.Array, stride: int) -> jax.Array:
    """Every `stride`-th pixel: what a 1x1 convolution sees."""
    return x if stride == 1 else x[:, ::stride, ::stride]
