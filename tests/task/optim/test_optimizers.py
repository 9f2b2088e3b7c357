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

from lrfind.config.optimizer_catalog import OPTIMIZERS, Optimizer
from lrfind.config.sections.optimizer import OptimizerSection
from lrfind.core.errors import InputError
from lrfind.engine import execution as compiler
from lrfind.engine.step import GradientStep, TrainState, start
from lrfind.task.optim import optimizers
from tests.support.optimizers import section

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
    "adan": 0.3,
    "adopt": 0.3,
    "dadapt_adamw": 1.0,
    "dog": 3.0,
    "dowg": 1.0,
    "lars": 10.0,
    "lion": 0.02,
    "madgrad": 1.0,
    "momo": 1.0,
    "noisy_sgd": 0.05,
    "polyak_sgd": 3.0,
    "prodigy": 3.0,
    "rmsprop": 0.02,
    "schedule_free_sgd": 1.0,
    "sgd": 0.05,
    "sign_sgd": 0.03,
    "signum": 0.03,
    "simplified_ademamix": 0.001,
    "sm3": 3.0,
}
"""Rates that learn the regression in so many steps; 0.1 where nothing is said."""

ONE_TYPE = {"dadapt_adamw", "dog", "dowg", "lars", "momo", "momo_adam", "prodigy"}
ONE_TYPE |= {"schedule_free_adamw", "schedule_free_sgd"}
"""What takes parameters of float32 alone: its state would change its type at the first step."""

LATE = {"adopt"}
"""What makes no update at its first step."""


def paste(choice: OptimizerSection, rate: float) -> Any:
    """What the line to paste makes, where optax and jax are imported."""
    return eval(optimizers.to_source(choice, rate), {"optax": optax, "jax": jax})


def loss(params: Any, state: Any, batch: Any, key: Any, train: bool) -> Any:
    x, y = batch
    outputs = (x @ params["weight"] + params["bias"]) * (1 + params["scale"].astype(jnp.float32))
    return jnp.mean((outputs - y) ** 2), (state, {})


def params_of(name: str) -> Any:
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32) if name in ONE_TYPE else jnp.asarray(leaf), PARAMS)


def compiled(function: Callable[..., Any], *args: Any) -> Any:
    """Compiled quickly: dozens of programs are run once or twice each."""
    return compiler.compile_program(jax.jit(function).lower(*args), "quick")


@lru_cache
def training(name: str) -> Callable[[Any], Any]:
    """`STEPS` steps at a traced rate: the losses, and the parameters after the first step and the last."""
    make = optimizers.build(section(name))
    step = GradientStep(loss, make)

    def run(rate: Any) -> Any:
        def body(train: TrainState, _: None) -> Any:
            after, record = step(train, (X, Y), rate, KEY)
            return after, (record, after.params)

        last, (records, params) = jax.lax.scan(body, start(params_of(name), (), make), None, STEPS)
        return records, jax.tree.map(lambda leaf: leaf[0], params), last.params

    program = compiled(run, np.float32(0))
    return lambda rate: program(np.float32(rate))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimiser_learns(name: str) -> None:
    records, _, params = training(name)(SENSIBLE.get(name, 0.1))
    assert np.isfinite(np.asarray(records.update_norm)).all()
    assert records.loss[-1] < 0.3 * records.loss[0]
    dtypes = jax.tree.map(lambda leaf: leaf.dtype, params)
    assert dtypes == jax.tree.map(lambda leaf: leaf.dtype, params_of(name))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_one_program_serves_every_rate(name: str) -> None:
    first, second = (training(name)(rate)[0] for rate in (0.01, 0.02))
    assert first.loss[0] == second.loss[0]
    at = 1 if name in LATE else 0
    assert first.update_norm[at] < second.update_norm[at]


def program(function: Callable[..., Any], *args: Any) -> str:
    """What a function computes, without computing it."""
    return str(jax.make_jaxpr(function)(*args))


def steps_of(optimizer: Any) -> Callable[[Any], Any]:
    """The first two steps of an optimiser."""
    optimizer = optax.with_extra_args_support(optimizer)

    def steps(params: Any) -> Any:
        state = optimizer.init(params)
        for _ in range(2):
            value, grads = jax.value_and_grad(lambda params: loss(params, (), (X, Y), KEY, True)[0])(params)
            updates, state = optimizer.update(grads, state, params, value=value)
            params = optax.apply_updates(params, updates)
        return params

    return steps


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if not OPTIMIZERS[name].given])
def test_the_line_to_paste_is_the_optimiser(name: str) -> None:
    pasted, built = paste(section(name), 0.02), optimizers.build(section(name))
    params = params_of("momo")
    line = program(steps_of(pasted), params)
    assert line == program(steps_of(built(0.02)), params)
    assert line != program(steps_of(built(0.03)), params)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_starting_state_does_not_depend_on_the_rate(name: str) -> None:
    make, params = optimizers.build(section(name)), params_of(name)
    assert program(make(0.3).init, params) == program(make(1.0).init, params)
    given = jax.eval_shape(lambda: start(params, (), make).optimizer)
    assert all(isinstance(leaf.dtype, np.dtype) for leaf in jax.tree.leaves(given))  # that a file can hold


PARTS = {"clip_norm": 1.0, "groups": {"b*": 0.5}, "frozen": ("scale",)}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimiser_goes_with_groups_and_frozen_parts(name: str) -> None:
    params = params_of("momo")
    for rate in (paste(section(name, **PARTS), 0.1), optimizers.build(section(name, **PARTS))(0.1)):
        optimizer = optax.with_extra_args_support(rate)
        state = jax.eval_shape(optimizer.init, params)
        updates, after = jax.eval_shape(lambda p, s, o=optimizer: o.update(p, s, p, value=jnp.ones(())), params, state)
        assert jax.tree.structure(updates) == jax.tree.structure(params)
        assert jax.tree.structure(after) == jax.tree.structure(state)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_keyword_reaches_optax(name: str) -> None:
    options = OPTIMIZERS[name].options
    assert optimizers.build(section(name, options))(0.1) is not None
    assert paste(section(name, options, clip_norm=1.0), 0.1) is not None


def test_a_keyword_changes_the_optimiser() -> None:
    make = optimizers.build(section("sgd", {"momentum": 0.5}))
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
        ("noisy_sgd", {"eta": 0.1}, {}, "optax.noisy_sgd(0.0012, key=0, eta=0.1)"),
        ("prodigy", {"betas": [0.9, 0.99]}, {}, "optax.contrib.prodigy(0.0012, betas=[0.9, 0.99])"),
        (
            "lars",
            {"weight_decay": 0.01},
            {"decayed": "weights"},
            "optax.lars(0.0012, weight_decay=0.01, "
            "weight_decay_mask=lambda params: jax.tree.map(lambda leaf: leaf.ndim > 1, params))",
        ),
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
    assert optimizers.to_source(section(name, options, **others), 0.0012) == text
    assert eval(text, {"optax": optax, "jax": jax}).init(PARAMS) is not None


def test_a_name_can_stand_for_the_rate() -> None:
    assert optimizers.to_source(section("adam"), "learning_rate") == "optax.adam(learning_rate)"
    grouped = optimizers.to_source(section("adam", groups={"bias": 0.1}), "learning_rate")
    assert "{'bias': optax.adam(0.1 * learning_rate), '*': optax.adam(learning_rate)}" in grouped


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_schedule_can_stand_for_the_rate(name: str) -> None:
    text = optimizers.to_source(section(name, groups={"b*": 0.5}), "optax.linear_schedule(1.0, 0.0, 10)")
    optimizer = optax.with_extra_args_support(eval(text, {"optax": optax, "jax": jax}))
    params = params_of("momo")
    state = jax.eval_shape(optimizer.init, params)
    updates, _ = jax.eval_shape(lambda p, s: optimizer.update(p, s, p, value=jnp.ones(())), params, state)
    assert jax.tree.structure(updates) == jax.tree.structure(params)
    assert "lambda step: 0.5 * optax.linear_schedule(1.0, 0.0, 10)(step)" in text


def test_multi_steps_is_what_accumulation_does() -> None:
    pasted = paste(section("sgd", clip_norm=0.5, accumulate=2), 0.1)
    params = {key: jnp.asarray(PARAMS[key]) for key in ("weight", "bias")}

    def plain(params: Any, state: Any, batch: Any, key: Any, train: bool) -> Any:
        return jnp.mean((batch[0] @ params["weight"] + params["bias"] - batch[1]) ** 2), (state, {})

    make = optimizers.build(section("sgd", clip_norm=0.5))
    halves = X.reshape(2, 16, 6), Y.reshape(2, 16, 4)
    ours, _ = jax.jit(GradientStep(plain, make, accumulate=2))(start(params, (), make), halves, 0.1, KEY)

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
        optimizers.build(section("adamw", {"weight_decai": 0.1}))
    assert caught.value.key == "optimizer.weight_decai"
    assert str(caught.value) == (
        "the installed optax's adamw has no 'weight_decai' (did you mean 'weight_decay'?); "
        "upgrade optax or leave it out"
    )


def test_an_optimiser_that_the_installed_optax_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OPTIMIZERS, "future", Optimizer("optax.contrib.future", "not yet", {}))
    with pytest.raises(InputError) as caught:
        optimizers.build(section("future"))
    assert caught.value.key == "optimizer.name"
    assert str(caught.value) == "the installed optax has no optax.contrib.future; upgrade optax"


def test_a_value_that_optax_refuses() -> None:
    with pytest.raises(InputError, match="optax refuses it: `rank` must be positive, got 0") as caught:
        optimizers.build(section("galore", {"rank": 0}))
    assert caught.value.key == "optimizer"


def moved(choice: OptimizerSection, rate: float = 0.1, steps: int = 3) -> Any:
    """How far each parameter has moved after some steps of the pasted line and of the optimiser, which agree."""
    built, pasted = optimizers.build(choice), paste(choice, rate)
    begin = params_of("momo")

    def run(make: Any, rate: Any) -> Any:
        step, train = GradientStep(loss, make), start(begin, (), make)
        for _ in range(steps):
            train, _ = step(train, (X, Y), rate, KEY)
        return jax.tree.map(jnp.subtract, train.params, begin)

    ours, theirs = compiled(lambda rate: (run(built, rate), run(lambda _: pasted, rate)), 0.1)(rate)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6), ours, theirs)
    return ours


def test_groups_have_rates_of_their_own() -> None:
    plain = moved(section("adam"), steps=1)
    parted = moved(section("adam", groups={"b*": 0.5, "bias": 7.0, "s*": 2.0}), steps=1)
    for leaf, factor in {"weight": 1, "bias": 0.5, "scale": 2}.items():
        np.testing.assert_allclose(parted[leaf], factor * plain[leaf], rtol=1e-5)


def test_everything_may_be_one_group() -> None:
    halved, plain = moved(section("sgd", groups={"*": 0.5}), 0.1), moved(section("sgd"), 0.05)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), halved, plain)


@pytest.mark.parametrize("name", ["adamw", "muon", "momo_adam", "schedule_free_adamw"])
def test_frozen_parts_stay_and_count_for_no_norm(name: str) -> None:
    options = {"weight_decay": 0.1}
    still = moved(section(name, options, clip_norm=0.5, groups={"b*": 0.5}, frozen=("scale",)))
    assert not np.any(still["scale"])
    assert np.all(still["bias"])
    assert np.all(still["weight"])


def test_clipping_sees_what_is_trained_alone() -> None:
    grads = {"a": jnp.array([3.0]), "b": jnp.array([4.0]), "c": jnp.array([100.0])}
    optimizer = paste(section("sgd", clip_norm=1.0, groups={"b": 2.0}, frozen=("c",)), 1.0)
    updates, _ = optimizer.update(grads, optimizer.init(grads), grads)
    np.testing.assert_allclose([updates[name][0] for name in "abc"], [-3 / 5, -2 * 4 / 5, 0], rtol=1e-6)


@pytest.mark.parametrize("name", [name for name, entry in OPTIMIZERS.items() if entry.mask])
def test_decay_can_be_for_matrices_alone(name: str) -> None:
    key = next(key for key in OPTIMIZERS[name].options if key.startswith("weight_decay"))
    begin = {"weight": jnp.ones((2, 2)), "bias": jnp.ones(2)}

    def updates(decay: float, decayed: Any = "weights") -> Any:
        optimizer = paste(section(name, {key: decay}, decayed=decayed), 0.1)
        return optimizer.update(begin, optimizer.init(begin), begin)[0]

    without, everywhere, masked = compiled(lambda: (updates(0.0), updates(0.5, "all"), updates(0.5)))()
    if name in ("dog", "dowg"):  # whose rate is one for all, from what has decayed: 1 of 1.5 times the gradient
        np.testing.assert_allclose(masked["bias"], masked["weight"][0] / 1.5, rtol=1e-5)
        return
    np.testing.assert_allclose(masked["bias"], without["bias"], rtol=1e-6)
    np.testing.assert_allclose(masked["weight"], everywhere["weight"], rtol=1e-6)


def test_a_schedule_free_optimiser_is_evaluated_at_its_average() -> None:
    gradient = jax.jit(jax.grad(lambda params: loss(params, (), (X, Y), KEY, True)[0]))
    for parts in ({}, {"groups": {"b*": 0.5}, "frozen": ("scale",), "clip_norm": 9.0}):
        choice = section("schedule_free_sgd", **parts)
        make, begin = optimizers.build(choice), params_of("momo")
        step, train = jax.jit(GradientStep(loss, make)), start(begin, (), make)
        z, mean = begin, begin
        for number in range(1, 4):
            grads = gradient(train.params)
            train, _ = step(train, (X, Y), 0.1, KEY)
            for leaf in z:
                rate = {"bias": 0.05, "scale": 0}.get(leaf, 0.1) if parts else 0.1
                z = z | {leaf: z[leaf] - rate * grads[leaf]}
                mean = mean | {leaf: mean[leaf] + (z[leaf] - mean[leaf]) / number}  # equal rates have equal weights
        found = optimizers.averages(train.params, train.optimizer)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6), found, mean)
        assert not np.allclose(found["weight"], train.params["weight"], rtol=1e-3)


@pytest.mark.parametrize(
    ("choice", "plain"),
    [
        (section("sgd"), True),
        (section("sgd", {"momentum": None, "nesterov": True}), True),
        (section("sgd", {"momentum": 0.9}), False),
        (section("sgd", clip_norm=0.1), False),
        (section("sgd", groups={"a": 0.5}), False),
        (section("sgd", frozen=("a",)), False),
        (section("adam"), False),
    ],
    ids=str,
)
def test_plain_updates_are_the_gradient_times_minus_the_rate(choice: OptimizerSection, plain: bool) -> None:
    params = {"a": jnp.array([1.0, -2.0]), "b": jnp.array([0.5])}
    gradient = {"a": jnp.array([3.0, -0.7]), "b": jnp.array([1e-3])}
    optimizer, updates, alike = optimizers.build(choice)(0.3), [], []
    state = optimizer.init(params)
    for _ in range(2):
        update, state = optimizer.update(gradient, state, params)
        updates.append(update)
        alike += [
            jnp.allclose(u, -0.3 * g, rtol=1e-6) for u, g in zip(*map(jax.tree.leaves, (update, gradient)), strict=True)
        ]
    assert optimizers.is_plain(choice) is plain
    assert all(alike) is plain
