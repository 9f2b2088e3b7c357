"""What is pasted does what was measured: the YAML is a config, the line of optax steps as lrfind's own kernel does."""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from lrfind.analysis.plateau import factors
from lrfind.analysis.range_test.curve import summarize
from lrfind.config.load import load
from lrfind.config.schema import Config, TrainSection
from lrfind.core.registry import SCHEDULES
from lrfind.core.result import Evidence, Recommendation
from lrfind.report.sweep.sweep_text import wrap_code
from lrfind.runs.pasteable import advise, flow, line
from lrfind.task.optim import optimizers, schedules
from lrfind.task.optim.schedules import unit_schedule
from lrfind.task.optim.source_code import source

STEPS, RATE = 12, 0.037
LADDER = np.geomspace(1e-5, 10, 80)
CURVE = 2.3 - 2 / (1 + np.exp(-3 * (np.log10(LADDER) + 2.5))) + np.where(LADDER > 0.5, (LADDER / 0.5) ** 3 - 1, 0)
READING = summarize(LADDER, CURVE[None])
FAMILIES: dict[str, dict[str, Any]] = {
    "momentum": {"name": "sgd", "momentum": 0.9, "nesterov": True},
    "adamw": {"name": "adamw", "weight_decay": 0.1, "b2": 0.99, "clip_norm": 0.5},
    "accumulated": {"name": "adam", "accumulate": 2},
    "rmsprop": {"name": "rmsprop"},
    "adagrad": {"name": "adagrad"},
    "lion": {"name": "lion"},
}
OPTIONS: dict[str, dict[str, Any]] = {
    "exponential": {"decay_rate": 0.5, "decay_steps": 3},
    "inverse_time": {"decay_rate": 0.5, "decay_steps": 3},
    "cosine_restarts": {"cycle_steps": 3},
    "triangular": {"cycle_steps": 4, "decay": 0.5},
    "scheduled_drop": {"at": [5, 9], "factors": [0.3, 0.1]},
    "reduce_on_plateau": {"window": 2, "patience": 2, "factor": 0.5},
}
LOSS = np.array([3, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1], dtype=np.float64)


def training(name: str) -> dict[str, Any]:
    warmup = 0 if name in ("constant", "one_cycle") else 2
    return {"steps": STEPS, "schedule": {"name": name, "warmup_steps": warmup, **OPTIONS.get(name, {})}}


def config(**optimizer: Any) -> Config:
    return Config.model_validate(
        {"model": {"name": "linear"}, "data": {"name": "digits"}, "optimizer": optimizer, "train": {"steps": STEPS}}
    )


def gradients() -> Any:
    rng = np.random.default_rng(0)
    return {"w": rng.standard_normal((STEPS, 2, 3)).astype(np.float32), "b": np.ones((STEPS, 3), np.float32)}


def pasted(text: str, accumulate: int) -> Any:
    """The parameters after every step, by the line as a user has it."""
    made = eval(text, {"optax": optax})
    optimizer = optax.with_extra_args_support(made)

    def one(carry: Any, now: Any) -> Any:
        params, state = carry
        gradient, value = now
        updates, state = optimizer.update(gradient, state, params, value=value)
        params = optax.apply_updates(params, updates)
        return (params, state), params

    often = jax.tree.map(lambda leaf: np.repeat(leaf, accumulate, axis=0), (gradients(), LOSS.astype(np.float32)))
    start = jax.tree.map(lambda leaf: jnp.ones(leaf.shape[1:]), gradients())
    _, found = jax.jit(lambda: jax.lax.scan(one, (start, optimizer.init(start)), often))()
    return jax.tree.map(lambda leaf: np.asarray(leaf)[accumulate - 1 :: accumulate], found)


@cache
def kernel(family: str) -> Any:
    """``rates -> the parameters after every step``, by lrfind's own way: an optimiser built in the step, at the rate
    that it is given."""
    section = config(**FAMILIES[family]).optimizer
    make = optimizers.build(section)

    def one(carry: Any, now: Any) -> Any:
        params, state = carry
        gradient, rate = now
        updates, state = make(rate).update(gradient, state, params)
        params = optax.apply_updates(params, updates)
        return (params, state), params

    start = jax.tree.map(lambda leaf: jnp.ones(leaf.shape[1:]), gradients())
    return jax.jit(lambda rates: jax.lax.scan(one, (start, make(0.1).init(start)), (gradients(), rates))[1])


SOME = ("cosine", "reduce_on_plateau")
"""Schedules that every family of optimisers is run with; one family is run with all."""


@pytest.mark.parametrize(
    ("family", "name"),
    [(family, name) for family in FAMILIES for name in (SCHEDULES if family == "momentum" else SOME)],
)
def test_the_pasted_line_steps_as_the_kernel_does(family: str, name: str) -> None:
    found, train = config(**FAMILIES[family]), training(name)
    schedule = Config.model_validate({**found.model_dump(exclude_unset=True), "train": train}).train.schedule
    along = unit_schedule(name, STEPS, **schedule.keywords(STEPS))
    rates, until = along.factors * RATE, STEPS
    if along.plateau is not None:  # optax lowers the step whose loss ends the window, so it is a step ahead
        held = factors(along.plateau, LOSS[None])[0]
        assert held[-1] < 1
        rates, until = rates * np.append(held[1:], held[-1]), STEPS - 1
    wanted = kernel(family)(jnp.asarray(rates, jnp.float32))
    text = line(found, STEPS, train, RATE)
    both = (jax.tree.leaves(each) for each in (wanted, pasted(text, found.optimizer.accumulate)))
    for ours, theirs in zip(*both, strict=True):
        np.testing.assert_allclose(np.asarray(ours)[:until], theirs[:until], rtol=3e-5, atol=3e-6, err_msg=text)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_line_of_every_family_has_the_same_schedule(family: str) -> None:
    """So what one family shows holds for all."""
    cosine = line(config(**FAMILIES[family]), STEPS, training("cosine"), RATE)
    for name in set(SCHEDULES) - {"reduce_on_plateau", "constant"}:
        texts = []
        for each in ("cosine", name):
            keywords = TrainSection.model_validate(training(each)).schedule.keywords(STEPS)
            texts.append(source(schedules.call(each, RATE, STEPS, **keywords)))
        assert line(config(**FAMILIES[family]), STEPS, training(name), RATE) == cosine.replace(*texts)


def advised(section: Config, **changes: Any) -> Any:
    found = Recommendation(0.0123456, 3e-3, 5e-2, "steepest", True, section.train.schedule.name, STEPS, "heats", "why")
    return advise(section, STEPS, READING, recommending(replace(found, **changes)), mean=0.5)


def recommending(found: Recommendation) -> Any:
    """What advice reads of a result."""
    return SimpleNamespace(recommendation=found, confirmation=None, evidence=Evidence())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "train", [{"steps": STEPS, "schedule": "cosine"}, {"epochs": 2.5, "schedule": "constant"}], ids=str
)
def test_the_yaml_is_a_config(family: str, train: dict[str, Any]) -> None:
    section = Config.model_validate({**config(**FAMILIES[family]).model_dump(exclude_unset=True), "train": train})
    settings = advised(section).settings
    assert {"constant", "cosine", "one_cycle", "triangular", "step"} == {each.schedule for each in settings}
    for setting in settings:
        text = f"model: {{name: linear}}\ndata: {{name: digits}}\n{setting.yaml}"
        loaded = load("-", (), stdin_text=text).config
        assert loaded.optimizer.learning_rate == setting.learning_rate
        assert loaded.optimizer.options == section.optimizer.options
        assert loaded.train.schedule.name == setting.schedule
        assert (loaded.train.steps, loaded.train.epochs) == (section.train.steps, section.train.epochs)
        assert (
            line(section, STEPS, YAML(typ="safe").load(setting.yaml)["train"], setting.learning_rate) == setting.optax
        )


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("width", [40, 80])
def test_a_line_that_was_wrapped_is_the_same_line(name: str, width: int) -> None:
    schedule = {"name": name, "warmup_steps": 2, **OPTIONS.get(name, {})}
    text = line(config(name="adam", accumulate=4, clip_norm=1.0), STEPS, {"steps": STEPS, "schedule": schedule}, RATE)
    assert ast.dump(ast.parse("\n".join(wrap_code(text, width)))) == ast.dump(ast.parse(text))


def test_no_rate_no_settings() -> None:
    found = advised(config(name="sgd"), learning_rate=None, low=None, high=None, confirmed=False)
    assert found.settings == ()
    assert [each.learning_rate for each in found.guesses] == [0.1, 0.01, 0.001]


def test_the_users_own_schedule_keeps_its_keys() -> None:
    train = {"steps": STEPS, "schedule": {"name": "exponential", "decay_rate": 0.5, "warmup_steps": 1}}
    section = Config.model_validate({**config(name="adam").model_dump(exclude_unset=True), "train": train})
    first = advised(section).settings[0]
    assert (first.schedule, first.basis) == ("exponential", "measured")
    assert first.yaml == (
        "optimizer: {name: adam, learning_rate: 0.0123}\n"
        "train: {steps: 12, schedule: {name: exponential, warmup_steps: 1, decay_rate: 0.5}}\n"
    )


def test_the_warmup_of_adam_goes_by_its_b2() -> None:
    section = config(name="adam", b2=0.5)
    long = Config.model_validate({**section.model_dump(exclude_unset=True), "train": {"steps": 1000}})
    found = Recommendation(0.01, 3e-3, 5e-2, "steepest", True, "constant", 1000, "heats", "why")
    settings = advise(long, 1000, READING, recommending(found), mean=1.0).settings
    cosine = next(each for each in settings if each.schedule == "cosine")
    assert "warmup_steps: 4" in cosine.yaml
    assert "2 / (1 - b2)" in cosine.source


plain = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9) | st.text(max_size=8)
values = st.recursive(
    plain, lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=5), some, max_size=3)
)


@given(values)
@example("\U00010003 \x7f\x85\u2028 \\ \" 'é")
@example({"no": "on", "1": "a: b", "# c": "- d"})
def test_any_value_comes_back_from_its_yaml(value: Any) -> None:
    assert YAML(typ="safe").load(f"key: {flow(value)}\n") == {"key": value}
