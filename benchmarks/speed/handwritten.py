"""A learning-rate sweep by hand in JAX: one scan over the steps, no plot, the steepest point printed.

It is what someone who knows JAX would write for one run: weights from numpy (`jax.random` has programs of its own to
compile), batches gathered inside the scan, one program in all. JAX keeps that program
between runs where JAX_COMPILATION_CACHE_DIR says.
"""

from __future__ import annotations

import argparse
import json
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax
from networks import network


def loss_of(outputs, targets):
    """Mean loss of a batch: cross-entropy for integer targets [batch, ...], else the mean square."""
    if jnp.issubdtype(targets.dtype, jnp.integer):
        return optax.softmax_cross_entropy_with_integer_labels(outputs, targets).mean()
    return jnp.square(outputs - targets).mean()


def optimizer_of(section):
    """What comes before the rate, as optax has it."""
    name = section["name"]
    if name == "sgd":
        return optax.trace(section["momentum"]) if "momentum" in section else optax.identity()
    decay = optax.add_decayed_weights(section.get("weight_decay", 1e-4)) if name == "adamw" else optax.identity()
    return optax.chain(optax.scale_by_adam(), decay)


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
    parser.add_argument("--model", type=json.loads, required=True, help="the config's section, as JSON")
    parser.add_argument("--optimizer", type=json.loads, required=True, help="likewise")
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
        outputs = int(arrays["outputs"])
    weights, apply = network(args.model, inputs, outputs, args.loop)
    params = weights(np.random.default_rng(0))
    optimizer = optimizer_of(args.optimizer)
    rates = np.geomspace(args.min_lr, args.max_lr, args.steps).astype(np.float32)
    rows = batches(len(inputs), args.batch_size, args.steps)

    def step(carry, rate_and_rows, inputs, targets):
        params, state = carry
        rate, rows = rate_and_rows
        loss, gradient = jax.value_and_grad(lambda p: loss_of(apply(p, inputs[rows]), targets[rows]))(params)
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
