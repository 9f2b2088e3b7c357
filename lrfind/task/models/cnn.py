"""`cnn`: 3x3 convolutions in stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax

from lrfind.task.models.contract import Key, affine
from lrfind.task.models.layers import (
    SIZE,
    affine_init,
    channels_of,
    conv_apply,
    conv_init,
    generator,
    global_mean,
    outs,
    relu,
    with_channels,
)

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
        self.widest = self.patches(*input_shape[:2])
        self.outputs = outputs

    def patches(self, height: int, width: int) -> int:
        """Return the numbers that the largest convolution multiplies for one image."""
        inside, largest = self.inside, 0
        for outside in self.channels:
            height, width = outs(height, 2), outs(width, 2)
            largest = max(largest, SIZE**2 * height * width * max(inside, outside))
            inside = outside
        return largest

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

    def apply(self, params: Any, state: Any, inputs: jax.Array, key: Any, train: bool) -> tuple[jax.Array, Any]:
        """Return outputs, shape (batch, outputs), and the new state."""
        del key
        x, after = with_channels(inputs), []
        for number, (layer, own) in enumerate(zip(params[:-1], state, strict=True)):
            x, moved = conv_apply(layer, own, x, self.norm, 1 if number % DEPTH else 2, train)
            x = relu(x)
            after.append(moved)
        return affine(params[-1], global_mean(x)), after

    def describe(self) -> str:
        """Return a phrase for reports."""
        norm = "" if self.norm == "none" else f", {self.norm} norm"
        return f"cnn, channels {'-'.join(map(str, self.channels))}{norm}"
