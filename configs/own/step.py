"""A whole train step of one's own, on arrays of one's own."""

import jax
import jax.numpy as jnp
import numpy as np


def build(size=12):
    """`step(state, batch, lr, key)` and the state before the first one."""

    def loss_fn(weights, x, y):
        return jnp.mean((x @ weights - y) ** 2)

    def step(state, batch, lr, key):
        x, y = batch
        loss, gradient = jax.value_and_grad(loss_fn)(state["weights"], x, y)
        velocity = 0.9 * state["velocity"] + gradient
        return {"weights": state["weights"] - lr * velocity, "velocity": velocity, "count": state["count"] + 1}, loss

    return step, {"weights": np.zeros(size), "velocity": np.zeros(size), "count": 0}


def arrays(rows=600, size=12):
    """Inputs and targets; lrfind shuffles them, and holds some out."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, size))
    return x, x @ rng.normal(size=size) + 0.3 * rng.normal(size=rows)
