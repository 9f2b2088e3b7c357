"""A whole train step with an optimiser of one's own inside: gradients over the root of their mean square."""

import jax
import jax.numpy as jnp
import numpy as np


def build(width=32):
    """`step(state, batch, lr, key)`, the state before the first one, and how a state is judged."""
    rng = np.random.default_rng(3)
    weights = {
        "first": rng.normal(size=(10, width)) * np.sqrt(2 / 10),
        "shift": np.zeros(width),
        "second": rng.normal(size=(width, 1)) / np.sqrt(width),
    }
    state = {"weights": weights, "squares": jax.tree.map(np.zeros_like, weights), "count": 0}

    def loss_of(weights, x, y):
        outputs = (jax.nn.relu(x @ weights["first"] + weights["shift"]) @ weights["second"])[:, 0]
        return jnp.mean(jnp.square(outputs - y))

    def step(state, batch, lr, key):
        x, y = batch
        noisy = x + 0.05 * jax.random.normal(key, x.shape)
        loss, gradient = jax.value_and_grad(loss_of)(state["weights"], noisy, y)
        count = state["count"] + 1
        squares = jax.tree.map(lambda s, g: 0.95 * s + 0.05 * g**2, state["squares"], gradient)
        scaled = jax.tree.map(lambda s, g: g / (jnp.sqrt(s / (1 - 0.95**count)) + 1e-8), squares, gradient)
        weights = jax.tree.map(lambda w, u: w - lr * u, state["weights"], scaled)
        return {"weights": weights, "squares": squares, "count": count}, loss

    return {"step": step, "state": state, "evaluate": lambda state, batch: loss_of(state["weights"], *batch)}


def rows(number=1200):
    """Friedman's second function, its variables in [0, 1]."""
    rng = np.random.default_rng(4)
    x = rng.random((number, 10))
    y = np.hypot(x[:, 0], 3 * x[:, 1] * x[:, 2] - 1 / (1 + 4 * x[:, 3])) + 0.1 * rng.normal(size=number)
    return x.astype(np.float32), y.astype(np.float32)
