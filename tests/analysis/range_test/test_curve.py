"""What a curve shows: level, fall, divergence, and why there is nothing to read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfind.analysis.range_test.curve import combine, divergence, summarize
from tests.support.synthetic import blow_up, ladder, sigmoid_fall, typical

RATES = ladder()


def at(rate: float) -> int:
    """The first step above a rate."""
    return int(np.searchsorted(RATES, rate))


class TestDivergence:
    def test_it_begins_where_the_final_rise_begins(self) -> None:
        assert divergence(typical(RATES)[0]) in range(at(0.3) - 4, at(0.3) + 2)

    def test_sgd_on_a_quadratic_turns_at_two_over_lambda(self) -> None:
        # x <- (1 - rate lambda) x: the loss falls for every rate below 2 / lambda and rises above it.
        for sharpness in (0.5, 3.0, 40.0):
            rates = ladder(high=1e3, steps=120)
            factors = 1 - rates * sharpness
            loss = 0.5 * sharpness * np.cumprod(np.concatenate([[1.0], factors[:-1]])) ** 2
            found = divergence(loss)
            assert found is not None
            assert 1.0 <= rates[found] / (2 / sharpness) <= 1.5

    def test_a_first_rise_that_comes_back_is_none(self) -> None:
        bump = 5 * np.exp(-(((np.log10(RATES) + 3) / 0.3) ** 2))
        falls_after = sigmoid_fall(RATES, centre=0.05)
        assert divergence(bump + falls_after) is None
        found = divergence(bump + falls_after + blow_up(RATES, at=2.0))
        assert found is not None
        assert RATES[found] > 1.0

    @pytest.mark.parametrize("end", [np.nan, np.inf])
    def test_a_late_nan_diverges_where_the_rise_to_it_began(self, end: float) -> None:
        loss = sigmoid_fall(RATES, centre=1e-3)
        loss[90:] = end
        assert divergence(loss) == 90

    def test_a_nan_that_passes_is_none(self) -> None:
        loss = sigmoid_fall(RATES, centre=1e-3)
        loss[60] = np.nan
        assert divergence(loss) is None

    def test_a_curve_that_only_falls_never_diverges(self) -> None:
        assert divergence(sigmoid_fall(RATES, centre=1e-3)) is None
        assert divergence(np.full(100, 2.3)) is None

    def test_not_finite_from_the_start(self) -> None:
        assert divergence(np.full(10, np.nan)) == 0

    @given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
    def test_shift_and_scale_of_the_loss_do_not_matter(self, shift: float, scale: float) -> None:
        loss = typical(RATES, noise=0.02)[0]
        assert divergence(shift + scale * loss) == divergence(loss)


class TestCombine:
    def test_offsets_between_seeds_add_no_noise(self) -> None:
        curve = typical(RATES)
        offsets = np.array([[-0.3], [0.0], [0.1], [0.4]])
        np.testing.assert_allclose(np.diff(combine(curve + offsets)), np.diff(curve[0]), atol=1e-12)

    def test_one_broken_seed_of_four_leaves_it_finite_and_three_do_not(self) -> None:
        loss = typical(RATES, seeds=4)
        loss[0, 50:] = np.nan
        assert np.isfinite(combine(loss)).all()
        loss[1:3, 50:] = np.nan
        assert not np.isfinite(combine(loss)[50:]).any()

    def test_all_seeds_infinite(self) -> None:
        assert np.isinf(combine(np.full((2, 5), np.nan))).all()


class TestTrouble:
    """Curves without a rate say what was seen and what to change."""

    def trouble(self, loss: np.ndarray, rates: np.ndarray = RATES) -> str:
        reading = summarize(rates, np.atleast_2d(loss))
        assert reading.no_rate_reason is not None
        return reading.no_rate_reason

    def test_flat(self) -> None:
        assert self.trouble(np.full(100, 2.3)).startswith(
            "the loss stayed at its initial 2.3 from 1.0e-07 to 1.0e+01; check"
        )

    def test_noise_alone_is_no_fall(self) -> None:
        rng = np.random.default_rng(0)
        found = [summarize(RATES, 2.3 + 0.1 * rng.standard_normal((4, 100))).no_rate_reason is None for _ in range(300)]
        assert np.mean(found) < 0.04

    def test_rises_from_the_start(self) -> None:
        loss = 2.3 + blow_up(RATES, at=1e-7, power=1)
        assert "lower sweep.min_lr" in self.trouble(loss)

    def test_diverges_at_once_and_is_infinite_soon(self) -> None:
        loss = np.full(100, np.inf)
        loss[:2] = 2.3, 1e9
        assert self.trouble(loss) == "the loss diverged at once, at 1.2e-07 in step 1; lower sweep.min_lr"

    def test_blown_to_pieces_and_back_to_a_constant(self) -> None:
        loss = np.full(100, 2.302)
        loss[:12] = [2.46, 5, 2e3, 2e4, 1e4, 500, 300, 100, 50, 20, 5, 3]
        assert "blew up" in self.trouble(loss)

    def test_rises_late_without_a_fall(self) -> None:
        loss = 2.3 + blow_up(RATES, at=1.0)
        assert "no rate makes this model learn" in self.trouble(loss)

    def test_not_finite_at_step_0(self) -> None:
        loss = typical(RATES)[0]
        loss[0] = np.nan
        assert "not finite at step 0" in self.trouble(loss)

    @pytest.mark.parametrize("steps", [1, 2, 3])
    def test_too_few_steps(self, steps: int) -> None:
        assert f"the curve has {steps} of the 4 steps" in self.trouble(np.arange(steps, 0, -1.0), RATES[:steps])


def test_the_fall_runs_from_its_first_tenth_to_the_lowest_loss() -> None:
    loss = typical(RATES, centre=1e-3)
    reading = summarize(RATES, loss)
    # A sigmoid of width 0.4 decades has done a tenth of its fall 0.4 ln 9 = 0.88 decades below the centre.
    assert np.log10(RATES[reading.descent.start]) == pytest.approx(-3 - 0.4 * np.log(9), abs=0.1)
    assert reading.descent.stop == reading.lowest + 1
    assert reading.initial == pytest.approx(2.3, abs=1e-3)
    assert reading.drop == pytest.approx(2.0, abs=0.02)
