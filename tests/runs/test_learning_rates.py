"""Rates of a sweep: exact ends, even steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfind.core.registry import LADDERS
from lrfind.runs.range_test import extend_down, extend_up

exponential, linear = LADDERS["exponential"].load(), LADDERS["linear"].load()
ranges = st.tuples(st.floats(1e-12, 1e3), st.floats(1.01, 1e9)).map(lambda pair: (pair[0], pair[0] * pair[1]))
lengths = st.integers(10, 300)


@pytest.mark.parametrize("name", LADDERS)
@settings(deadline=None)
@given(ends=ranges, steps=lengths)
def test_ends_are_exact_and_rates_rise(name: str, ends: tuple[float, float], steps: int) -> None:
    rates = LADDERS[name].load()(*ends, steps)
    assert (rates[0], rates[-1], rates.shape) == (*ends, (steps,))
    assert (np.diff(rates) > 0).all()


@settings(deadline=None)
@given(ends=ranges, steps=lengths)
def test_exponential_steps_have_one_ratio(ends: tuple[float, float], steps: int) -> None:
    low, high = ends
    rates = exponential(low, high, steps)
    np.testing.assert_allclose(rates[1:] / rates[:-1], (high / low) ** (1 / (steps - 1)), rtol=1e-9)


@settings(deadline=None)
@given(ends=ranges, steps=lengths)
def test_linear_steps_have_one_difference(ends: tuple[float, float], steps: int) -> None:
    low, high = ends
    np.testing.assert_allclose(np.diff(linear(low, high, steps)), (high - low) / (steps - 1), rtol=1e-6)


def test_above_carries_an_exponential_ladder_on() -> None:
    more = extend_up(exponential(1e-4, 1.0, 41), 100.0)
    np.testing.assert_allclose(more, 10.0 ** (np.arange(1, 21) / 10))
    assert more[-1] == 100


def test_above_carries_a_linear_ladder_on_in_log_rate() -> None:
    more = extend_up(linear(0.1, 1.0, 10), 10.0)
    assert more[0] / 1.0 == pytest.approx(1 / 0.9, rel=0.02)
    np.testing.assert_allclose(more[1:] / more[:-1], more[0])


def test_below_comes_before_an_exponential_ladder() -> None:
    more = extend_down(exponential(1e-4, 1.0, 41), 1e-6)
    np.testing.assert_allclose(more, 10.0 ** (-6 + np.arange(20) / 10))
    assert more[0] == 1e-6


@pytest.mark.parametrize(
    ("ladder", "steps"),
    [(linear(1e-6, 1.0, 10), 10), (exponential(1e-6, 1.0, 3), 10), (exponential(1e-6, 1.1e-6, 100), 100)],
)
def test_below_takes_five_to_fifty_steps_a_decade(ladder: np.ndarray, steps: int) -> None:
    assert len(extend_down(ladder, 1e-8)) == steps


@pytest.mark.parametrize("high", [1 + 1e-7, 1 + 3e-16])
def test_a_ladder_that_hardly_rises_is_not_carried_on_without_end(high: float) -> None:
    more = extend_up(exponential(1.0, high, 40), 100.0)
    assert len(more) == 400
    assert more[-1] == 100.0


def test_nothing_to_add() -> None:
    rates = exponential(1e-4, 1.0, 41)
    for high in (1.0, 0.5):
        assert extend_up(rates, high).shape == (0,)
    for low in (1e-4, 1e-3):
        assert extend_down(rates, low).shape == (0,)


def test_a_bound_closer_than_a_step_is_still_reached() -> None:
    rates = exponential(1e-4, 1.0, 5)
    assert extend_up(rates, 1.5).tolist() == [1.5]
    assert extend_down(rates, 9e-5).tolist() == [9e-5]


@settings(deadline=None)
@given(ends=ranges, steps=lengths, reach=st.floats(1.001, 1e4))
def test_extensions_join_on(ends: tuple[float, float], steps: int, reach: float) -> None:
    rates = exponential(*ends, steps)
    high, low = float(rates[-1]) * reach, float(rates[0]) / reach
    whole = np.concatenate([extend_down(rates, low), rates, extend_up(rates, high)])
    assert (whole[0], whole[-1]) == (low, high)
    assert (np.diff(whole) > 0).all()
