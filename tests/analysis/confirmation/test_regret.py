"""What rates lose, against closed forms: parabolas in log rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lrfind.analysis.confirmation.regret import FINE, curve, normalized_regret, soft_argmin, sublevel_interval
from lrfind.core.dataset import Floats

PLACES = np.linspace(-5, -1, 401)
SAMPLE = 1 / FINE
"""Decades between the samples of a curve."""

LOSSES = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([np.nan, np.inf, -np.inf]))
TABLES = st.integers(1, 8).flatmap(
    lambda rates: st.integers(1, 4).flatmap(
        lambda seeds: st.tuples(arrays(float, (rates, seeds), elements=LOSSES), arrays(float, seeds, elements=LOSSES))
    )
)


def parabola(middle: float, width: float = 1.0) -> Floats:
    return ((PLACES - middle) / width) ** 2


class TestLost:
    def test_the_share_of_the_best_improvement(self) -> None:
        loss = np.array([[1.5, 1.5], [0.5, 1.0], [2.0, 2.0], [1.0, 1.5]])
        np.testing.assert_allclose(normalized_regret(loss, np.array([2.0, 2.0])), [0.6, 0.0, 1.0, 0.4])

    def test_every_seed_is_held_against_its_own_start(self) -> None:
        np.testing.assert_allclose(
            normalized_regret(np.array([[1.0, 10.0], [2.0, 9.0]]), np.array([2.0, 10.0])), [0.0, 0.0]
        )

    @pytest.mark.parametrize("end", [np.nan, np.inf, -np.inf, 2.0, 3.0, 1e300])
    def test_what_does_not_end_below_its_start_gains_nothing(self, end: float) -> None:
        np.testing.assert_allclose(normalized_regret(np.array([[end], [1.0]]), np.array([2.0])), [1.0, 0.0])
        np.testing.assert_allclose(
            normalized_regret(np.array([[end, 1.0], [1.0, 1.0]]), np.array([2.0, 2.0])), [0.5, 0.0]
        )

    @pytest.mark.parametrize("end", [np.nan, np.inf, 2.0, 5.0])
    def test_all_is_lost_where_nothing_gains(self, end: float) -> None:
        np.testing.assert_array_equal(normalized_regret(np.full((3, 2), end), np.array([2.0, 2.0])), np.ones(3))

    @pytest.mark.parametrize("start", [np.nan, np.inf])
    def test_a_seed_without_a_start_is_left_out(self, start: float) -> None:
        loss = np.array([[1.0, 5.0], [0.0, 9.0]])
        np.testing.assert_allclose(normalized_regret(loss, np.array([2.0, start])), [0.5, 0.0])
        np.testing.assert_array_equal(normalized_regret(loss, np.array([start, start])), [1.0, 1.0])

    @settings(max_examples=200)
    @given(TABLES)
    def test_between_nothing_and_all(self, table: tuple[Floats, Floats]) -> None:
        share = normalized_regret(*table)
        assert share.shape == (len(table[0]),)
        assert (share >= 0).all()
        assert (share <= 1).all()
        assert share.min() == 0 or (share == 1).all()

    @given(TABLES, st.randoms())
    def test_the_order_of_rates_and_seeds_is_irrelevant(self, table: tuple[Floats, Floats], random: object) -> None:
        loss, untrained = table
        rng = np.random.default_rng(random.getrandbits(32))  # type: ignore[attr-defined]
        rates, seeds = rng.permutation(loss.shape[0]), rng.permutation(loss.shape[1])
        np.testing.assert_allclose(
            normalized_regret(loss[rates], untrained), normalized_regret(loss, untrained)[rates], atol=1e-9
        )
        np.testing.assert_allclose(
            normalized_regret(loss[:, seeds], untrained[seeds]), normalized_regret(loss, untrained), atol=1e-9
        )

    @given(st.floats(1e-3, 1e3), st.floats(-100, 100), st.integers(0, 10**6))
    def test_scale_and_offset_of_the_loss_change_nothing(self, scale: float, offset: float, seed: int) -> None:
        rng = np.random.default_rng(seed)
        loss, untrained = rng.normal(1, 1, (6, 3)), np.full(3, 2.0)
        loss[0, 0] = np.nan
        found = normalized_regret(offset + scale * loss, offset + scale * untrained)
        np.testing.assert_allclose(found, normalized_regret(loss, untrained), atol=1e-8)


class TestCentre:
    @pytest.mark.parametrize("middle", [-4.0, -3.0, -2.5])
    def test_the_minimum_of_a_parabola(self, middle: float) -> None:
        assert soft_argmin(PLACES, parabola(middle)) == pytest.approx(middle, abs=1e-3)

    def test_the_middle_of_a_plateau_and_not_its_luckiest_point(self) -> None:
        share = np.where(np.abs(PLACES + 3) <= 0.5, 0.001, 1.0)
        share[np.argmin(np.abs(PLACES + 3.4))] = 0.0
        assert soft_argmin(PLACES, share) == pytest.approx(-3, abs=0.01)

    def test_a_rate_alone(self) -> None:
        assert soft_argmin(np.array([-3.0]), np.array([0.0])) == -3

    def test_the_middle_where_all_is_lost(self) -> None:
        assert soft_argmin(np.array([-4.0, -3.5, -2.0]), np.ones(3)) == pytest.approx(-3, abs=0.02)

    @given(arrays(float, 5, elements=st.floats(0, 1)), st.floats(-5, 5))
    def test_it_moves_with_the_rates_and_stays_among_them(self, share: Floats, shift: float) -> None:
        places = np.array([-4.0, -3.5, -3.0, -2.0, -1.0])
        found = soft_argmin(places, share)
        assert places[0] <= found <= places[-1]
        assert soft_argmin(places + shift, share) == pytest.approx(found + shift, abs=0.02)


class TestWithin:
    @pytest.mark.parametrize("limit", [0.01, 0.05, 0.3])
    @pytest.mark.parametrize("middle", [-3.0, -2.7])
    def test_the_ends_are_where_a_parabola_crosses_the_limit(self, limit: float, middle: float) -> None:
        low, high = sublevel_interval(PLACES, parabola(middle), limit)
        assert low == pytest.approx(middle - limit**0.5, abs=SAMPLE)
        assert high == pytest.approx(middle + limit**0.5, abs=SAMPLE)

    def test_it_ends_with_the_rates(self) -> None:
        assert sublevel_interval(PLACES, parabola(-4.9), 0.3) == pytest.approx((-5.0, -4.9 + 0.3**0.5), abs=SAMPLE)
        assert sublevel_interval(PLACES, parabola(-1.1), 0.3) == pytest.approx((-1.1 - 0.3**0.5, -1.0), abs=SAMPLE)
        assert sublevel_interval(PLACES, np.zeros(401), 0.05) == (-5, -1)

    def test_another_valley_does_not_belong_to_it(self) -> None:
        share = np.minimum(parabola(-4.0), 0.01 + parabola(-2.0))
        assert sublevel_interval(PLACES, share, 0.05) == pytest.approx((-4 - 0.05**0.5, -4 + 0.05**0.5), abs=SAMPLE)

    @given(arrays(float, 7, elements=st.floats(0, 1)), st.floats(0, 1))
    def test_the_widest_stretch_about_the_best(self, share: Floats, limit: float) -> None:
        places = np.linspace(-4, -1, 7)
        low, high = sublevel_interval(places, share, limit)
        fine, between = curve(places, share)
        inside = (fine >= low) & (fine <= high)
        best = int(np.argmin(between))
        assert low <= fine[best] <= high
        assert (between[inside & (np.arange(len(fine)) != best)] <= limit).all()
        before, after = fine < low, fine > high
        assert not before.any() or between[before][-1] > limit
        assert not after.any() or between[after][0] > limit


@given(st.lists(st.floats(-12, 6), min_size=1, max_size=9, unique=True))
def test_a_curve_goes_through_its_points(places: list[float]) -> None:
    spots = np.array(sorted(places))
    share = np.sin(spots) ** 2
    fine, between = curve(spots, share)
    assert (np.diff(fine) > 0).all()
    assert (fine[0], fine[-1]) == (spots[0], spots[-1])
    np.testing.assert_array_equal(between[np.searchsorted(fine, spots)], share)
