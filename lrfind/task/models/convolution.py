"""The 3x3 convolution, in the form that the platform is fastest with; this is the one place where that is chosen.

On accelerators it is XLA's own convolution. On a CPU that one's gradient is an order of magnitude slower inside of a
compiled loop than outside (jax#12868), so that the engine could not scan it. There it is nine shifted copies of the
image side by side and one matrix product, which takes no longer than XLA's own outside of a loop. Both are the same
numbers up to rounding.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

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
