"""One optimiser step: what it records, what it accumulates, what it clips."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfind.engine.step import GradientStep, Record, TrainState, start
from lrfind.task.optim import optimizers
from tests.support.optimizers import section

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
    step = jax.jit(GradientStep(regression, make, **options))
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
    _, record = run(optimizers.build(section("sgd", clip_norm=norm / 4)))
    assert record.gradient_norm == pytest.approx(norm, rel=1e-6)
    assert record.update_norm == pytest.approx(0.1 * norm / 4, rel=1e-5)
    _, record = run(optimizers.build(section("sgd", clip_norm=norm * 4)))
    assert record.update_norm == pytest.approx(0.1 * norm, rel=1e-5)


@pytest.mark.parametrize("pieces", [2, 3])
def test_accumulation_equals_a_larger_batch(pieces: int) -> None:
    make = partial(optax.sgd, momentum=0.9)
    split = X.reshape(pieces, -1, 3), Y.reshape(pieces, -1)
    (whole, expected), (parts, found) = run(make), run(make, split, accumulate=pieces)
    np.testing.assert_allclose(found[:3], expected[:3], rtol=1e-5)
    np.testing.assert_allclose(parts.params, whole.params, rtol=1e-5)
    assert (whole.state, parts.state) == (1, pieces)


def test_accumulation_counts_optimiser_steps() -> None:
    after, _ = run(optax.adam, (X.reshape(4, 3, 3), Y.reshape(4, 3)), accumulate=4)
    assert optax.tree.get(after.optimizer, "count") == 1


def test_every_micro_batch_has_a_key_of_its_own() -> None:
    def noisy(params: Any, state: Any, batch: Any, key: Any, train: bool) -> Any:
        return jnp.sum(params * key.astype(jnp.float32)), (state, {})

    step = GradientStep(noisy, optax.sgd, accumulate=3)
    after, _ = step(start(np.zeros(2, np.float32), (), optax.sgd), np.zeros((3, 1)), 1.0, np.array([10, 20], np.uint32))
    np.testing.assert_allclose(after.params, [-(10 + 11 + 12) / 3, -(20 + 21 + 22) / 3])


def test_an_optimiser_that_wants_the_loss_gets_it() -> None:
    def make(rate: Any) -> optax.GradientTransformationExtraArgs:
        def update(updates: Any, state: Any, params: Any = None, *, value: Any, **others: Any) -> Any:
            return jax.tree.map(lambda leaf: -rate * value * leaf, updates), state

        return optax.GradientTransformationExtraArgs(lambda params: (), update)

    _, record = run(make)
    assert record.update_norm == pytest.approx(0.1 * float(record.loss) * float(record.gradient_norm), rel=1e-5)


def bowl(params: Any, state: Any, batch: Any, key: Any, train: bool) -> Any:
    """``w . H w / 2``, the batch being H."""
    assert train
    return 0.5 * params @ batch @ params, (state, {})


def probed(loss: Any, make: Any, **options: Any) -> Any:
    """``(state, batch, rate, key, measure) -> (state, record)``, compiled."""
    step = GradientStep(loss, make, probe=True, **options)
    return jax.jit(step)


def trust(step: Any, params: Any, batch: Any, rate: float, make: Any = optax.sgd) -> float:
    _, record = step(start(np.asarray(params, np.float32), (), make), batch, jnp.float32(rate), KEY, True)
    return float(record.trust)


BOWL = probed(bowl, optax.sgd)
EPS = float(np.finfo(np.float32).eps)
AXES = np.linalg.qr(np.random.default_rng(5).standard_normal((3, 3)))[0]
positive = st.floats(1e-2, 1e2)


@settings(deadline=None)
@given(product=st.floats(1e-5, 4), curvature=positive, length=positive, axis=st.integers(0, 2))
def test_along_an_eigenvector_trust_falls_by_half_the_rate_times_curvature(
    product: float, curvature: float, length: float, axis: int
) -> None:
    hessian = np.diag([curvature] * 3).astype(np.float32)
    found = trust(BOWL, length * np.eye(3)[axis], hessian, product / curvature)
    assert found == pytest.approx(1 - product / 2, abs=8 * EPS / product + 8 * EPS)


@settings(deadline=None)
@given(
    rate=st.floats(1e-3, 1),
    spectrum=st.tuples(st.floats(0.1, 1), st.floats(1, 5), st.floats(5, 10)),
    weights=st.tuples(*[st.floats(0.5, 2)] * 3),
)
def test_trust_on_a_quadratic(rate: float, spectrum: tuple[float, ...], weights: tuple[float, ...]) -> None:
    hessian = (AXES * spectrum) @ AXES.T
    slope = hessian @ weights
    expected = 1 - rate * (slope @ hessian @ slope) / (2 * slope @ slope)
    assert trust(BOWL, weights, hessian.astype(np.float32), rate) == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_trust_at_the_landmarks_of_a_quadratic() -> None:
    hessian = np.diag([4.0, 4.0, 4.0]).astype(np.float32)
    found = [trust(BOWL, [1, 2, 3], hessian, share * 2 / 4) for share in (0.001, 0.5, 1, 2)]
    np.testing.assert_allclose(found, [0.999, 0.5, 0, -1], atol=1e-5)


def test_what_rounding_drowns_is_not_called_trust() -> None:
    hessian = np.diag([4.0, 4.0, 4.0]).astype(np.float32)
    step = probed(lambda *given: (1000 + bowl(*given)[0], bowl(*given)[1]), optax.sgd)
    found = [trust(step, [1, 2, 3], hessian, rate) for rate in (0, 1e-7, 1e-3)]
    np.testing.assert_allclose(found, [np.nan, np.nan, 1 - 1e-3 * 4 / 2], rtol=0.03)


def test_trust_is_measured_against_the_gradient_before_clipping() -> None:
    def make(rate: Any) -> Any:
        return optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(rate))

    hessian = np.diag([4.0, 4.0, 4.0]).astype(np.float32)
    clipped = 0.5 / (4 * np.sqrt(14))  # the gradient's norm is 4 |w|
    assert trust(probed(bowl, make), [1, 2, 3], hessian, 0.5, make) == pytest.approx(1 - clipped * 4 / 2, abs=1e-5)


@pytest.mark.parametrize("pieces", [2, 3])
def test_trust_of_accumulated_batches_is_that_of_the_larger_one(pieces: int) -> None:
    found = []
    for batch, options in [((X, Y), {}), ((X.reshape(pieces, -1, 3), Y.reshape(pieces, -1)), {"accumulate": pieces})]:
        step = probed(regression, optax.sgd, **options)
        _, record = step(start(WEIGHTS, jnp.int32(0), optax.sgd), batch, jnp.float32(0.1), KEY, True)
        found.append(record.trust)
    hessian, slope = 2 * X.T @ X / len(X), gradient()
    expected = 1 - 0.1 * (slope @ hessian @ slope) / (2 * slope @ slope)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


@pytest.mark.parametrize("accumulate", [1, 3])
def test_trust_repeats_the_keys_and_the_state_of_its_step(accumulate: int) -> None:
    def noisy(params: Any, state: Any, batch: Any, key: Any, train: bool) -> Any:
        slope = key.astype(jnp.float32) + 10 * state
        return jnp.sum(slope * params), (state + 1, {})

    step = probed(noisy, optax.sgd, accumulate=accumulate)
    batch = np.zeros((accumulate, 1)) if accumulate > 1 else np.zeros(1)
    begin = start(np.ones(2, np.float32), jnp.float32(0), optax.sgd)
    after, record = step(begin, batch, jnp.float32(0.1), np.array([3, 5], np.uint32), True)
    assert record.trust == pytest.approx(1, rel=1e-4)  # the loss is a plane, and the same one twice
    assert after.state == accumulate


@pytest.mark.parametrize(
    ("weights", "rate"),
    [([np.nan, 1, 1], 0.1), ([np.inf, 1, 1], 0.1), ([1, 1, 1], np.inf), ([1, 1, 1], np.nan), ([1, 1, 1], 1e25)],
)
def test_a_lost_loss_has_no_trust(weights: list[float], rate: float) -> None:
    assert np.isnan(trust(BOWL, weights, np.eye(3, dtype=np.float32), rate))


def test_a_loss_of_half_precision_can_be_probed() -> None:
    step = probed(bowl, optax.sgd)
    weights = jnp.array([1, 2, 3], jnp.bfloat16)
    _, record = step(start(weights, (), optax.sgd), jnp.eye(3, dtype=jnp.bfloat16), jnp.bfloat16(1), KEY, True)
    assert (record.trust.dtype, float(record.trust)) == (jnp.float32, pytest.approx(0.5, abs=0.02))


def test_a_ratio_is_measured_where_it_is_asked_for_and_moves_nothing() -> None:
    plain, probing = GradientStep(regression, optax.sgd), GradientStep(regression, optax.sgd, probe=True)
    given = start(WEIGHTS, jnp.int32(0), optax.sgd), (X, Y), jnp.float32(0.1), KEY
    state, record = plain(*given)
    assert record.trust is None
    outcomes = {
        "not": probing(*given),
        "static": probing(*given, True),
        "traced": probing(*given, jnp.bool_(True)),
        "traced not": probing(*given, jnp.bool_(False)),
    }
    for after, found in outcomes.values():
        np.testing.assert_array_equal(found[:3], record[:3])
        np.testing.assert_array_equal(after.params, state.params)
    assert outcomes["not"][1].trust is None
    assert np.isnan(outcomes["traced not"][1].trust)
    assert outcomes["static"][1].trust == pytest.approx(float(outcomes["traced"][1].trust), abs=1e-5)


def test_a_step_that_is_not_probing_has_no_branch() -> None:
    given = start(WEIGHTS, jnp.int32(0), optax.sgd), (X, Y), jnp.float32(0.1), KEY
    probing = GradientStep(regression, optax.sgd, probe=True)
    steps = [
        GradientStep(regression, optax.sgd),
        probing,
        partial(probing, measure=True),
        probing,
    ]
    measures = [(), (), (), (jnp.bool_(True),)]
    programs = [str(jax.make_jaxpr(step)(*given, *more)) for step, more in zip(steps, measures, strict=True)]
    assert programs[0] == programs[1]
    assert ["cond" in program for program in programs] == [False, False, False, True]
