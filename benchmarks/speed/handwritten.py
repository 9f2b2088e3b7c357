"""A learning-rate sweep by hand in JAX: one scan over the steps, no plot, the steepest point printed.

It is what someone who knows JAX would write for one run: weights from numpy (`jax.random` has programs of its own to
compile), batches gathered inside the scan, one program in all. JAX keeps that program
between runs where JAX_COMPILATION_CACHE_DIR says.
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import optax


def weights(widths: list[int]) -> list[tuple[np.ndarray, np.ndarray]]:
    """He-normal weights [inside, outside] and zero biases [outside], per layer."""
    random = np.random.default_rng(0)
    return [
        (random.normal(size=(i, o)).astype(np.float32) * np.float32(np.sqrt(2 / i)), np.zeros(o, np.float32))
        for i, o in pairwise(widths)
    ]


def loss_of(params, inputs, targets):
    """Mean loss of a batch: cross-entropy for integer targets [batch], else the mean square."""
    for weight, bias in params[:-1]:
        inputs = jax.nn.relu(inputs @ weight + bias)
    weight, bias = params[-1]
    outputs = inputs @ weight + bias
    if jnp.issubdtype(targets.dtype, jnp.integer):
        return optax.softmax_cross_entropy_with_integer_labels(outputs, targets).mean()
    return jnp.square(outputs - targets).mean()


def batches(rows: int, size: int, steps: int) -> np.ndarray:
    """Row numbers [steps, size], a new permutation of the rows for every epoch."""
    random = np.random.default_rng(1)
    per_epoch = rows // size
    epochs = -(-steps // per_epoch)
    order = [random.permutation(rows)[: per_epoch * size].reshape(per_epoch, size) for _ in range(epochs)]
    return np.concatenate(order)[:steps].astype(np.int32)


def main() -> None:
    """Sweep, print the suggestion, and with `--timing` the seconds that the steps took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--hidden", type=int, nargs="+", required=True)
    parser.add_argument("--optimizer", choices=["adam", "sgd"], required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--min-lr", type=float, required=True)
    parser.add_argument("--max-lr", type=float, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--loop", action="store_true", help="a loop of jitted steps instead of a scan")
    parser.add_argument(
        "--timing", action="store_true", help="print the seconds of the steps as JSON, and nothing else"
    )
    args = parser.parse_args()

    with np.load(args.data) as arrays:
        inputs, targets = arrays["inputs"], arrays["targets"]
    outputs = int(targets.max()) + 1 if targets.ndim == 1 else targets.shape[1]
    params = weights([inputs.shape[1], *args.hidden, outputs])
    optimizer = {"adam": optax.scale_by_adam, "sgd": optax.identity}[args.optimizer]()
    rates = np.geomspace(args.min_lr, args.max_lr, args.steps).astype(np.float32)
    rows = batches(len(inputs), args.batch_size, args.steps)

    def step(carry, rate_and_rows, inputs, targets):
        params, state = carry
        rate, rows = rate_and_rows
        loss, gradient = jax.value_and_grad(loss_of)(params, inputs[rows], targets[rows])
        updates, state = optimizer.update(gradient, state, params)
        return (jax.tree.map(lambda p, u: p - rate * u, params, updates), state), loss

    @jax.jit
    def sweep(params, rates, rows, inputs, targets):
        start = (params, optimizer.init(params))
        return jax.lax.scan(lambda carry, x: step(carry, x, inputs, targets), start, (rates, rows))[1]

    if args.loop:
        one = jax.jit(step, donate_argnums=0)
        carry = jax.jit(lambda p: (p, optimizer.init(p)))(params)
        inputs, targets = jax.device_put((inputs, targets))
        carry, _ = one(carry, (rates[0], rows[0]), inputs, targets)
        begin = time.perf_counter()
        losses = []
        for x in zip(rates, rows, strict=True):
            carry, loss = one(carry, x, inputs, targets)
            losses.append(loss)
        losses = np.array(jax.device_get(losses))
    else:
        compiled = sweep.lower(params, rates, rows, inputs, targets).compile()
        begin = time.perf_counter()
        losses = np.asarray(compiled(params, rates, rows, inputs, targets))
    seconds = time.perf_counter() - begin
    if args.timing:
        print(json.dumps({"seconds": seconds, "steps": len(losses)}))
        return
    smooth = np.convolve(losses, np.ones(5) / 5, mode="valid")
    steepest = int(np.argmin(np.gradient(smooth[: int(np.nanargmin(smooth)) + 2]))) + 2
    print(f"suggestion {rates[steepest]:.3g} after {len(losses)} steps")


if __name__ == "__main__":
    main()
