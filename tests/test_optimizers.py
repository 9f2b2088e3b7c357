"""One contract for every optimiser, and the line of optax that a user pastes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lrfind import optimizers
from lrfind.engine.step import TrainState, lift, start
from lrfind.errors import InputError
from lrfind.optimizer_table import OPTIMIZERS, Optimizer

KEY = np.zeros(2, np.uint32)
RNG = np.random.default_rng(11)
X = RNG.standard_normal((32, 6)).astype(np.float32)
Y = X @ RNG.standard_normal((6, 4)).astype(np.float32)
PARAMS = {
    "weight": (0.3 * RNG.standard_normal((6, 4))).astype(np.float32),
    "bias": np.full(4, 0.1, np.float32),
    "scale": np.asarray(jnp.full(4, 0.5, jnp.bfloat16)),
}
STEPS = 40

SENSIBLE = {
    "adadelta": 20.0,
    "adafactor": 0.05,
    "adagrad": 0.3,
    "lion": 0.02,
    "rmsprop": 0.02,
    "sgd": 0.05,
}
"""Rates that learn the regression in so many steps; 0.1 where nothing is said."""


def loss(params: Any, state: Any, batch: Any, key: Any, train: bool) -> Any:
    x, y = batch
    outputs = (x @ params["weight"] + params["bias"]) * (1 + params["scale"].astype(jnp.float32))
    return jnp.mean((outputs - y) ** 2), (state, {})


@lru_cache
def training(name: str) -> Callable[[Any], Any]:
    """`STEPS` steps at a traced rate: the losses, and the parameters after the first step and the last."""
    make = optimizers.build(name, {})
    step = lift(loss, make)

    def run(rate: Any) -> Any:
        def body(train: TrainState, _: None) -> Any:
            after, record = step(train, (X, Y), rate, KEY)
            return after, (record, after.params)

        last, (records, params) = jax.lax.scan(body, start(jax.tree.map(jnp.asarray, PARAMS), (), make), None, STEPS)
        return records, jax.tree.map(lambda leaf: leaf[0], params), last.params

    return jax.jit(run)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimiser_learns(name: str) -> None:
    records, _, params = training(name)(SENSIBLE.get(name, 0.1))
    assert np.isfinite(np.asarray(records.update_norm)).all()
    assert records.loss[-1] < 0.3 * records.loss[0]
    dtypes = jax.tree.map(lambda leaf: leaf.dtype, params)
    assert dtypes == {"weight": np.float32, "bias": np.float32, "scale": jnp.bfloat16}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_one_program_serves_every_rate(name: str) -> None:
    run = training(name)
    first, second = run(0.01)[0], run(0.02)[0]
    assert run._cache_size() == 1
    assert first.loss[0] == second.loss[0]
    assert first.update_norm[0] < second.update_norm[0]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_line_to_paste_is_the_optimiser(name: str) -> None:
    pasted = eval(optimizers.to_source(name, {}, 0.02), {"optax": optax})
    _, after, _ = training(name)(0.02)
    params = jax.tree.map(jnp.asarray, PARAMS)

    @jax.jit
    def first_step(params: Any) -> Any:
        grads = jax.grad(lambda params: loss(params, (), (X, Y), KEY, True)[0])(params)
        updates, _ = pasted.update(grads, pasted.init(params), params)
        return optax.apply_updates(params, updates)

    found = first_step(params)
    for leaf in ("weight", "bias"):
        np.testing.assert_allclose(found[leaf], after[leaf], rtol=1e-5, atol=1e-6)
        assert not np.array_equal(found[leaf], PARAMS[leaf])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_starting_state_does_not_depend_on_the_rate(name: str) -> None:
    make = optimizers.build(name, {})

    @jax.jit
    def states(rate: Any) -> Any:
        return make(rate).init(PARAMS), start(PARAMS, (), make).optimizer

    own, given = states(0.3)
    assert jax.tree.structure(own) == jax.tree.structure(given)
    jax.tree.map(np.testing.assert_array_equal, own, given)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_keyword_reaches_optax(name: str) -> None:
    options = OPTIMIZERS[name].options
    assert optimizers.build(name, options)(0.1) is not None
    assert eval(optimizers.to_source(name, options, 0.1, clip_norm=1.0), {"optax": optax}) is not None


def test_a_keyword_changes_the_optimiser() -> None:
    make = optimizers.build("sgd", {"momentum": 0.5})
    params, grads = jnp.zeros(1), jnp.ones(1)
    state = make(0.1).init(params)
    for expected in (-0.1, -0.15, -0.175):
        updates, state = make(0.1).update(grads, state, params)
        assert float(updates[0]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "options", "others", "text"),
    [
        ("sgd", {}, {}, "optax.sgd(0.0012)"),
        ("adamw", {"weight_decay": 0.01}, {}, "optax.adamw(0.0012, weight_decay=0.01)"),
        ("adamw", {"b2": 0.9999999}, {}, "optax.adamw(0.0012, b2=0.9999999)"),
        ("muon", {"preconditioning": "schatten"}, {}, "optax.contrib.muon(0.0012, preconditioning='schatten')"),
        ("adam", {}, {"clip_norm": 1.0}, "optax.chain(optax.clip_by_global_norm(1), optax.adam(0.0012))"),
        ("lion", {}, {"accumulate": 4}, "optax.MultiSteps(optax.lion(0.0012), every_k_schedule=4)"),
        (
            "sgd",
            {"momentum": 0.9, "nesterov": True},
            {"clip_norm": 0.5, "accumulate": 2},
            "optax.MultiSteps(optax.chain(optax.clip_by_global_norm(0.5), "
            "optax.sgd(0.0012, momentum=0.9, nesterov=True)), every_k_schedule=2)",
        ),
    ],
)
def test_lines(name: str, options: dict[str, Any], others: dict[str, Any], text: str) -> None:
    assert optimizers.to_source(name, options, 0.0012, **others) == text
    assert eval(text, {"optax": optax}).init(PARAMS) is not None


def test_a_name_can_stand_for_the_rate() -> None:
    assert optimizers.to_source("adam", {}, "learning_rate") == "optax.adam(learning_rate)"


def test_multi_steps_is_what_accumulation_does() -> None:
    pasted = eval(optimizers.to_source("sgd", {}, 0.1, clip_norm=0.5, accumulate=2), {"optax": optax})
    params = {key: jnp.asarray(PARAMS[key]) for key in ("weight", "bias")}

    def plain(params: Any, state: Any, batch: Any, key: Any, train: bool) -> Any:
        return jnp.mean((batch[0] @ params["weight"] + params["bias"] - batch[1]) ** 2), (state, {})

    make = optimizers.build("sgd", {}, clip_norm=0.5)
    halves = X.reshape(2, 16, 6), Y.reshape(2, 16, 4)
    ours, _ = jax.jit(lift(plain, make, accumulate=2))(start(params, (), make), halves, 0.1, KEY)

    @jax.jit
    def pasted_steps(params: Any) -> Any:
        state = pasted.init(params)
        for half in zip(*halves, strict=True):
            grads = jax.grad(lambda params, half=half: plain(params, (), half, KEY, True)[0])(params)
            updates, state = pasted.update(grads, state, params)
            params = optax.apply_updates(params, updates)
        return params

    found = pasted_steps(params)
    for leaf, value in ours.params.items():
        np.testing.assert_allclose(found[leaf], value, rtol=1e-5, atol=1e-7)
        assert not np.array_equal(value, PARAMS[leaf])


def test_a_keyword_that_the_installed_optax_lacks() -> None:
    with pytest.raises(InputError) as caught:
        optimizers.build("adamw", {"weight_decai": 0.1})
    assert caught.value.key == "optimizer.weight_decai"
    assert str(caught.value) == (
        "the installed optax's adamw has no 'weight_decai' (did you mean 'weight_decay'?); "
        "upgrade optax or leave it out"
    )


def test_an_optimiser_that_the_installed_optax_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OPTIMIZERS, "future", Optimizer("optax.contrib.future", "not yet", {}))
    with pytest.raises(InputError) as caught:
        optimizers.build("future", {})
    assert caught.value.key == "optimizer.name"
    assert str(caught.value) == "the installed optax has no optax.contrib.future; upgrade optax"
