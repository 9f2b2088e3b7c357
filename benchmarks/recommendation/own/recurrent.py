"""A recurrent network in plain JAX, on sequences made here."""

import jax
import jax.numpy as jnp
import numpy as np


def build(width=32, classes=4):
    """A gated unit (Cho et al. 2014) over the steps of a sequence, then an affine layer."""

    def init(key):
        inside, around, out = jax.random.split(key, 3)
        return {
            "inside": jax.random.normal(inside, (2, 3 * width)) / np.sqrt(2),
            "around": jax.random.normal(around, (width, 3 * width)) / np.sqrt(width),
            "shift": jnp.zeros(3 * width),
            "out": jax.random.normal(out, (width, classes)) / np.sqrt(width),
        }

    def apply(params, inputs):
        def step(hidden, x):
            given = x @ params["inside"] + params["shift"]
            kept = hidden @ params["around"]
            reset, update = (
                jax.nn.sigmoid(given[:, part] + kept[:, part]) for part in (slice(0, width), slice(width, 2 * width))
            )
            new = jnp.tanh(given[:, 2 * width :] + reset * kept[:, 2 * width :])
            return update * hidden + (1 - update) * new, None

        hidden, _ = jax.lax.scan(step, jnp.zeros((len(inputs), width)), jnp.swapaxes(inputs, 0, 1))
        return hidden @ params["out"]

    return init, apply


def sequences(rows=1500, length=16):
    """Walks in the plane; the class is the quadrant they end in."""
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(rows, length, 2)).astype(np.float32)
    end = steps.sum(axis=1)
    return steps, (2 * (end[:, 0] > 0) + (end[:, 1] > 0)).astype(np.int32)
