"""Rates carried on to long trainings, where the gradient has no say in the size of updates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfind.analysis.confirmation.horizon_scaling import EXACT, POWER, factor, ignores_gradient_scale, steps_near
from lrfind.analysis.range_test.recommendation import recommend, scaled_to_horizon
from lrfind.core.result import Suggestion
from tests.support.synthetic import ladder

RATES = ladder()


def gradients(spread: float, seeds: int = 4) -> np.ndarray:
    return np.exp(np.random.default_rng(0).normal(0, spread, (seeds, len(RATES))))


SUGGESTED = float(RATES[80])


def share_of_weights() -> np.ndarray:
    """LAMB on weights that grow by a share of themselves at every step: updates over rate are the weights."""
    return np.tile(RATES * np.concatenate([[1.0], np.cumprod(1 + RATES)[:-1]]), (4, 1))


def test_signs_have_one_size() -> None:
    assert ignores_gradient_scale(RATES, np.tile(RATES * 70.0, (4, 1)), gradients(1.0), None)
    assert ignores_gradient_scale(RATES, np.outer([1, 2, 3, 4], RATES), gradients(1.0), None), (
        "each seed has weights of its own"
    )


def test_a_share_of_the_weights_is_seen_while_they_are_still() -> None:
    suggested = 0.01
    assert ignores_gradient_scale(RATES, share_of_weights(), gradients(1.0), suggested)
    assert not ignores_gradient_scale(RATES, share_of_weights(), gradients(1.0), None), (
        "they grow by orders of magnitude in the end"
    )


def test_nearly_is_not_a_share() -> None:
    """Adam on batches of half the data, whose gradients hardly differ, comes close."""
    found = share_of_weights() * np.exp(np.random.default_rng(1).normal(0, 4 * EXACT, (4, len(RATES))))
    assert not ignores_gradient_scale(RATES, found, gradients(1.0), 0.01)


def test_gradients_do_not() -> None:
    found = gradients(1.0)
    assert not ignores_gradient_scale(RATES, RATES * found, found, SUGGESTED)


def test_a_gradient_that_never_changed_tells_nothing() -> None:
    found = gradients(0.0005)
    assert not ignores_gradient_scale(RATES, RATES * found, found, SUGGESTED)


def test_what_was_not_measured_is_left_out() -> None:
    norms, found = np.tile(RATES, (4, 1)), gradients(1.0)
    norms[:, 80:] = np.nan
    found[:, :2] = 0
    norms[3] = np.nan
    assert ignores_gradient_scale(RATES, norms, found, None)
    assert not ignores_gradient_scale(RATES, np.full_like(norms, np.nan), found, SUGGESTED)


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
    moved = scaled_to_horizon(found, RATES, 1000.0)
    by = factor(steps_near(RATES, rate), 1000.0)
    assert (moved.learning_rate, moved.low, moved.high) == pytest.approx((rate * by, rate / 2 * by, rate * 2 * by))
    assert f"the sweep suggests {rate:.1e}" in moved.reason
    assert "for 2,000 steps" in moved.reason


def test_no_rate_is_not_carried() -> None:
    none = recommend("steepest", Suggestion(None, None, None, "why"), seeds=4, schedule="cosine", steps=2000)
    assert scaled_to_horizon(none, RATES, 1000.0) == none
