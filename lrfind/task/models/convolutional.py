"""`cnn` and `resnet`: networks of 3x3 convolutions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lrfind.engine.devices import device_of
from lrfind.task.models.contract import Key, affine
from lrfind.task.models.layers import affine_init, biased, generator, he_normal, norm_apply, norm_init, relu

SIZE = 3
"""Height and width of a kernel."""

DEPTH = 2
"""Convolutions of a stage; the first has stride 2."""


class Cnn:
    """Stages of two ``relu(norm(convolution + bias))``, the mean over all pixels, then an affine layer.

    Args:
        options: ``channels`` (of each stage), ``norm``.
        input_shape: (height, width, channels) or (height, width).
        outputs: columns of the output.
    """

    def __init__(self, options: Mapping[str, Any], input_shape: tuple[int, ...], outputs: int) -> None:
        self.channels = tuple(options["channels"])
        self.norm = options["norm"]
        self.inside = channels_of(input_shape)
        self.outputs = outputs
        self.widest, inside, (height, width) = 0, self.inside, input_shape[:2]
        for outside in self.channels:
            height, width = outs(height, 2), outs(width, 2)
            self.widest = max(self.widest, SIZE**2 * height * width * max(inside, outside))
            inside = outside

    def init(self, key: Key) -> tuple[Any, Any]:
        """Return initial parameters and state, numpy arrays."""
        rng = generator(key)
        inside, layers = self.inside, []
        for outside in self.channels:
            for _ in range(DEPTH):
                layers.append(conv_init(rng, self.norm, inside, outside))
                inside = outside
        head = affine_init(rng, inside, self.outputs)
        return [*(params for params, _ in layers), head], [state for _, state in layers]

    def apply(self, params: Any, state: Any, inputs: jax.Array, _: Any, train: bool) -> tuple[jax.Array, Any]:
        """Return outputs, shape (batch, outputs), and the new state."""
        x, after = with_channels(inputs), []
        for number, (layer, own) in enumerate(zip(params[:-1], state, strict=True)):
            x, moved = conv_apply(layer, own, x, self.norm, 1 if number % DEPTH else 2, train)
            x = relu(x)
            after.append(moved)
        return affine(params[-1], x.mean(axis=(1, 2))), after

    def describe(self) -> str:
        """Return a phrase for reports."""
        norm = "" if self.norm == "none" else f", {self.norm} norm"
        return f"cnn, channels {'-'.join(map(str, self.channels))}{norm}"


class Resnet:
    """A convolution, stages of residual blocks, the mean over all pixels, then an affine layer.

    A block is ``relu(shortcut(x) + norm(conv(relu(norm(conv(x))))))``. The first block of each stage but the first has
    stride 2 and twice the channels; its shortcut is a 1x1 convolution with a norm, all others are the identity.

    Reference: He et al. 2015, arXiv:1512.03385, the networks for CIFAR.

    Args:
        options: ``stages`` (blocks of each), ``width`` (channels of the first stage), ``norm``.
        input_shape: (height, width, channels) or (height, width).
        outputs: columns of the output.
    """

    def __init__(self, options: Mapping[str, Any], input_shape: tuple[int, ...], outputs: int) -> None:
        self.stages = tuple(options["stages"])
        self.width = options["width"]
        self.norm = options["norm"]
        self.inside = channels_of(input_shape)
        # The first stage's convolutions: those of later ones have twice the channels and a quarter of the pixels.
        self.widest = SIZE**2 * input_shape[0] * input_shape[1] * self.width
        self.outputs = outputs

    def blocks(self) -> list[tuple[int, int, int]]:
        """Return channels inside and outside, and stride, of every block."""
        blocks, inside = [], self.width
        for number, count in enumerate(self.stages):
            for block in range(count):
                outside = self.width * 2**number
                blocks.append((inside, outside, 2 if number and not block else 1))
                inside = outside
        return blocks

    def init(self, key: Key) -> tuple[Any, Any]:
        """Return initial parameters and state, numpy arrays."""
        rng = generator(key)
        stem, stem_state = conv_init(rng, self.norm, self.inside, self.width)
        blocks, states = [], []
        for inside, outside, _ in self.blocks():
            parts = {
                "first": conv_init(rng, self.norm, inside, outside),
                "second": conv_init(rng, self.norm, outside, outside),
            }
            if inside != outside:
                params, state = norm_init(self.norm, outside)
                weight = {"weight": he_normal(rng, inside, outside)}
                parts["shortcut"] = (weight | biased(self.norm, outside) | params, state)
            blocks.append({name: part[0] for name, part in parts.items()})
            states.append({name: part[1] for name, part in parts.items()})
        head = affine_init(rng, self.width * 2 ** (len(self.stages) - 1), self.outputs)
        return {"stem": stem, "blocks": blocks, "head": head}, {"stem": stem_state, "blocks": states}

    def apply(self, params: Any, state: Any, inputs: jax.Array, _: Any, train: bool) -> tuple[jax.Array, Any]:
        """Return outputs, shape (batch, outputs), and the new state."""
        x, stem = conv_apply(params["stem"], state["stem"], with_channels(inputs), self.norm, 1, train)
        x = relu(x)
        after = []
        for (_, _, stride), block, own in zip(self.blocks(), params["blocks"], state["blocks"], strict=True):
            x, moved = self.block(block, own, x, stride, train)
            after.append(moved)
        return affine(params["head"], x.mean(axis=(1, 2))), {"stem": stem, "blocks": after}

    def block(self, params: Any, state: Any, x: jax.Array, stride: int, train: bool) -> tuple[jax.Array, Any]:
        """Return the output and state of one block."""
        after = {}
        inner, after["first"] = conv_apply(params["first"], state["first"], x, self.norm, stride, train)
        inner, after["second"] = conv_apply(params["second"], state["second"], relu(inner), self.norm, 1, train)
        if "shortcut" in params:
            x = affine(params["shortcut"], pick(x, stride))
            x, after["shortcut"] = norm_apply(self.norm, params["shortcut"], state["shortcut"], x, train)
        return relu(x + inner), after

    def describe(self) -> str:
        """Return a phrase for reports."""
        norm = "" if self.norm == "none" else f", {self.norm} norm"
        return f"resnet, blocks {'-'.join(map(str, self.stages))}, width {self.width}{norm}"


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


def convolve(x: jax.Array, kernel: jax.Array, stride: int = 1) -> jax.Array:
    """Return the 3x3 convolution, zeros beyond the border.

    Args:
        x: shape (batch, height, width, channels).
        kernel: shape (3, 3, channels, outputs).
        stride: pixels from one output to the next; the first one is at the corner.

    Returns:
        Shape (batch, ceil(height / stride), ceil(width / stride), outputs).
    """
    return by_product(x, kernel, stride) if on_cpu() else by_convolution(x, kernel, stride)


def on_cpu() -> bool:
    """Return whether the traced program will run on a CPU."""
    return bool(device_of(jax).platform == "cpu")


def by_convolution(x: jax.Array, kernel: jax.Array, stride: int) -> jax.Array:
    """Return the convolution by XLA's operation."""
    return jax.lax.conv_general_dilated(
        x, kernel, (stride, stride), ((1, 1), (1, 1)), dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def by_product(x: jax.Array, kernel: jax.Array, stride: int) -> jax.Array:
    """Return the convolution by one product of (pixels, 9 channels) and (9 channels, outputs)."""
    batch, height, width, _ = x.shape
    product = patches(x, stride) @ kernel.reshape(-1, kernel.shape[-1])
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
