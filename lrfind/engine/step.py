"""Build one optimiser step, a pure ``step(state, batch, rate, key) -> (state, record)``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

Step = Callable[[Any, Any, Any, Any], tuple[Any, "Record"]]
"""A function ``(state, batch, rate, raw key) -> (state, record)``."""


SMALL = 2**15
"""Largest number of elements of a leaf that is joined with others before dot products."""

ROUNDING = 64
"""Least predicted decrease for a known trust-region ratio, in machine epsilons of the loss.

Each of the two losses is rounded by about one epsilon, so the ratio is accurate to about 0.03.
"""


class Record(NamedTuple):
    """Scalars that one step records.

    Attributes:
        loss: loss of the step's batch before the update.
        gradient_norm: global norm of the gradient before clipping.
        update_norm: global norm of the change of the parameters.
        trust: trust-region ratio (see `trust_ratio`); None if the step cannot measure it, NaN if it was not asked to.
    """

    loss: Any
    gradient_norm: Any
    update_norm: Any
    trust: Any = None


class TrainState(NamedTuple):
    """Training state that a step updates.

    Attributes:
        params: trained parameters, a pytree.
        state: model state that changes without a gradient, such as running statistics, a pytree.
        optimizer: optimiser state, a pytree.
    """

    params: Any
    state: Any
    optimizer: Any


def start(params: Any, state: Any, make_optimizer: Callable[[Any], Any]) -> TrainState:
    """Return the training state before the first step; it is independent of the rate.

    Args:
        params: initial parameters.
        state: initial model state.
        make_optimizer: function ``rate -> optax.GradientTransformation``.
    """
    return TrainState(params, state, make_optimizer(1.0).init(params))


@dataclass(frozen=True)
class GradientStep:
    """Optimiser step of a loss, a `Step`.

    Attributes:
        loss: function ``(params, state, batch, key, train) -> (loss, (state, metrics))``.
        make_optimizer: function ``rate -> optax.GradientTransformation``, called with a traced rate.
        accumulate: micro-batches averaged into one step, the leading axis of every leaf of the batch.
        probe: whether a train loop has it measure the trust-region ratio, for one more forward pass; if not, no
            measurement is compiled.
        relative_loss_error: relative error of the loss, in the units of `trust_ratio`; None for that of its type.
        plain: whether updates are minus rate times gradient, so that their norm follows from the gradient's. A norm
            takes a sixteenth of the step of a small network.
    """

    loss: Callable[..., tuple[jax.Array, tuple[Any, Any]]]
    make_optimizer: Callable[[Any], Any]
    accumulate: int = 1
    probe: bool = False
    relative_loss_error: float | None = None
    plain: bool = False

    def __call__(self, train: TrainState, batch: Any, rate: Any, key: Any, measure: Any = None) -> tuple[Any, Record]:
        """Take the step.

        Args:
            train: training state.
            batch: batch, or micro-batches.
            rate: learning rate.
            key: raw key.
            measure: whether to measure the trust-region ratio: None, True or a traced bool; if it is false at run time,
                `trust` is NaN and the forward pass is skipped.
        """

        def descend(state: Any, batch: Any, key: Any) -> tuple[Any, Any]:
            value_and_grad = jax.value_and_grad(self.loss, has_aux=True)
            (value, (state, _)), grads = value_and_grad(train.params, state, batch, key, True)
            return (value, grads), state

        (value, grads), state = self._mean(descend, (np.float32(0), train.params), train.state, batch, key)
        optimizer = optax.with_extra_args_support(self.make_optimizer(rate))
        updates, optimizer_state = optimizer.update(grads, train.optimizer, train.params, value=value)
        params = optax.apply_updates(train.params, updates)
        gradient_norm = norm(grads)
        record = Record(value, gradient_norm, rate * gradient_norm if self.plain else norm(updates))
        if measure is not None:
            # Outside of the branch, which would otherwise have to be handed both trees.
            slope = dot(grads, updates)

            def forward(state: Any, batch: Any, key: Any) -> tuple[Any, Any]:
                value, (state, _) = self.loss(params, state, batch, key, True)
                return value, state

            def ratio() -> jax.Array:
                after, _ = self._mean(forward, np.float32(0), train.state, batch, key)
                return trust_ratio(value, after, slope, self.relative_loss_error)

            unknown = jnp.full((), jnp.nan, jnp.float32)
            trust = ratio() if measure is True else jax.lax.cond(measure, ratio, lambda: unknown)
            record = record._replace(trust=trust)
        return TrainState(params, state, optimizer_state), record

    def _mean(self, evaluate: Callable[..., tuple[Any, Any]], like: Any, state: Any, batches: Any, key: Any) -> Any:
        """Return the mean of a function over the micro-batches, and the model state after the last of them.

        Args:
            evaluate: function ``(state, batch, key) -> (values, state)``.
            like: pytree with the shapes and types of the values.
            state: model state before the first.
            batches: micro-batches; the batch itself where there is one.
            key: raw key of the first, which counts up.
        """
        if self.accumulate == 1:
            return evaluate(state, batches, key)

        def add(carry: tuple[Any, Any], numbered: tuple[jax.Array, Any]) -> tuple[tuple[Any, Any], None]:
            sums, state = carry
            number, batch = numbered
            values, state = evaluate(state, batch, key + number)
            return (jax.tree.map(jnp.add, sums, values), state), None

        numbers = jnp.arange(self.accumulate, dtype=key.dtype)
        (sums, state), _ = jax.lax.scan(add, (jax.tree.map(jnp.zeros_like, like), state), (numbers, batches))
        return jax.tree.map(lambda leaf: leaf / self.accumulate, sums), state


def own_step(step: Any) -> Step:
    """Wrap a user's train step, whose whole state takes the place of the parameters.

    Args:
        step: function ``(state, batch, rate, raw key) -> (state, loss, ...)``, further values in the order of `Record`.
    """

    def one(train: TrainState, batch: Any, rate: Any, key: Any) -> tuple[TrainState, Record]:
        state, *values = step(train.params, batch, rate, key)
        record = Record(*(jnp.asarray(value, jnp.float32) for value in values))
        return TrainState(state, train.state, train.optimizer), record

    return one


def trust_ratio(
    before: jax.Array, after: jax.Array, slope: jax.Array, relative_loss_error: float | None = None
) -> jax.Array:
    """Return actual over predicted decrease of a loss, float32.

    ``rho = (L(w + u) - L(w)) / (g . u)``.

    w are the parameters, u the update, g the gradient. On a quadratic rho is near 1 for a small step, 1/2 at the best
    step along u, 0 at the edge of stability, and negative where the loss rises.

    Args:
        before: L(w), scalar.
        after: L(w + u) on the same batch, scalar.
        slope: g . u, gradient before clipping times update, scalar.
        relative_loss_error: predicted decrease, as a fraction of the loss, up to which the ratio is unknown; None for
            `ROUNDING` epsilons of the loss's type, too little if the loss is computed in a coarser one.

    Returns:
        The ratio; NaN if it is not finite, or if rounding of the loss hides the predicted decrease.

    Reference:
        Conn, Gould and Toint 2000, "Trust region methods", section 6.1.
    """
    ratio = (after - before) / slope
    if relative_loss_error is None:
        relative_loss_error = ROUNDING * float(jnp.finfo(before.dtype).eps)  # type: ignore[no-untyped-call]
    known = jnp.abs(slope) > relative_loss_error * jnp.abs(before)
    return jnp.where(known & jnp.isfinite(ratio), ratio, jnp.nan).astype(jnp.float32)


def norm(tree: Any) -> jax.Array:
    """Return the global 2-norm of a pytree."""
    return jnp.sqrt(sum((jnp.vdot(vector, vector) for vector in vectors(tree)), start=jnp.zeros(())))


def dot(left: Any, right: Any) -> jax.Array:
    """Return the inner product of two pytrees of the same structure."""
    pairs = zip(vectors(left), vectors(right), strict=True)
    return sum((jnp.vdot(a, b) for a, b in pairs), start=jnp.zeros(()))


def vectors(tree: Any) -> list[jax.Array]:
    """Return the vectors of a pytree's leaves, small leaves concatenated into one.

    Dot products are used because XLA's ordered sums on a CPU took a third of a step of the digits network; the
    concatenation saves a microsecond per leaf.
    """
    leaves = [leaf.ravel() for leaf in jax.tree.leaves(tree)]
    small = [leaf for leaf in leaves if leaf.size <= SMALL]
    return [leaf for leaf in leaves if leaf.size > SMALL] + ([jnp.concatenate(small)] if small else [])
