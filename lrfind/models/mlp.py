"""`mlp`: fully connected layers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lrfind.models.contract import Key, affine, flatten
from lrfind.models.weights import affine_init, generator

ACTIVATIONS = {"relu": lambda x: jnp.maximum(x, 0), "gelu": jax.nn.gelu, "tanh": jnp.tanh, "silu": jax.nn.silu}

NORM_EPSILON = 1e-5
"""Added to the variance before the root, as Ba et al. 2016's reference code and Flax do."""


class Mlp:
    """Hidden layers of ``activation(norm(x @ weight + bias))``, then an affine layer; inputs flattened.

    Args:
        options: ``hidden`` (widths), ``activation``, ``norm`` (``"none"`` or ``"layer"``).
        input_shape: shape of one row of inputs.
        outputs: columns of the output.
    """

    def __init__(self, options: Mapping[str, Any], input_shape: tuple[int, ...], outputs: int) -> None:
        self.hidden = tuple(options["hidden"])
        self.activation = options["activation"]
        self.norm = options["norm"]
        self.sizes = (math.prod(input_shape), *self.hidden, outputs)

    def init(self, key: Key) -> tuple[Any, Any]:
        rng = generator(key)
        layers = [affine_init(rng, *pair) for pair in pairwise(self.sizes)]
        if self.norm == "layer":
            for layer, width in zip(layers, self.hidden, strict=False):
                layer |= {"scale": np.ones(width, np.float32), "shift": np.zeros(width, np.float32)}
        return layers, ()

    def apply(self, params: Any, state: Any, inputs: jax.Array, key: Any, train: bool) -> tuple[jax.Array, Any]:
        del key, train
        activation = ACTIVATIONS[self.activation]
        x = flatten(inputs)
        for layer in params[:-1]:
            x = affine(layer, x)
            if self.norm == "layer":
                x = layer_norm(x) * layer["scale"] + layer["shift"]
            x = activation(x)
        return affine(params[-1], x), state

    def describe(self) -> str:
        widths = "-".join(map(str, self.hidden)) or "none"
        norm = "" if self.norm == "none" else f", {self.norm} norm"
        return f"mlp, hidden {widths}, {self.activation}{norm}"


def layer_norm(x: jax.Array) -> jax.Array:
    """Each row less its mean, over its standard deviation (Ba et al. 2016); shape (batch, width) kept."""
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred * jax.lax.rsqrt((centred**2).mean(axis=-1, keepdims=True) + NORM_EPSILON)
