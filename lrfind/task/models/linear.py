"""`linear`: one affine layer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import jax

from lrfind.task.models.contract import Key, affine, flatten
from lrfind.task.models.weights import affine_init, generator


class Linear:
    """``outputs = inputs @ weight + bias``, inputs flattened.

    Args:
        options: none.
        input_shape: shape of one row of inputs.
        outputs: columns of the output.
    """

    def __init__(self, options: Mapping[str, Any], input_shape: tuple[int, ...], outputs: int) -> None:
        del options
        self.sizes = (math.prod(input_shape), outputs)

    def init(self, key: Key) -> tuple[Any, Any]:
        """Return initial parameters and state, numpy arrays."""
        return affine_init(generator(key), *self.sizes), ()

    def apply(self, params: Any, state: Any, inputs: jax.Array, key: Any, train: bool) -> tuple[jax.Array, Any]:
        """Return outputs, shape (batch, outputs), and the new state."""
        del key, train
        return affine(params, flatten(inputs)), state

    def describe(self) -> str:
        """Return a phrase for reports."""
        return "linear"
