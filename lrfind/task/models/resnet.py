"""`resnet`: residual blocks of two 3x3 convolutions (He et al. 2015, as for CIFAR)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax

from lrfind.task.models.contract import Key, affine
from lrfind.task.models.layers import (
    SIZE,
    affine_init,
    biased,
    channels_of,
    conv_apply,
    conv_init,
    generator,
    global_mean,
    he_normal,
    pick,
    relu,
    with_channels,
)
from lrfind.task.models.norms import norm_apply, norm_init


class Resnet:
    """A convolution, stages of blocks, the mean over all pixels, then an affine layer.

    A block is ``relu(shortcut(x) + norm(conv(relu(norm(conv(x))))))``. The first block of each stage but the first has
    stride 2 and twice the channels; its shortcut is a 1x1 convolution with a norm, all others are the identity.

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

    def apply(self, params: Any, state: Any, inputs: jax.Array, key: Any, train: bool) -> tuple[jax.Array, Any]:
        """Return outputs, shape (batch, outputs), and the new state."""
        del key
        x, stem = conv_apply(params["stem"], state["stem"], with_channels(inputs), self.norm, 1, train)
        x = relu(x)
        after = []
        for (_, _, stride), block, own in zip(self.blocks(), params["blocks"], state["blocks"], strict=True):
            x, moved = self.block(block, own, x, stride, train)
            after.append(moved)
        return affine(params["head"], global_mean(x)), {"stem": stem, "blocks": after}

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
