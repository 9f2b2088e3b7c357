"""Losses from optax, as the mean over a batch.

Targets of regression, and zeros and ones, have the outputs' shape (batch, outputs); labels of classification have shape
(batch,), and those of text (batch, tokens).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import optax


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
