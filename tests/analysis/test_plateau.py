"""Reduce on plateau against a plain loop, and against optax given the same values."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfind.analysis.plateau import Plateau, PlateauTracker, factors
from lrfind.core.dataset import Floats
from lrfind.task.optim.schedules import transform
from lrfind.task.optim.source_code import evaluate


def by_hand(rule: Plateau, loss: Floats) -> Floats:
    """The factor at each step of one lane, one window at a time, in plain words."""
    best, waited, resting, scale = math.inf, 0, 0, 1.0
    found: list[float] = []
    for begin in range(0, len(loss), rule.window):
        some = loss[begin : begin + rule.window]
        found += [scale] * len(some)
        mean = sum(some) / len(some)
        if mean < (1 - rule.threshold) * best:
            best, waited = mean, 0
        else:
            waited += 1
        if resting > 0:
            resting, waited = resting - 1, 0
        elif waited == rule.patience:
            scale, waited, resting = max(scale * rule.factor, rule.minimum), 0, rule.cooldown
    return np.array(found)


rules = st.builds(
    Plateau,
    factor=st.sampled_from([0.1, 0.5]),
    patience=st.integers(1, 4),
    threshold=st.sampled_from([1e-4, 0.1]),
    cooldown=st.integers(0, 3),
    window=st.integers(1, 5),
    minimum=st.sampled_from([0.0, 0.2, 0.01]),
)
losses = st.lists(st.floats(0.1, 3) | st.just(math.nan), min_size=1, max_size=60)


@given(rules, st.lists(losses, min_size=1, max_size=3))
def test_the_factors_are_those_by_hand(rule: Plateau, lanes: list[list[float]]) -> None:
    shortest = min(map(len, lanes))
    loss = np.array([lane[:shortest] for lane in lanes])
    found = factors(rule, loss)
    for row, lane in zip(found, loss, strict=True):
        np.testing.assert_allclose(row, by_hand(rule, lane), rtol=1e-12)
    assert (found[:, : rule.window] == 1).all()
    assert (np.diff(found) <= 0).all()
    assert (found >= rule.minimum).all()


@given(rules, losses, st.integers(0, 59))
def test_the_future_changes_nothing(rule: Plateau, lane: list[float], at: int) -> None:
    other = [*lane[:at], *[9.0] * len(lane[at:])]
    first, second = (factors(rule, np.array([each])) for each in (lane, other))
    np.testing.assert_array_equal(first[:, : at + 1], second[:, : at + 1])


@given(rules, losses)
def test_until_then_nothing_changes_surely(rule: Plateau, lane: list[float]) -> None:
    """From any window on, the factor holds for as many windows as it says, whatever comes."""
    windows = [np.array([lane[i : i + rule.window]]) for i in range(0, len(lane) - rule.window + 1, rule.window)]
    waiting = PlateauTracker(rule, 1)
    held = (0, 1.0)
    for number, window in enumerate(windows):
        if number >= held[0]:
            held = (number + waiting.surely, float(waiting.scale[0]))
        assert waiting.scale[0] == held[1]
        waiting.see(window)


@pytest.mark.parametrize("window", [1, 4])
@pytest.mark.parametrize("cooldown", [0, 8])
def test_it_is_optax_given_the_same_values(window: int, cooldown: int) -> None:
    rng = np.random.default_rng(window + cooldown)
    steps = 240
    stalls = 1 + np.exp(-np.arange(steps) / 20) + 0.02 * rng.standard_normal(steps)
    stalls[100:] -= 0.3  # a drop that helps, then another plateau
    options: dict[str, Any] = {"factor": 0.5, "patience": 12, "threshold": 1e-3, "min_factor": 0.1}
    options |= {"window": window, "cooldown": cooldown}
    rule = Plateau.of(**options, warmup_steps=0)
    assert (rule.patience, rule.cooldown) == (12 // window, cooldown // window)
    plateau = evaluate(transform("reduce_on_plateau", **options))
    gradient = jnp.ones(())

    def one(state: Any, value: Any) -> tuple[Any, Any]:
        update, state = plateau.update(gradient, state, value=value)
        return state, update

    _, theirs = jax.lax.scan(one, plateau.init(gradient), jnp.asarray(stalls, jnp.float32))
    ours = factors(rule, stalls[None])[0]
    assert len(set(ours)) >= 4
    # optax lowers the step that it has just seen the loss of; a rate given beforehand is lowered at the next one.
    np.testing.assert_allclose(ours[1:], np.asarray(theirs)[:-1], rtol=1e-6)


def test_lengths_are_steps_in_whole_windows() -> None:
    keys: dict[str, Any] = {"factor": 0.1, "threshold": 1e-4, "min_factor": 0.0}
    rule = Plateau.of(patience=25, cooldown=11, window=10, **keys)
    assert (rule.patience, rule.cooldown, rule.window) == (3, 2, 10)
    assert Plateau.of(patience=1, cooldown=0, window=10, **keys).patience == 1


def test_optax_is_the_one_that_is_restated() -> None:
    """If optax changes its rule, so must we."""
    import inspect

    known = inspect.signature(optax.contrib.reduce_on_plateau).parameters
    assert set(known) == {"factor", "patience", "rtol", "atol", "cooldown", "accumulation_size", "min_scale"}
