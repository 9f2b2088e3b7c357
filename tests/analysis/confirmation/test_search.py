"""Races against known losses: what is trained, and for how much."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfind.analysis.confirmation.horizon_scaling import SMALL_SLOPE
from lrfind.analysis.confirmation.search import (
    ENOUGH,
    FULL,
    LAST,
    LEAN,
    LOOK,
    SHORTEST,
    Rung,
    Search,
    Shape,
    horizons,
    min_budget,
    shape_of,
)
from tests.support.surfaces import Surface, bowl, play, race, tell, told

STEPS = st.one_of(st.integers(1, 60), st.integers(1, 10**6))
BUDGETS = st.one_of(st.integers(1, 1000), st.integers(1, 10**6))
COSTS = st.floats(0, 30)


def wild(seed: int) -> Surface:
    """Anything at all: losses that are noise, with NaN and inf among them."""

    def surface(place: float, steps: int, lane: int) -> float:
        rng = np.random.default_rng([seed, steps, lane, round(place * 1e6) % 2**32])
        return float(rng.choice([rng.normal(1, 1), rng.normal(1, 1), math.nan, math.inf, -math.inf, 1e30]))

    return surface


def failing(place: float, steps: int, seed: int) -> float:
    return math.nan


def at_edge(side: int) -> Surface:
    """The further, the better."""
    return lambda place, steps, seed: 1 - 0.01 * side * place


class TestHorizons:
    @given(STEPS, BUDGETS, COSTS)
    def test_they_rise_and_none_is_longer_than_the_training(self, steps: int, budget: int, cost: float) -> None:
        lengths = horizons(steps, budget, cost)
        assert 1 <= len(lengths) <= 3
        assert all(short < long for short, long in pairwise(lengths))
        assert min(steps, SHORTEST) <= lengths[0]
        assert lengths[-1] <= steps

    def test_the_default(self) -> None:
        assert horizons(1000, 2600, 8.0) == (18, 90, 304)

    @pytest.mark.parametrize("cost", [0.0, 10.0])
    def test_the_whole_training_where_three_of_it_fit_the_last_share(self, cost: float) -> None:
        fits = FULL.shares[-1] * 2600 / 3 - cost
        assert horizons(math.floor(fits), 2600, cost)[-1] == math.floor(fits)
        assert horizons(math.ceil(fits) + 1, 2600, cost)[-1] < math.ceil(fits) + 1

    @pytest.mark.parametrize("steps", [1, 4, 5])
    def test_a_training_shorter_than_a_heat_has_one_length(self, steps: int) -> None:
        assert horizons(steps, 2600, 8.0) == (steps,)


class TestShape:
    @pytest.mark.parametrize("shape", [FULL, LEAN])
    def test_it_spends_the_whole_budget_and_no_more(self, shape: Shape) -> None:
        assert math.fsum(shape.shares) == pytest.approx(1)
        assert len(shape.shares) == len(shape.counts) == len(shape.seeds) == len(shape.extra)

    def test_a_small_budget_has_two_heats_of_one_seed(self) -> None:
        assert (shape_of(ENOUGH), shape_of(ENOUGH - 1)) == (FULL, LEAN)
        rungs = [rung for rung in play(race(budget=500), bowl()) if len(rung.rates) > 1]
        assert [rung.seeds for rung in rungs] == [1, 1]
        assert rungs[0].steps < rungs[1].steps == horizons(700, 500, 8.0)[-1]


class TestBudget:
    @settings(max_examples=150, deadline=None)
    @given(STEPS, BUDGETS, COSTS, st.integers(1, 5), st.integers(0, 10**6))
    def test_whatever_happens_it_is_kept(self, steps: int, budget: int, cost: float, seeds: int, seed: int) -> None:
        found = race(steps=steps, budget=budget, seeds=seeds, evaluation=cost)
        rungs = play(found, wild(seed))
        assert found.spent == pytest.approx(sum(rung.trainings * (rung.steps + cost) for rung in rungs))
        assert found.spent <= budget * (1 + 1e-9)
        assert bool(rungs) == found.possible == (min_budget(steps, cost) <= budget)
        assert len(rungs) <= len(FULL.seeds) + sum(FULL.extra)
        for rung in rungs:
            assert 1 <= rung.steps <= steps
            assert 1 <= rung.seeds <= min(seeds, max(FULL.seeds))
            assert np.isfinite(rung.rates).all()
            assert rung.rates[0] > 0
            assert all(low < high for low, high in pairwise(rung.rates))
        assert [rung.steps for rung in rungs] == sorted(rung.steps for rung in rungs)
        if rungs:
            assert any(math.isclose(rate, found.suggestion, rel_tol=1e-12) for rate in rungs[0].rates)
            assert list(found.bests()) == sorted({rung.steps for rung in rungs})

    @pytest.mark.parametrize("steps", [1, 5, 50, 10**6])
    @pytest.mark.parametrize("budget", [-400, 0, 1, 50, 400, 2600, 10**6])
    def test_corners(self, steps: int, budget: int) -> None:
        found = race(steps=steps, budget=budget)
        rungs = play(found, bowl())
        assert found.spent <= max(0, budget)
        assert bool(rungs) == (budget >= min_budget(steps, 8.0))

    def test_the_least_is_the_first_heat(self) -> None:
        enough = min_budget(1000, 8.0)
        assert enough == len(LOOK) * (SHORTEST + 8)
        (rung,) = play(race(budget=enough), bowl())
        assert rung.trainings * (rung.steps + 8) == enough
        assert play(race(budget=enough - 0.1), bowl()) == []
        assert min_budget(3, 8.0) == len(LOOK) * (3 + 8)

    def test_most_of_it_is_used(self) -> None:
        found = race()
        play(found, bowl())
        assert 0.8 * found.budget < found.spent

    def test_nothing_is_trained_where_no_start_is_finite(self) -> None:
        found = Search(1e-3, 1000, 2600, 2, np.array([math.inf, math.nan]), 8.0)
        assert (found.judgeable, found.possible) == (False, False)
        assert play(found, bowl()) == []


class TestLook:
    """The first heat."""

    def test_it_is_about_the_suggestion(self) -> None:
        rung = next(race(suggestion=2e-4).rungs())
        np.testing.assert_allclose(np.log10(rung.rates), math.log10(2e-4) + np.array(LOOK))
        assert (rung.steps, rung.seeds) == (18, 2)

    @pytest.mark.parametrize(("side", "edge"), [(-1, min(LOOK)), (1, max(LOOK))])
    def test_beyond_an_edge_as_often_as_it_may(self, side: int, edge: float) -> None:
        rungs = play(race(), at_edge(side))
        first = [rung for rung in rungs if rung.steps == rungs[0].steps]
        assert [len(rung.rates) for rung in first] == [len(LOOK)] + [1] * FULL.extra[0]
        gap = LOOK[1] - LOOK[0]
        places = [math.log10(rung.rates[0]) for rung in first[1:]]
        np.testing.assert_allclose(places, -3 + edge + side * gap * np.arange(1, FULL.extra[0] + 1))

    @pytest.mark.parametrize("number", [1, 2])
    def test_later_heats_go_beyond_their_edges_too(self, number: int) -> None:
        lengths = horizons(700, 10_000, 8.0)
        surfaces = {steps: bowl() for steps in lengths} | {lengths[number]: at_edge(-1)}
        rungs = play(race(budget=10_000, steps=700), lambda place, steps, seed: surfaces[steps](place, steps, seed))
        alone = [rung.steps for rung in rungs if len(rung.rates) == 1]
        assert alone == [lengths[number]] * FULL.extra[number]

    def test_no_further_once_the_best_is_inside(self) -> None:
        rungs = play(race(), bowl(best=-3 + min(LOOK) - 0.1))
        assert [len(rung.rates) for rung in rungs if rung.steps == rungs[0].steps] == [len(LOOK), 1]

    def test_an_edge_is_not_followed_where_nothing_is_gained(self) -> None:
        assert all(len(rung.rates) > 1 for rung in play(race(), failing))
        found = told(failing, [20], places=np.array([-3.0, -2.0]))
        assert found.beyond(20) is None

    def test_a_rate_alone_has_no_beyond(self) -> None:
        assert told(bowl(), [20], places=np.array([-3.0])).beyond(20) is None


class TestLaterHeats:
    @pytest.mark.parametrize("off", [-1.4, -0.5, 0.0, 0.3, 0.7])
    @pytest.mark.parametrize("exponent", [0.0, -0.5, -1.0])
    def test_the_best_rate_is_found_wherever_it_is(self, off: float, exponent: float) -> None:
        found = race(suggestion=10 ** (-3 - off))
        # The best rate of the first heat lies off the suggestion.
        rungs = play(found, bowl(best=-3, exponent=exponent, at=18, width=2.0))
        longest = rungs[-1].steps
        true = -3 + exponent * math.log10(longest / 18)
        assert found.bests()[longest] == pytest.approx(true, abs=LAST / 2 + 0.03)

    def test_the_last_heat_is_evenly_spaced_about_the_best_so_far(self) -> None:
        found = race()
        rungs = play(found, bowl(exponent=-0.5, width=2.0))
        places = np.log10(rungs[-1].rates)
        np.testing.assert_allclose(np.diff(places), LAST)
        bests = found.bests()
        del bests[rungs[-1].steps]
        assert places.mean() == pytest.approx(-3 - 0.5 * math.log10(rungs[-1].steps / 1000), abs=LAST)

    def test_fewer_rates_where_the_rest_of_the_budget_is_short(self) -> None:
        cost = 8.0
        sizes = set()
        for budget in range(int(min_budget(1000, cost)), 700, 5):
            rungs = play(race(budget=budget, evaluation=cost), bowl())
            sizes |= {len(rung.rates) for rung in rungs[1:]}
        assert {2, 3, 4} <= sizes
        assert min(size for size in sizes if size > 1) >= 2

    @pytest.mark.parametrize("seeds", [1, 2, 7])
    def test_no_more_seeds_than_there_are(self, seeds: int) -> None:
        rungs = play(race(seeds=seeds), bowl())
        assert [rung.seeds for rung in rungs if len(rung.rates) > 1] == [min(seeds, most) for most in FULL.seeds]


class TestExponent:
    @pytest.mark.parametrize("exponent", [-1.0, -0.5, -SMALL_SLOPE - 0.05])
    def test_a_power_is_seen(self, exponent: float) -> None:
        assert told(bowl(exponent=exponent, at=100)).exponent == pytest.approx(exponent, abs=0.02)

    def test_none_of_one_length(self) -> None:
        assert told(bowl(), [20]).exponent is None

    def test_none_where_the_whole_training_was_run(self) -> None:
        assert told(bowl(exponent=-1, at=100), [20, 300], steps=300).exponent is None

    @pytest.mark.parametrize("steps", [1, 3, SHORTEST])
    def test_a_training_shorter_than_a_heat_is_raced_whole(self, steps: int) -> None:
        found = race(steps=steps)
        rungs = play(found, bowl())
        assert {rung.steps for rung in rungs} == {steps}
        assert found.exponent is None

    def test_what_the_sweep_tells_bounds_it(self) -> None:
        assert told(bowl(), [20], most=-0.75).exponent == -0.75
        assert told(bowl(), most=-0.75).exponent == -0.75
        assert told(bowl(exponent=-1, at=100), most=-0.75).exponent == pytest.approx(-1, abs=0.02)
        assert told(bowl(), [20, 300], steps=300, most=-0.75).exponent is None

    def test_the_next_heat_looks_where_it_leads(self) -> None:
        here, there = (play(race(most=most), bowl(width=2.0)) for most in (0.0, -0.75))
        assert [rung.steps for rung in here[:2]] == [rung.steps for rung in there[:2]]
        lower = np.log10(there[1].rates[0] / here[1].rates[0])
        assert lower == pytest.approx(-0.75 * math.log10(here[1].steps / here[0].steps), abs=0.02)


class TestInvariance:
    @staticmethod
    def table(found: Search) -> dict[int, list[float]]:
        return {steps: sorted(places) for steps, places in found.scores.items()}

    @settings(max_examples=25, deadline=None)
    @given(st.floats(-3, 3), st.integers(0, 10**6), st.sampled_from([0.0, -0.5, -1.0]))
    def test_all_moves_with_the_rates(self, shift: float, seed: int, exponent: float) -> None:
        # Noise would be drawn anew at other rates.
        here, there = race(), race(suggestion=10 ** (-3 + shift))
        off = np.random.default_rng(seed).uniform(-1, 0.5)
        play(here, bowl(best=-3 + off, exponent=exponent, width=2))
        play(there, bowl(best=-3 + off + shift, exponent=exponent, width=2))
        for steps, places in self.table(here).items():
            np.testing.assert_allclose(self.table(there)[steps], np.array(places) + shift, atol=0.05)
        for steps, best in here.bests().items():
            assert there.bests()[steps] == pytest.approx(best + shift, abs=0.05)

    @settings(max_examples=25, deadline=None)
    @given(st.floats(1e-3, 1e3), st.floats(-100, 100), st.integers(0, 10**6))
    def test_scale_and_offset_of_losses_change_nothing(self, scale: float, offset: float, seed: int) -> None:
        surface = bowl(best=-3.4, exponent=-0.5, noise=0.02)
        here = race()
        there = Search(1e-3, 1000, 2600, 4, offset + scale * here.untrained, 8.0)
        play(here, lambda place, steps, lane: surface(place, steps, lane + seed))
        play(there, lambda place, steps, lane: offset + scale * surface(place, steps, lane + seed))
        for steps, places in self.table(here).items():
            np.testing.assert_allclose(self.table(there)[steps], places, atol=1e-6)

    @pytest.mark.parametrize("make", [lambda: wild(3), lambda: bowl(noise=0.1)])
    def test_twice_the_same(self, make: Callable[[], Surface]) -> None:
        first, second = race(), race()
        assert play(first, make()) == play(second, make())
        assert first.bests() == second.bests()

    def test_the_order_in_which_rates_are_told_is_irrelevant(self) -> None:
        places = np.linspace(-5, -1, 9)
        forth, back = told(bowl(noise=0.1), places=places), race()
        for steps in (300, 20):
            for place in reversed(places):
                tell(back, Rung((10**place,), steps, 2), bowl(noise=0.1))
        assert forth.bests() == back.bests()


def test_told_losses_are_kept_by_length_and_rate() -> None:
    found = race(evaluation=2.0)
    rung = Rung((1e-3, 1e-2), 10, 2)
    loss = np.array([[1.0, 2.0], [3.0, math.nan]])
    found.tell(rung, loss, loss - 1)
    assert (rung.trainings, found.spent) == (4, 4 * 12)
    assert list(found.scores) == [10]
    np.testing.assert_array_equal(list(found.scores[10].values()), loss)
    np.testing.assert_array_equal(list(found.train_scores[10].values()), loss - 1)
    places, share = found.curve(10)
    np.testing.assert_allclose(places, [-3, -2])
    np.testing.assert_allclose(share, [0, 1])
