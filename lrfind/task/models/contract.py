"""The model that the engine trains, and its parts: network, loss, precision.

Losses are the mean over a batch. Targets of regression, and zeros and ones, have the outputs' shape (batch, outputs);
labels of classification have shape (batch,), and those of text (batch, tokens).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

Params = Any
State = Any
Key = NDArray[np.uint32]
"""Raw key data, shape (2,): numpy draws from it without compiling anything, and `jax.random.wrap_key_data` makes it a
key
of JAX's default generator. (Compiling `jax.random.normal` takes longer than a whole sweep of a small network.)"""

Batch = tuple[jax.Array, jax.Array]
"""Inputs, shape (batch, ...), and targets, shape (batch,) or (batch, outputs); of text both (batch, tokens)."""


Precision = Literal["float32", "bfloat16"]
"""What a network computes in; its weights, the loss and the updates are float32 in either."""


class Network(Protocol):
    """A function with weights; `state` is what changes without a gradient, such as running statistics.

    A network may have an attribute `widest`: how many numbers its widest layer holds for one row of inputs.
    """

    def init(self, key: Key) -> tuple[Params, State]:
        """Return initial parameters and state, numpy arrays."""

    def apply(self, params: Params, state: State, inputs: jax.Array, key: Any, train: bool) -> tuple[jax.Array, State]:
        """Return outputs, shape (batch, outputs) or (batch, tokens, outputs), and the new state."""

    def describe(self) -> str:
        """Return a phrase for reports."""


FORWARD = 1 / 3
"""A forward pass, in steps: a step goes forward, and backward at twice the work."""

Loss = Callable[[jax.Array, jax.Array], jax.Array]
"""``(outputs, targets) -> scalar``, the mean over the batch."""


@dataclass(frozen=True)
class Model:
    """A network with a loss: all that the engine needs to train it.

    Attributes:
        init: ``key -> (params, state)``.
        loss: ``(params, state, batch, key, train) -> (loss, (state, metrics))``.
        step: ``(params, batch, rate, key) -> (params, loss, gradient norm, update norm)`` where the model brings its
            own train step, whose whole state are the params; the loss is one of evaluation alone then.
        evaluation: cost of one evaluation of the loss, in optimiser steps.
    """

    init: Callable[[Key], tuple[Params, State]]
    loss: Callable[[Params, State, Batch, Any, bool], tuple[jax.Array, tuple[State, dict[str, jax.Array]]]]
    step: Callable[[Params, Any, Any, Any], tuple[Params, Any, Any, Any]] | None = None
    evaluation: float = FORWARD


Apply = Callable[[Params, State, jax.Array, Any, bool], tuple[jax.Array, State]]
"""`Network.apply`."""


def computed_in(precision: Precision, apply: Apply) -> Apply:
    """Return a network's `apply` that computes in a precision and is given float32.

    This is the one place where precision changes: weights and inputs go to the network in `precision`, outputs come
    back as float32. What changes without a gradient is kept in float32, as steps too small for bfloat16 add up in it;
    an evaluation, which changes nothing, has it in `precision` too.
    """
    if precision == "float32":
        return apply

    def coarse(params: Params, state: State, inputs: jax.Array, key: Any, train: bool) -> tuple[jax.Array, State]:
        given = state if train else cast(state, precision)
        outputs, after = apply(cast(params, precision), given, cast(inputs, precision), key, train)
        state = jax.tree.map(lambda new, old: new.astype(old.dtype), after, state) if train else state
        return cast(outputs, "float32"), state

    return coarse


def supervised(network: Network, loss: Loss, precision: Precision = "float32") -> Model:
    """Join a network and a loss over (inputs, targets), the loss in float32."""
    apply = computed_in(precision, network.apply)

    def evaluate(
        params: Params, state: State, batch: Batch, key: Any, train: bool
    ) -> tuple[jax.Array, tuple[State, dict[str, jax.Array]]]:
        inputs, targets = batch
        outputs, state = apply(params, state, inputs, key, train)
        return loss(outputs, targets), (state, {})

    return Model(network.init, evaluate)


def cast(tree: Any, precision: Precision) -> Any:
    """Return the tree with its floats in a precision; whole numbers stay."""

    def cast_leaf(leaf: Any) -> Any:
        return jnp.asarray(leaf, precision) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf

    return jax.tree.map(cast_leaf, tree)


def count(params: Params) -> int:
    """Return the number of parameters."""
    return sum(int(np.size(leaf)) for leaf in jax.tree.leaves(params))


def affine(params: dict[str, jax.Array], inputs: jax.Array) -> jax.Array:
    """Return ``inputs @ weight + bias``, over the last axis of inputs; a layer may have no bias."""
    # As a product of two matrices: of three axes its gradient takes a third longer on a CPU.
    product = jnp.dot(inputs.reshape(-1, inputs.shape[-1]), params["weight"])
    product = product.reshape(*inputs.shape[:-1], -1)
    return product + params["bias"] if "bias" in params else product


def cross_entropy(outputs: jax.Array, labels: jax.Array) -> jax.Array:
    """Return ``-log softmax(outputs)[label]``."""
    return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(outputs, labels.astype(jnp.int32)))


def binary_cross_entropy(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Return ``-log sigmoid(outputs)`` where the target is 1, ``-log(1 - sigmoid(outputs))`` where it is 0."""
    return jnp.mean(optax.sigmoid_binary_cross_entropy(outputs, targets))


def mse(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Return ``(outputs - targets)^2``."""
    return jnp.mean(optax.squared_error(outputs, targets))


def mae(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Return ``|outputs - targets|``."""
    return jnp.mean(jnp.abs(outputs - targets))


def huber(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Return ``e^2 / 2`` where ``|e| <= 1``, else ``|e| - 1/2`` (Huber 1964)."""
    return jnp.mean(optax.huber_loss(outputs, targets))
