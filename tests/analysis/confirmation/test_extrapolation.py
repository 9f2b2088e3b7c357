"""Powers of the length: known ones are found, and carried on exactly."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfind.analysis.confirmation.horizon_scaling import LIMITS, SMALL_SLOPE, extrapolate_rate, horizon_exponent

LENGTHS = st.lists(st.integers(1, 10**6), min_size=2, max_size=3, unique=True)
FALLING = st.floats(LIMITS[0], -SMALL_SLOPE - 1e-6)
STEPS = st.integers(1, 10**9)


def law(exponent: float, lengths: list[int], at_one: float = -1.0) -> dict[int, float]:
    """log10 of the best rate of every length, by ``rate ~ steps^exponent``."""
    return {steps: at_one + exponent * math.log10(steps) for steps in lengths}


@given(FALLING, LENGTHS, STEPS, st.floats(-6, 2))
def test_a_known_power_is_found_and_carried_on(exponent: float, lengths: list[int], steps: int, at_one: float) -> None:
    bests = law(exponent, lengths, at_one)
    assert horizon_exponent(bests) == pytest.approx(exponent, abs=1e-6)
    assert extrapolate_rate(bests, steps) == pytest.approx(at_one + exponent * math.log10(steps), abs=1e-5)


@given(st.floats(-SMALL_SLOPE + 1e-6, 3), LENGTHS, STEPS)
def test_one_that_hardly_falls_or_rises_is_none(exponent: float, lengths: list[int], steps: int) -> None:
    bests = law(exponent, lengths)
    assert horizon_exponent(bests) == 0
    assert extrapolate_rate(bests, steps) == bests[max(lengths)]


@given(st.floats(-10, -1), LENGTHS)
def test_no_rate_falls_faster_than_the_length_grows(exponent: float, lengths: list[int]) -> None:
    assert horizon_exponent(law(exponent, lengths)) == pytest.approx(-1, abs=1e-9)


def test_three_lengths_are_fitted_by_least_squares() -> None:
    found = horizon_exponent({10: -1.0, 100: -2.0, 1000: -2.2})
    assert found == pytest.approx(-0.6)  # ((-1) (-1) + 0 (-2) + 1 (-2.2)) / 2
    assert extrapolate_rate({10: -1.0, 100: -2.0, 1000: -2.2}, 10_000) == pytest.approx(-2.8)


@given(st.floats(-6, 2), st.integers(1, 10**6), STEPS)
def test_a_length_alone_is_kept(place: float, length: int, steps: int) -> None:
    assert extrapolate_rate({length: place}, steps) == place


@given(st.floats(-6, 2), st.integers(1, 10**6), STEPS, st.floats(-1, 0))
def test_a_length_alone_is_carried_on_by_what_else_is_known(place: float, length: int, steps: int, most: float) -> None:
    assert horizon_exponent({length: place}, most) == most
    assert extrapolate_rate({length: place}, steps, most) == pytest.approx(place + most * math.log10(steps / length))


@given(st.floats(-2, 2), LENGTHS, st.floats(-1, 0))
def test_what_else_is_known_bounds_what_was_seen(exponent: float, lengths: list[int], most: float) -> None:
    bests = law(exponent, lengths)
    assert horizon_exponent(bests, most) == min(most, horizon_exponent(bests))


@given(st.dictionaries(st.integers(1, 10**6), st.floats(-6, 2), min_size=2, max_size=3), STEPS, st.floats(-3, 3))
def test_all_moves_with_the_rates_and_order_is_irrelevant(bests: dict[int, float], steps: int, shift: float) -> None:
    found = extrapolate_rate(bests, steps)
    assert extrapolate_rate(dict(reversed(bests.items())), steps) == pytest.approx(found, abs=1e-6)
    assert LIMITS[0] <= horizon_exponent(bests) <= LIMITS[1]
    slope = horizon_exponent(bests)
    if slope == 0 or slope < -SMALL_SLOPE - 1e-6:  # Not beside the jump, where rounding decides.
        moved = {length: place + shift for length, place in bests.items()}
        if (horizon_exponent(moved) == 0) == (slope == 0):
            assert extrapolate_rate(moved, steps) == pytest.approx(found + shift, abs=1e-6)


@given(st.dictionaries(st.integers(1, 10**6), st.floats(-6, 2), min_size=1, max_size=3), st.integers(1, 1000))
def test_a_longer_training_has_no_higher_rate(bests: dict[int, float], times: int) -> None:
    assert extrapolate_rate(bests, max(bests) * times) <= bests[max(bests)]
