"""Networks of fully connected layers: `linear` and `mlp`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp

from lrfind.task.models.contract import Key, affine
from lrfind.task.models.layers import affine_init, biased, dropout, generator, norm_apply, norm_init, relu


class Linear:
    """``outputs = inputs @ weight + bias``, inputs flattened.

    Args:
        input_shape: shape of one row of inputs.
        outputs: columns of the output.
    """

    def __init__(self, _: Mapping[str, Any], input_shape: tuple[int, ...], outputs: int) -> None:
        self.sizes = (math.prod(input_shape), outputs)

    def init(self, key: Key) -> tuple[Any, Any]:
        """Return initial parameters and state, numpy arrays."""
        return affine_init(generator(key), *self.sizes), ()

    def apply(self, params: Any, state: Any, inputs: jax.Array, _key: Any, _train: bool) -> tuple[jax.Array, Any]:
        """Return outputs, shape (batch, outputs), and the new state."""
        return affine(params, inputs.reshape(len(inputs), -1)), state

    def describe(self) -> str:
        """Return a phrase for reports."""
        return "linear"


ACTIVATIONS = {"relu": relu, "gelu": jax.nn.gelu, "tanh": jnp.tanh, "silu": jax.nn.silu}


class Mlp:
    """Hidden layers of ``dropout(activation(norm(x @ weight + bias)))``, then an affine layer; inputs flattened.

    Args:
        options: ``hidden`` (widths), ``activation``, ``norm``, ``dropout``.
        input_shape: shape of one row of inputs.
        outputs: columns of the output.
    """

    def __init__(self, options: Mapping[str, Any], input_shape: tuple[int, ...], outputs: int) -> None:
        self.hidden = tuple(options["hidden"])
        self.activation = options["activation"]
        self.norm = options["norm"]
        self.dropout = options.get("dropout", 0.0)
        self.sizes = (math.prod(input_shape), *self.hidden, outputs)

    def init(self, key: Key) -> tuple[Any, Any]:
        """Return initial parameters and state, numpy arrays."""
        rng = generator(key)
        layers = [affine_init(rng, *pair) for pair in pairwise(self.sizes)]
        state = []
        for layer, width in zip(layers, self.hidden, strict=False):
            params, own = norm_init(self.norm, width)
            del layer["bias"]
            layer |= biased(self.norm, width) | params
            state.append(own)
        return layers, state if self.norm == "batch" else ()

    def apply(self, params: Any, state: Any, inputs: jax.Array, key: Any, train: bool) -> tuple[jax.Array, Any]:
        """Return outputs, shape (batch, outputs), and the new state."""
        x, after = inputs.reshape(len(inputs), -1), []
        for number, (layer, own) in enumerate(zip(params[:-1], state or [{}] * len(self.hidden), strict=True)):
            x, moved = norm_apply(self.norm, layer, own, affine(layer, x), train)
            x = dropout(ACTIVATIONS[self.activation](x), self.dropout, key, number, train)
            after.append(moved)
        return affine(params[-1], x), after if state else state

    def describe(self) -> str:
        """Return a phrase for reports."""
        widths = "-".join(map(str, self.hidden)) or "none"
        norm = "" if self.norm == "none" else f", {self.norm} norm"
        dropped = f", dropout {self.dropout:g}" if self.dropout else ""
        return f"mlp, hidden {widths}, {self.activation}{norm}{dropped}"
