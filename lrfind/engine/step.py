"""The engine's seam: one optimiser step as a pure function, ``step(state, batch, rate, key) -> (state, record)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

Step = Callable[[Any, Any, Any, Any], tuple[Any, "Record"]]
"""``(state, batch, rate, raw key) -> (state, record)``. A user's own train step enters the kernel as it is."""


SMALL = 2**15
"""Numbers up to which leaves are joined before their squares are summed."""


class Record(NamedTuple):
    """What one step leaves behind, scalars.

    Attributes:
        loss: of the step's batch, before its update: the rates of all earlier steps made it, this step's did not.
        gradient_norm: global norm of the gradient, before clipping.
        update_norm: global norm of what was added to the parameters.
    """

    loss: Any
    gradient_norm: Any
    update_norm: Any


class TrainState(NamedTuple):
    """What a training carries from step to step.

    Attributes:
        params: what is trained.
        state: what changes without a gradient.
        optimizer: the optimiser's state.
    """

    params: Any
    state: Any
    optimizer: Any


def start(params: Any, state: Any, make_optimizer: Callable[[Any], Any]) -> TrainState:
    """The state before the first step. No optimiser's starting state depends on its rate."""
    return TrainState(params, state, make_optimizer(1.0).init(params))


def lift(
    loss: Callable[..., tuple[jax.Array, tuple[Any, Any]]],
    make_optimizer: Callable[[Any], Any],
    *,
    accumulate: int = 1,
) -> Step:
    """Join a model's loss and an optimiser into a step.

    Args:
        loss: ``(params, state, batch, key, train) -> (loss, (state, metrics))``.
        make_optimizer: ``rate -> optax.GradientTransformation``, given a traced rate.
        accumulate: micro-batches whose mean gradient makes one step; every leaf of the batch has them as leading axis.
    """

    def gradient(params: Any, state: Any, batch: Any, key: jax.Array) -> tuple[jax.Array, Any, Any]:
        value_and_grad = jax.value_and_grad(loss, has_aux=True)
        (value, (state, _)), grads = value_and_grad(params, state, batch, key, True)
        return value, state, grads

    def accumulated(params: Any, state: Any, batches: Any, key: jax.Array) -> tuple[jax.Array, Any, Any]:
        def add(carry: tuple[Any, Any, Any], numbered: tuple[jax.Array, Any]) -> tuple[tuple[Any, Any, Any], None]:
            total, state, sums = carry
            number, batch = numbered
            value, state, grads = gradient(params, state, batch, key + number)
            return (total + value, state, jax.tree.map(jnp.add, sums, grads)), None

        zeros = jax.tree.map(jnp.zeros_like, params)
        numbers = jnp.arange(accumulate, dtype=key.dtype)
        (total, state, sums), _ = jax.lax.scan(add, (jnp.zeros(()), state, zeros), (numbers, batches))
        return total / accumulate, state, jax.tree.map(lambda leaf: leaf / accumulate, sums)

    def step(train: TrainState, batch: Any, rate: jax.Array, key: jax.Array) -> tuple[TrainState, Record]:
        measure = gradient if accumulate == 1 else accumulated
        value, state, grads = measure(train.params, train.state, batch, key)
        optimizer = optax.with_extra_args_support(make_optimizer(rate))
        updates, optimizer_state = optimizer.update(grads, train.optimizer, train.params, value=value)
        params = optax.apply_updates(train.params, updates)
        record = Record(value, norm(grads), norm(updates))
        return TrainState(params, state, optimizer_state), record

    return step


def norm(tree: Any) -> jax.Array:
    """Global norm: root of the sum of all squares.

    By dot products, as XLA's sums on a CPU go number by number to keep their order, and made a third of a step of the
    digits network; over all small leaves at once, as every call costs a microsecond of steps that take thirty.
    """
    leaves = [leaf.ravel() for leaf in jax.tree.leaves(tree)]
    small = [leaf for leaf in leaves if leaf.size <= SMALL]
    vectors = [leaf for leaf in leaves if leaf.size > SMALL] + ([jnp.concatenate(small)] if small else [])
    return jnp.sqrt(sum((jnp.vdot(vector, vector) for vector in vectors), start=jnp.zeros(())))
