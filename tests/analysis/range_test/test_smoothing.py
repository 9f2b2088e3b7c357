"""The smoother against weighted least squares, line by line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lrfind.analysis.range_test.smoothing import best_bandwidth, lines, noise, running_median, smooth

VALUES = arrays(np.float64, st.integers(5, 60), elements=st.floats(-1e3, 1e3, width=32))


@given(VALUES, st.floats(1.0, 8.0))
def test_a_local_line_is_a_weighted_least_squares_fit(y: np.ndarray, h: float) -> None:
    values, slopes, _ = lines(y, h)
    steps = np.arange(len(y))
    for i in (0, len(y) // 2, len(y) - 1):
        reach = int(np.ceil(4 * h))
        near = abs(steps - i) <= reach
        root = np.sqrt(np.exp(-0.5 * ((steps - i) / h) ** 2)) * near
        design = np.stack([np.ones(len(y)), steps - i], axis=1)
        (value, slope), *_ = np.linalg.lstsq(design * root[:, None], y * root, rcond=None)
        scale = 1 + np.abs(y).max()
        assert values[i] == pytest.approx(value, abs=1e-8 * scale)
        assert slopes[i] == pytest.approx(slope, abs=1e-8 * scale)


@given(st.floats(-5, 5), st.floats(-5, 5), st.integers(5, 200))
def test_a_straight_line_stays_as_it_is(start: float, rise: float, steps: int) -> None:
    y = start + rise * np.arange(steps)
    fit = smooth(y)
    np.testing.assert_allclose(fit.value, y, atol=1e-9 * (1 + np.abs(y).max()))
    np.testing.assert_allclose(fit.slope, rise, atol=1e-9 * (1 + np.abs(y).max()))


def test_a_clean_curve_is_hardly_smoothed_and_a_noisy_one_is() -> None:
    x = np.linspace(-4, 4, 100)
    clean = 1 / (1 + np.exp(4 * x))
    noisy = clean + 0.2 * np.random.default_rng(0).standard_normal(100)
    assert best_bandwidth(clean) < 1.5
    assert best_bandwidth(noisy) > 1.8
    assert np.abs(smooth(noisy).value - clean).mean() < 0.5 * np.abs(noisy - clean).mean()


def test_one_wild_step_is_pulled_in() -> None:
    rng = np.random.default_rng(1)
    y = 0.05 * rng.standard_normal(100)
    wild = y.copy()
    wild[50] += 100
    assert np.abs(smooth(wild, 3.0).value - smooth(y, 3.0).value).max() < 0.3 * 100 / 10


@pytest.mark.parametrize("sigma", [1e-3, 0.1, 30.0])
def test_noise_is_measured_on_top_of_a_trend(sigma: float) -> None:
    rng = np.random.default_rng(2)
    trend = sigma * 0.3 * np.arange(2000)
    assert noise(trend + sigma * rng.standard_normal(2000)) == pytest.approx(sigma, rel=0.1)
    assert noise(trend) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("h", [1.0, 3.0, 8.0])
def test_standard_errors_are_those_of_repeated_draws(h: float) -> None:
    rng = np.random.default_rng(3)
    fits = [smooth(rng.standard_normal(120), h) for _ in range(400)]
    middle = np.array([[fit.value[60], fit.slope[60]] for fit in fits])
    assert np.mean([fit.error for fit in fits]) == pytest.approx(middle[:, 0].std(), rel=0.15)
    assert np.mean([fit.slope_error for fit in fits]) == pytest.approx(middle[:, 1].std(), rel=0.15)


def test_running_median() -> None:
    np.testing.assert_array_equal(running_median(np.array([5.0, 1, 9, 2, 2])), [5, 5, 2, 2, 2])
