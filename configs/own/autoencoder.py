"""A loss function with its parameters, and batches that depend on a seed."""

import jax
import jax.numpy as jnp
import numpy as np
from patterns import PATTERNS


def build(width=8):
    """`loss_fn(params, batch, key)` and the parameters to start from."""
    rng = np.random.default_rng(0)
    size = PATTERNS.shape[1]
    params = {
        "encode": jnp.asarray(rng.normal(size=(size, width)) / np.sqrt(size)),
        "decode": jnp.asarray(rng.normal(size=(width, size)) / np.sqrt(width)),
    }

    def loss_fn(params, batch, key):
        noisy = batch["signal"] + 0.1 * jax.random.normal(key, batch["signal"].shape)
        error = jnp.tanh(noisy @ params["encode"]) @ params["decode"] - batch["signal"]
        return jnp.mean(jnp.sum(batch["weight"][:, None] * error**2, axis=1))

    return loss_fn, params


def batches(seed, rows=32):
    """Mixtures of patterns, without end; another order for every seed."""
    rng = np.random.default_rng(seed)
    while True:
        mixture = rng.normal(size=(rows, len(PATTERNS)))
        yield {"signal": mixture @ PATTERNS, "weight": rng.uniform(0.5, 1.5, size=rows)}


def held_out():
    """Sixteen other batches."""
    stream = batches(seed=2**31)
    return [next(stream) for _ in range(16)]
