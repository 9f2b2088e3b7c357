"""A variational autoencoder (Kingma and Welling 2014) as a loss of parameters, a batch and a key."""

import jax
import jax.numpy as jnp
import numpy as np

SIZE = 64


def build(width=64, hidden=8):
    """`loss_fn(params, batch, key)`, the negative lower bound in nats a row, and what starts it."""

    def init(key):
        keys = jax.random.split(key, 4)
        shapes = [(SIZE, width), (width, 2 * hidden), (hidden, width), (width, SIZE)]
        weights = [jax.random.normal(k, shape) / np.sqrt(shape[0]) for k, shape in zip(keys, shapes, strict=True)]
        return {"weights": weights, "shifts": [jnp.zeros(shape[1]) for shape in shapes]}

    def loss_fn(params, batch, key):
        (a, b, c, d), (e, f, g, h) = params["weights"], params["shifts"]
        mean, log_scale = jnp.split(jax.nn.relu(batch @ a + e) @ b + f, 2, axis=1)
        code = mean + jnp.exp(log_scale) * jax.random.normal(key, mean.shape)
        logits = jax.nn.relu(code @ c + g) @ d + h
        bits = jnp.sum(jnp.logaddexp(0, logits) - batch * logits, axis=1)
        far = jnp.sum(0.5 * (mean**2 + jnp.exp(2 * log_scale) - 1) - log_scale, axis=1)
        return jnp.mean(bits + far)

    return {"loss_fn": loss_fn, "init": init}


def pictures(rows=1600, side=8):
    """Bars across and down, each there with one chance in six, and noise."""
    rng = np.random.default_rng(2)
    across, down = rng.random((2, rows, side)) < 1 / 6
    there = across[:, :, None] | down[:, None, :]
    return (there ^ (rng.random(there.shape) < 0.02)).reshape(rows, SIZE).astype(np.float32)
