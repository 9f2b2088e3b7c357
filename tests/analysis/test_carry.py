"""Rates carried on to long trainings, where updates have the rate's size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic import ladder

from lrfind.analysis.carry import POWER, factor, of_one_size, steps_near
from lrfind.analysis.recommend import carried, recommend
from lrfind.types import Suggestion

RATES = ladder()


def gradients(spread: float, seeds: int = 4) -> np.ndarray:
    return np.exp(np.random.default_rng(0).normal(0, spread, (seeds, len(RATES))))


def test_signs_have_one_size() -> None:
    assert of_one_size(RATES, np.tile(RATES * 70.0, (4, 1)), gradients(1.0))


def test_gradients_do_not() -> None:
    found = gradients(1.0)
    assert not of_one_size(RATES, RATES * found, found)


def test_a_gradient_that_never_changed_tells_nothing() -> None:
    found = gradients(0.05)
    assert not of_one_size(RATES, RATES * found, found)


def test_what_was_not_measured_is_left_out() -> None:
    norms, found = np.tile(RATES, (4, 1)), gradients(1.0)
    norms[:, 80:] = np.nan
    found[:, :2] = 0
    assert of_one_size(RATES, norms, found)
    assert not of_one_size(RATES, np.full_like(norms, np.nan), found)


def test_steps_near_of_an_even_ladder() -> None:
    """The sum of a geometric series over its last term is 1 / (1 - 1 / q)."""
    q = RATES[1] / RATES[0]
    assert steps_near(RATES, float(RATES[60])) == pytest.approx(1 / (1 - 1 / q), rel=1e-3)


@given(st.floats(1, 100), st.floats(1, 1e5), st.floats(1, 10))
def test_a_longer_training_never_gets_a_higher_rate(swept: float, wanted: float, longer: float) -> None:
    assert 0 < factor(swept, wanted * longer) <= factor(swept, wanted) <= 1


def test_the_power() -> None:
    assert factor(6, 600) == pytest.approx(100**-POWER)
    assert factor(6, 3) == 1


def test_a_recommendation_is_carried_with_its_interval() -> None:
    rate = float(RATES[60])
    found = recommend("steepest", Suggestion(rate, rate / 2, rate * 2, "why"), seeds=4, schedule="cosine", steps=2000)
    moved = carried(found, RATES, 1000.0)
    by = factor(steps_near(RATES, rate), 1000.0)
    assert (moved.learning_rate, moved.low, moved.high) == pytest.approx((rate * by, rate / 2 * by, rate * 2 * by))
    assert f"the sweep suggests {rate:.1e}" in moved.reason
    assert "for 2,000 steps" in moved.reason


def test_no_rate_is_not_carried() -> None:
    none = recommend("steepest", Suggestion(None, None, None, "why"), seeds=4, schedule="cosine", steps=2000)
    assert carried(none, RATES, 1000.0) == none
