"""One optimiser step: what it records, what it accumulates, what it clips."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lrfind import optimizers
from lrfind.engine.step import Record, TrainState, lift, start

KEY = np.zeros(2, np.uint32)
WEIGHTS = np.array([0.5, -1.0, 2.0], np.float32)
RNG = np.random.default_rng(3)
X, Y = RNG.standard_normal((12, 3)).astype(np.float32), RNG.standard_normal(12).astype(np.float32)


def regression(params: Any, state: Any, batch: Any, key: Any, train: bool) -> Any:
    """Mean squared error of a linear fit; the state counts the batches."""
    assert train
    x, y = batch
    return jnp.mean((x @ params - y) ** 2), (state + 1, {})


def run(make: Any, batch: Any = (X, Y), rate: float = 0.1, **options: Any) -> tuple[TrainState, Record]:
    step = jax.jit(lift(regression, make, **options))
    return step(start(WEIGHTS, jnp.int32(0), make), batch, jnp.float32(rate), KEY)


def gradient() -> Any:
    return 2 * X.T @ (X @ WEIGHTS - Y) / len(X)


def test_the_record_of_a_step() -> None:
    after, record = run(optax.sgd)
    assert record.loss == pytest.approx(np.mean((X @ WEIGHTS - Y) ** 2), rel=1e-6)
    assert record.gradient_norm == pytest.approx(np.linalg.norm(gradient()), rel=1e-6)
    assert record.update_norm == pytest.approx(0.1 * np.linalg.norm(gradient()), rel=1e-6)
    np.testing.assert_allclose(after.params, WEIGHTS - 0.1 * gradient(), rtol=1e-5)
    assert after.state == 1


def test_the_gradient_is_measured_before_it_is_clipped() -> None:
    norm = np.linalg.norm(gradient())
    _, record = run(optimizers.build("sgd", {}, clip_norm=norm / 4))
    assert record.gradient_norm == pytest.approx(norm, rel=1e-6)
    assert record.update_norm == pytest.approx(0.1 * norm / 4, rel=1e-5)
    _, record = run(optimizers.build("sgd", {}, clip_norm=norm * 4))
    assert record.update_norm == pytest.approx(0.1 * norm, rel=1e-5)


@pytest.mark.parametrize("pieces", [2, 3])
def test_accumulation_equals_a_larger_batch(pieces: int) -> None:
    make = partial(optax.sgd, momentum=0.9)
    split = X.reshape(pieces, -1, 3), Y.reshape(pieces, -1)
    (whole, expected), (parts, found) = run(make), run(make, split, accumulate=pieces)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(parts.params, whole.params, rtol=1e-5)
    assert (whole.state, parts.state) == (1, pieces)


def test_accumulation_counts_optimiser_steps() -> None:
    after, _ = run(optax.adam, (X.reshape(4, 3, 3), Y.reshape(4, 3)), accumulate=4)
    assert optax.tree.get(after.optimizer, "count") == 1


def test_every_micro_batch_has_a_key_of_its_own() -> None:
    def noisy(params: Any, state: Any, batch: Any, key: Any, train: bool) -> Any:
        return jnp.sum(params * key.astype(jnp.float32)), (state, {})

    step = lift(noisy, optax.sgd, accumulate=3)
    after, _ = step(start(np.zeros(2, np.float32), (), optax.sgd), np.zeros((3, 1)), 1.0, np.array([10, 20], np.uint32))
    np.testing.assert_allclose(after.params, [-(10 + 11 + 12) / 3, -(20 + 21 + 22) / 3])


def test_an_optimiser_that_wants_the_loss_gets_it() -> None:
    def make(rate: Any) -> optax.GradientTransformationExtraArgs:
        def update(updates: Any, state: Any, params: Any = None, *, value: Any, **others: Any) -> Any:
            return jax.tree.map(lambda leaf: -rate * value * leaf, updates), state

        return optax.GradientTransformationExtraArgs(lambda params: (), update)

    _, record = run(make)
    assert record.update_norm == pytest.approx(0.1 * float(record.loss) * float(record.gradient_norm), rel=1e-5)
