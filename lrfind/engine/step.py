"""The engine's seam: one optimiser step as a pure function, ``step(state, batch, rate, key) -> (state, record)``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

Step = Callable[[Any, Any, Any, Any], tuple[Any, "Record"]]
"""``(state, batch, rate, raw key) -> (state, record)``. A user's own train step enters the kernel as it is."""


SMALL = 2**15
"""Numbers up to which leaves are joined before their products are summed."""

ROUNDING = 64
"""Machine epsilons of the loss that a step's predicted decrease has to exceed for its trust-region ratio to be known:
each of the two losses is rounded by about one, so that the ratio is good to some three hundredths there."""


class Record(NamedTuple):
    """What one step leaves behind, scalars.

    Attributes:
        loss: of the step's batch, before its update: the rates of all earlier steps made it, this step's did not.
        gradient_norm: global norm of the gradient, before clipping.
        update_norm: global norm of what was added to the parameters.
        trust: actual over predicted decrease of the batch's loss (see `trust_ratio`); None of a step that does not
            measure it, NaN where it might have and was not asked to.
    """

    loss: Any
    gradient_norm: Any
    update_norm: Any
    trust: Any = None


@dataclass(frozen=True)
class Probing:
    """A step that can also measure its trust-region ratio, at the cost of one more forward pass.

    Attributes:
        measured: ``(state, batch, rate, raw key, measure) -> (state, record)``. `measure` is None or True, or a traced
            bool: where that is false the record's `trust` is NaN, and the other pass is not made.
    """

    measured: Callable[[Any, Any, Any, Any, Any], tuple[Any, Record]]

    def __call__(self, state: Any, batch: Any, rate: Any, key: Any) -> tuple[Any, Record]:
        """The step without a measurement, as any other `Step`."""
        return self.measured(state, batch, rate, key, None)


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
    probe: bool = False,
    blur: float | None = None,
    plain: bool = False,
) -> Step:
    """Join a model's loss and an optimiser into a step.

    Args:
        loss: ``(params, state, batch, key, train) -> (loss, (state, metrics))``.
        make_optimizer: ``rate -> optax.GradientTransformation``, given a traced rate.
        accumulate: micro-batches whose mean gradient makes one step; every leaf of the batch has them as leading axis.
        probe: make a `Probing` step; without it nothing of the measurement is compiled.
        blur: how far a loss is off, as a share of it, times what makes a ratio of two good (see `trust_ratio`).
        plain: updates are the gradient times minus the rate. Their norm follows from its norm, then; of a small
            network each of the two takes a sixteenth of a step.
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

    def forward(params: Any, state: Any, batches: Any, key: jax.Array) -> jax.Array:
        """The loss that `gradient` and `accumulated` find, without its gradient."""
        if accumulate == 1:
            return loss(params, state, batches, key, True)[0]

        def add(carry: tuple[Any, Any], numbered: tuple[jax.Array, Any]) -> tuple[tuple[Any, Any], None]:
            total, state = carry
            number, batch = numbered
            value, (state, _) = loss(params, state, batch, key + number, True)
            return (total + value, state), None

        numbers = jnp.arange(accumulate, dtype=key.dtype)
        (total, _), _ = jax.lax.scan(add, (jnp.zeros(()), state), (numbers, batches))
        return total / accumulate

    def step(train: TrainState, batch: Any, rate: Any, key: Any, measure: Any = None) -> tuple[TrainState, Record]:
        descend = gradient if accumulate == 1 else accumulated
        value, state, grads = descend(train.params, train.state, batch, key)
        optimizer = optax.with_extra_args_support(make_optimizer(rate))
        updates, optimizer_state = optimizer.update(grads, train.optimizer, train.params, value=value)
        params = optax.apply_updates(train.params, updates)
        gradient_norm = norm(grads)
        record = Record(value, gradient_norm, rate * gradient_norm if plain else norm(updates))
        if measure is not None:
            # Outside of the branch, which would otherwise have to be handed both trees.
            slope = dot(grads, updates)

            def ratio() -> jax.Array:
                return trust_ratio(value, forward(params, train.state, batch, key), slope, blur)

            unknown = jnp.full((), jnp.nan, jnp.float32)
            trust = ratio() if measure is True else jax.lax.cond(measure, ratio, lambda: unknown)
            record = record._replace(trust=trust)
        return TrainState(params, state, optimizer_state), record

    return Probing(step) if probe else step


def own_step(step: Any) -> Step:
    """The user's own train step as the kernel's: its state stands where the parameters do."""

    def one(train: TrainState, batch: Any, rate: Any, key: Any) -> tuple[TrainState, Record]:
        state, *values = step(train.params, batch, rate, key)
        record = Record(*(jnp.asarray(value, jnp.float32) for value in values))
        return TrainState(state, train.state, train.optimizer), record

    return one


def trust_ratio(before: jax.Array, after: jax.Array, slope: jax.Array, blur: float | None = None) -> jax.Array:
    """Actual over predicted decrease of a loss, ``rho = (L(w + u) - L(w)) / (g . u)``, without a unit.

    1 for a step so small that the loss is a plane, 1/2 at the best step along u on a quadratic, 0 at the edge of
    stability, below 0 where the step raised the loss (Conn, Gould and Toint 2000, "Trust region methods", 6.1).

    Args:
        before: L(w).
        after: L(w + u) on the same batch.
        slope: g . u, gradient before clipping times update.
        blur: predicted decrease, as a share of the loss, up to which the ratio is unknown; left out: `ROUNDING` of the
            loss's type, which a loss computed in a coarser one has to say itself.

    Returns:
        The ratio; NaN where it is not finite, or where rounding of the loss drowns the predicted decrease.
    """
    ratio = (after - before) / slope
    if blur is None:
        blur = ROUNDING * float(jnp.finfo(before.dtype).eps)  # type: ignore[no-untyped-call]
    known = jnp.abs(slope) > blur * jnp.abs(before)
    return jnp.where(known & jnp.isfinite(ratio), ratio, jnp.nan).astype(jnp.float32)


def norm(tree: Any) -> jax.Array:
    """Global norm: root of the sum of all squares."""
    return jnp.sqrt(sum((jnp.vdot(vector, vector) for vector in vectors(tree)), start=jnp.zeros(())))


def dot(left: Any, right: Any) -> jax.Array:
    """Inner product of two trees of one structure."""
    pairs = zip(vectors(left), vectors(right), strict=True)
    return sum((jnp.vdot(one, other) for one, other in pairs), start=jnp.zeros(()))


def vectors(tree: Any) -> list[jax.Array]:
    """A tree's leaves as the vectors that `norm` and `dot` take products of.

    By dot products, as XLA's sums on a CPU go number by number to keep their order, and made a third of a step of the
    digits network; over all small leaves at once, as every call costs a microsecond of steps that take thirty.
    """
    leaves = [leaf.ravel() for leaf in jax.tree.leaves(tree)]
    small = [leaf for leaf in leaves if leaf.size <= SMALL]
    return [leaf for leaf in leaves if leaf.size > SMALL] + ([jnp.concatenate(small)] if small else [])
