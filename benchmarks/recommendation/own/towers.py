"""Two kinds of inputs in a dict: numbers, and a category that is looked up; the loss is the user's own."""

import jax
import jax.numpy as jnp
import numpy as np

KINDS = 20


def build(width=48, depth=8):
    """An embedding and the numbers, through two layers."""

    def init(key):
        look, first, second = jax.random.split(key, 3)
        return {
            "look": 0.1 * jax.random.normal(look, (KINDS, depth)),
            "first": jax.random.normal(first, (6 + depth, width)) * np.sqrt(2 / (6 + depth)),
            "second": jax.random.normal(second, (width, 1)) * np.sqrt(1 / width),
        }

    def apply(params, inputs):
        x = jnp.concatenate([inputs["numbers"], params["look"][inputs["kind"]]], axis=1)
        return (jax.nn.gelu(x @ params["first"]) @ params["second"])[:, 0]

    return init, apply


def pinball(outputs, targets, quantile=0.8):
    """The loss whose minimum is a quantile (Koenker and Bassett 1978)."""
    error = targets - outputs
    return jnp.mean(jnp.maximum(quantile * error, (quantile - 1) * error))


def table(rows=2000):
    """Inputs and targets; every kind has an offset of its own."""
    rng = np.random.default_rng(1)
    numbers = rng.normal(size=(rows, 6)).astype(np.float32)
    kind = rng.integers(KINDS, size=rows).astype(np.int32)
    offset = rng.normal(size=KINDS)
    target = np.sin(numbers[:, 0]) + numbers[:, 1] * numbers[:, 2] + offset[kind] + 0.3 * rng.exponential(size=rows)
    return {"numbers": numbers, "kind": kind}, target.astype(np.float32)
