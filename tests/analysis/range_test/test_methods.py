"""The methods against curves whose answer is known, and the faults of others' finders as cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfind.analysis.range_test.curve import summarize
from lrfind.analysis.range_test.methods import minimum, slide, steepest, suggest, suggestions, valley
from lrfind.core.dataset import Floats
from lrfind.core.registry import METHODS
from tests.support.synthetic import blow_up, ladder, sigmoid_fall, typical

RATES = ladder()
STEP = RATES[1] / RATES[0]


def rate_of(loss: Floats, rates: Floats = RATES, method: str = "steepest") -> float:
    loss = np.atleast_2d(loss)
    found = suggest(method, summarize(rates, loss), loss)
    assert found.learning_rate is not None, found.reason
    return found.learning_rate


class TestSteepest:
    @pytest.mark.parametrize("centre", [1e-5, 1e-3, 3e-2])
    @pytest.mark.parametrize("steps", [50, 100, 1000])
    def test_the_steepest_point_of_a_sigmoid(self, centre: float, steps: int) -> None:
        rates = ladder(steps=steps)
        step = rates[1] / rates[0]
        loss = sigmoid_fall(rates, centre=centre) + blow_up(rates, at=30 * centre)
        assert centre / step <= rate_of(loss, rates) <= centre * max(step, 1.1)

    def test_the_slope_is_against_log_rate_on_a_linear_ladder_too(self) -> None:
        rates = np.linspace(1e-3, 1.0, 400)
        assert rate_of(sigmoid_fall(rates, centre=0.1, width=0.3), rates) == pytest.approx(0.1, rel=0.1)

    @pytest.mark.parametrize("seed", range(10))
    def test_noise_moves_it_by_less_than_a_width_and_a_half(self, seed: int) -> None:
        loss = typical(RATES, noise=0.1, seeds=4, seed=seed)
        assert abs(np.log10(rate_of(loss)) + 3) < 1.5 * 0.45

    def test_a_late_nan_does_not_attract_it(self) -> None:
        loss = sigmoid_fall(RATES, centre=1e-3)
        loss[80:] = np.nan
        assert rate_of(loss) == pytest.approx(1e-3, rel=0.25)

    def test_a_drop_out_of_divergence_does_not_attract_it(self) -> None:
        loss = typical(RATES)[0]
        loss[-3:] = loss[-4] - np.array([10, 30, 60]) if loss[-4] > 100 else loss[-3:]
        assert rate_of(loss) == pytest.approx(1e-3, rel=0.25)

    def test_a_single_low_batch_does_not_attract_it(self) -> None:
        loss = typical(RATES, noise=0.02)[0]
        loss[20] -= 1.5
        assert rate_of(loss) == pytest.approx(1e-3, rel=1.0)

    def test_losses_at_and_below_zero(self) -> None:
        loss = typical(RATES)
        for shift in (-2.3, -10.0, -1e4):
            assert rate_of(loss + shift) == rate_of(loss)

    def test_the_first_step_is_an_answer_like_any_other(self) -> None:
        loss = 2 - np.log10(RATES / RATES[0]) * 0.1 - 1.5 * (1 - np.exp(-np.arange(100.0)))
        assert rate_of(loss) <= RATES[2]

    @settings(max_examples=60)
    @given(st.floats(-50, 50), st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
    def test_scale_and_shift_of_the_loss_and_scale_of_the_rate(self, shift: float, scale: float, unit: float) -> None:
        loss = typical(RATES, noise=0.02, seeds=3)
        assert rate_of(shift + scale * loss, unit * RATES) == pytest.approx(unit * rate_of(loss), rel=1e-6)


class TestOthers:
    def test_minimum_is_a_tenth_of_the_lowest_and_never_below_the_sweep(self) -> None:
        reading = summarize(RATES, typical(RATES, centre=1e-3))
        assert minimum(reading)[0] == RATES[reading.lowest] / 10
        early = sigmoid_fall(RATES, centre=2e-7, width=0.1) + 0.4 * (np.log10(RATES) + 6.5).clip(0)
        assert minimum(summarize(RATES, early[None]))[0] >= RATES[0]

    def test_valley_is_the_middle_of_the_longest_contiguous_fall(self) -> None:
        # Two falls, the second longer: counting a fall's members across the gap would merge them.
        loss = np.concatenate(
            [np.linspace(3, 2, 20), np.linspace(2, 2.5, 10), np.linspace(2.5, 0.5, 50), np.linspace(0.5, 9, 20)]
        )
        found = valley(summarize(RATES, loss[None], bandwidth=1.0))[0]
        assert RATES[52] <= found <= RATES[57]

    def test_slide_lies_left_of_the_lowest_loss(self) -> None:
        reading = summarize(RATES, typical(RATES))
        assert RATES[0] <= slide(reading)[0] <= RATES[reading.lowest]

    def test_steepest_of_the_reading_is_the_suggestion(self) -> None:
        loss = typical(RATES)
        assert steepest(summarize(RATES, loss))[0] == rate_of(loss)


class TestContract:
    """What holds for every method."""

    @pytest.mark.parametrize("method", METHODS)
    @settings(max_examples=40, deadline=None)
    @given(seed=st.integers(0, 10**6), noise=st.floats(0, 1), seeds=st.integers(1, 5), steps=st.integers(12, 150))
    def test_a_rate_of_the_ladder_before_divergence_or_a_reason(
        self, method: str, seed: int, noise: float, seeds: int, steps: int
    ) -> None:
        rates = ladder(steps=steps)
        loss = typical(rates, noise=noise, seeds=seeds, seed=seed)
        reading = summarize(rates, loss)
        found = suggest(method, reading, loss)
        assert found.reason
        if found.learning_rate is None:
            assert found.low is None
            assert found.high is None
            return
        assert rates[0] <= found.learning_rate <= rates[reading.end - 1]
        if found.low is not None:
            assert found.high is not None
            assert rates[0] <= found.low <= found.learning_rate <= found.high <= rates[-1]
            assert found.low < found.high

    @settings(max_examples=200, deadline=None)
    @given(
        st.lists(
            st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), min_size=30, max_size=30),
            min_size=1,
            max_size=4,
        ),
        st.integers(1, 30),
    )
    def test_no_curve_at_all_breaks_it(self, rows: list[list[float]], steps: int) -> None:
        loss = np.array(rows)[:, :steps]
        rates = ladder(steps=30)[:steps]
        for found in suggestions("steepest", summarize(rates, loss), loss).values():
            assert found.learning_rate is None or np.isfinite(found.learning_rate)
            assert found.reason

    def test_the_default_comes_first(self) -> None:
        loss = typical(RATES)
        assert next(iter(suggestions("valley", summarize(RATES, loss), loss))) == "valley"

    def test_one_seed_has_no_interval(self) -> None:
        loss = typical(RATES)
        found = suggest("steepest", summarize(RATES, loss), loss)
        assert (found.low, found.high) == (None, None)

    def test_the_interval_reaches_a_step_beyond_what_seeds_say(self) -> None:
        loss = np.repeat(typical(RATES), 3, axis=0)
        found = suggest("steepest", summarize(RATES, loss), loss)
        assert found.learning_rate is not None
        assert found.low == pytest.approx(found.learning_rate / STEP)
        assert found.high == pytest.approx(found.learning_rate * STEP)
