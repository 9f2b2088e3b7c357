"""The law of the rate against the batch size, on rates made by a law."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfind.analysis.comparison import law

SIZES = np.array([16.0, 32.0, 64.0, 128.0])
NONE = np.full(4, np.nan)


@settings(deadline=None)
@given(st.floats(-1, 2), st.floats(1e-5, 1))
def test_a_law_is_found_again(exponent: float, scale: float) -> None:
    rates = scale * SIZES**exponent
    found = law(SIZES, rates, rates / 2, rates * 2)
    assert found is not None
    assert found.fitted.exponent == pytest.approx(exponent, abs=1e-9)
    assert found.fitted.scale == pytest.approx(scale, rel=1e-7)
    assert found.fitted.off == pytest.approx(1)
    assert found.low < exponent < found.high


def test_the_range_in_closed_form() -> None:
    """Equal intervals of a factor 4: error log 4 / sqrt 12, over the root of the summed squares of log size."""
    found = law(SIZES, SIZES, SIZES / 2, SIZES * 2)
    assert found is not None
    margin = 2 * (math.log(4) / math.sqrt(12)) / (math.log(2) * math.sqrt(5))
    assert (found.low, found.high) == (pytest.approx(1 - margin), pytest.approx(1 + margin))
    assert found.root.off == pytest.approx(2 ** (1.5 / 2))
    assert found.root.rate(4.0) == pytest.approx(found.root.scale * 2)
    assert found.linear.off == pytest.approx(1)


def test_weights_against_polyfit() -> None:
    rates = np.array([0.01, 0.03, 0.02, 0.09])
    low, high = rates / [2, 1.5, 3, 1.2], rates * [2, 1.5, 3, 1.2]
    weights = 1 / np.log(high / low)
    slope, at_one = np.polyfit(np.log(SIZES), np.log(rates), 1, w=weights)
    found = law(SIZES, rates, low, high)
    assert found is not None
    assert found.fitted.exponent == pytest.approx(slope)
    assert found.fitted.scale == pytest.approx(math.exp(at_one))


def test_rates_without_an_interval_and_without_a_rate() -> None:
    without = law(SIZES, SIZES, NONE, NONE)
    assert without is not None
    assert without.fitted.exponent == pytest.approx(1)
    assert law(SIZES, np.array([0.1, np.nan, 0.0, np.inf]), NONE, NONE) is None
    assert law(np.array([8.0, 8.0]), np.array([0.1, 0.2]), NONE[:2], NONE[:2]) is None
