"""What finished heats come to: the rate and its interval in closed form, and every sentence."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfind.analysis.confirmation.horizon_scaling import SMALL_SLOPE
from lrfind.analysis.confirmation.learning import BETTER
from lrfind.analysis.confirmation.search import Rung, Search
from lrfind.analysis.confirmation.summary import LITTLE, candidates, seed_factor
from lrfind.analysis.confirmation.verdict import APART, FAR, FEW_ROWS, ConfirmationOutcome, interval, unheard, verdict
from lrfind.core.result import Recommendation, Suggestion
from tests.support.surfaces import START, Surface, bowl, play, race, told

UNCONFIRMED = Recommendation(1e-3, 5e-4, 2e-3, "steepest", False, "cosine", 1000, "spread of 4 seeds", "steepest")
SUGGESTION = Suggestion(1e-3, 5e-4, 2e-3, "steepest")
NO_SUGGESTION = Suggestion(None, None, None, "noise hides the fall")


def judged(found: Search, *, suggested: float | None = 1e-3, **changes: Any) -> ConfirmationOutcome:
    """The verdict on a race, by default about plenty of held-out rows."""
    facts: dict[str, Any] = {
        "judged_on": "held-out loss",
        "rows": 1000,
        "constant": None,
        "spent": 2999.96,
        "budget": 3000,
    }
    suggestion = Suggestion(suggested, suggested / 2, suggested * 2, "steepest") if suggested else NO_SUGGESTION
    return verdict(found, UNCONFIRMED, suggestion, **facts | changes)


def of(table: dict[int, dict[float, Any]], *, steps: int = 1000, train: Any = None, untrained: Any = 2.0) -> Search:
    """A race with these losses by length and log10 rate: one number, or one per seed."""
    rows = {length: {place: np.atleast_1d(loss) for place, loss in row.items()} for length, row in table.items()}
    seeds = max(len(loss) for row in rows.values() for loss in row.values())
    found = race(steps=steps, seeds=seeds)
    found.untrained = np.broadcast_to(np.asarray(untrained, float), seeds)
    for length, row in rows.items():
        loss = np.array(list(row.values()), float)
        own = None if train is None else np.array([np.atleast_1d(each) for each in train[length].values()], float)
        found.tell(Rung(tuple(10**place for place in row), length, loss.shape[1]), loss, own)
    return found


GOOD = {-4.0: 1.5, -3.5: 1.0, -3.0: 0.5, -2.5: 1.0, -2.0: 1.5}
"""Losses with the best in the middle."""


class TestRate:
    @pytest.mark.parametrize("exponent", [-1.0, -0.5, -SMALL_SLOPE - 0.05])
    @pytest.mark.parametrize("steps", [1000, 20_000, 10**6])
    def test_a_power_of_the_length_is_carried_on_exactly(self, exponent: float, steps: int) -> None:
        found = judged(told(bowl(best=-3, exponent=exponent, at=300), [30, 300], steps=steps)).recommendation
        assert found.confirmed
        assert found.learning_rate is not None
        expected = -3 + exponent * math.log10(steps / 300)
        # The samples are a fortieth of a decade apart, and a decade of lengths was seen.
        assert math.log10(found.learning_rate) == pytest.approx(expected, abs=0.01 * math.log10(steps))

    def test_the_whole_training_is_not_carried_on(self) -> None:
        found = judged(told(bowl(best=-3, exponent=-1, at=300), [30, 300], steps=300))
        assert found.recommendation.learning_rate == pytest.approx(1e-3, rel=0.02)
        assert found.confirmation.exponent is None

    @pytest.mark.parametrize("width", [0.5, 1.0, 2.0])
    def test_the_interval_of_a_parabola_ends_where_it_crosses_the_limit(self, width: float) -> None:
        found = judged(told(bowl(width=width), [30, 300])).recommendation
        assert found.learning_rate is not None
        assert found.low is not None
        assert found.high is not None
        reach = width * LITTLE**0.5
        assert math.log10(found.learning_rate / found.low) == pytest.approx(reach, abs=0.026)
        assert math.log10(found.high / found.learning_rate) == pytest.approx(reach, abs=0.026)

    def test_the_widest_of_the_two_longest_lengths(self) -> None:
        shapes = {10: bowl(width=3), 30: bowl(width=2), 300: bowl(width=1)}
        found = told(lambda place, steps, seed: shapes[steps](place, steps, seed), [10, 30, 300])
        low, high = interval(found, -5.0)
        assert (low, high) == pytest.approx((-5 - 2 * LITTLE**0.5, -5 + 2 * LITTLE**0.5), abs=0.026)

    @settings(max_examples=100, deadline=None)
    @given(
        st.integers(0, 10**6),
        st.sampled_from([1, 2, 4]),
        st.sampled_from([30, 300, 1000, 10**6]),
        st.sampled_from([300, 600, 2600, 10**5]),
    )
    def test_rate_inside_of_its_interval_whatever_was_found(
        self, seed: int, seeds: int, steps: int, budget: int
    ) -> None:
        def noise(place: float, length: int, lane: int) -> float:
            rng = np.random.default_rng([seed, length, lane, round(place * 1e6) % 2**32])
            return float(rng.choice([rng.normal(1.5, 0.5), rng.normal(1.5, 0.5), math.nan, math.inf]))

        found = race(steps=steps, seeds=seeds, budget=budget)
        play(found, noise)
        said = judged(found)
        for each in said.confirmation.horizons:
            assert 0 < each.low <= each.learning_rate <= each.high
        rate = said.recommendation
        assert rate.reason
        assert not math.isnan(said.confirmation.seed_factor or 1)
        if rate.learning_rate is None:
            assert (rate.low, rate.high, rate.interval_from, rate.confirmed) == (None, None, None, False)
        else:
            assert rate.low is not None
            assert rate.high is not None
            assert rate.low <= rate.learning_rate <= rate.high
            assert rate.confirmed
        again = race(steps=steps, seeds=seeds, budget=budget)
        play(again, noise)
        assert judged(again).recommendation == rate

    def test_what_the_sweep_said_of_schedule_and_length_stays(self) -> None:
        found = judged(of({300: GOOD})).recommendation
        assert (found.method, found.schedule, found.steps) == ("steepest", "cosine", 1000)
        assert found.interval_from == "rates that lose at most 3% in trainings of up to 300 steps"

    @settings(max_examples=25, deadline=None)
    @given(st.floats(1e-3, 1e3), st.floats(-100, 100), st.floats(-2, 2))
    def test_scale_and_offset_of_losses_change_no_rate_and_all_moves_with_the_rates(
        self, scale: float, offset: float, shift: float
    ) -> None:
        table = {30: GOOD, 300: {place - 0.4: loss for place, loss in GOOD.items()}}
        here = judged(of(table)).recommendation
        changed = {
            steps: {place + shift: offset + scale * loss for place, loss in row.items()} for steps, row in table.items()
        }
        there = judged(of(changed, untrained=offset + scale * 2.0)).recommendation
        # The ends of the interval are samples of a curve, forty to a decade.
        for name, tolerance in (("learning_rate", 1e-4), ("low", 0.07), ("high", 0.07)):
            assert getattr(there, name) == pytest.approx(getattr(here, name) * 10**shift, rel=tolerance)


class TestConfirmation:
    def test_it_holds_all_that_was_trained_in_order(self) -> None:
        table = {300: {-3.0: [0.5, 0.7], -2.0: [math.nan, 1.5]}, 30: {-2.0: [1.0, 1.2], -3.0: [1.5, 1.6]}}
        train = {300: {-3.0: [0.4, 0.6], -2.0: [math.inf, 1.4]}, 30: {-2.0: [0.9, 1.1], -3.0: [1.4, 1.5]}}
        found = candidates(of(table, train=train))
        assert [(each.steps, round(math.log10(each.learning_rate))) for each in found] == [
            (30, -3),
            (30, -2),
            (300, -3),
            (300, -2),
        ]
        assert found[0].loss == (1.5, 1.6)
        assert found[0].train_loss == (1.4, 1.5)
        assert math.isnan(found[3].loss[0])
        assert math.isinf(found[3].train_loss[0])

    def test_it_says_what_it_rests_on(self) -> None:
        found = judged(told(bowl(), [30, 300]), judged_on="training loss").confirmation
        assert (found.judged_on, found.spent, found.budget) == ("training loss", 3000.0, 3000)
        assert found.untrained == (START, START)
        assert [each.steps for each in found.horizons] == [30, 300]
        assert found.exponent == 0

    def test_seeds_are_as_far_apart_as_their_own_best_rates(self) -> None:
        def apart(place: float, steps: int, seed: int) -> float:
            return bowl(best=-3 - 0.5 * seed)(place, steps, seed)

        assert seed_factor(told(apart, [300])) == pytest.approx(10**0.5, rel=0.05)

    def test_seeds_are_compared_at_the_longest_length_with_several(self) -> None:
        table = {30: {-3.0: [0.5, 1.5], -2.0: [1.5, 0.5]}, 300: GOOD}
        assert seed_factor(of(table)) == pytest.approx(10, rel=0.15)

    def test_one_seed_is_compared_with_none(self) -> None:
        assert seed_factor(of({30: GOOD, 300: GOOD})) is None


class TestReason:
    def test_the_whole_training(self) -> None:
        found = judged(of({1000: GOOD, 30: {-3.0: 0.5, -2.5: 0.7}}))
        assert found.recommendation.reason == (
            "lowest held-out loss of 7 trainings at 5 rates, the longest of them the whole 1,000 steps"
        )

    def test_one_length(self) -> None:
        found = judged(of({300: GOOD}, steps=5000), judged_on="training loss")
        assert found.recommendation.reason == (
            "lowest training loss of 5 trainings at 5 rates of up to 300 steps; how the best rate moves with the "
            "length was not seen, so it is kept for 5,000"
        )

    def test_a_best_rate_that_stays(self) -> None:
        assert judged(of({30: GOOD, 300: GOOD})).recommendation.reason == (
            "lowest held-out loss of 10 trainings at 5 rates of up to 300 steps; the best rate did not fall with the "
            "length, so it is kept for 1,000"
        )

    def test_a_best_rate_that_falls(self) -> None:
        found = judged(told(bowl(exponent=-1, at=300), [30, 300], steps=3000))
        assert found.recommendation.reason == (
            "lowest held-out loss of 964 trainings at 241 rates of up to 300 steps; the best rate went from 1.0e-02 "
            "at 30 steps to 1.0e-03 at 300, and is carried on, falling further, to 3,000"
        )

    @pytest.mark.parametrize("lengths", [[300], [30, 300]])
    def test_a_best_rate_that_must_fall(self, lengths: list[int]) -> None:
        found = judged(told(bowl(at=300), lengths, steps=3000, most=-0.75)).recommendation
        assert found.learning_rate == pytest.approx(1e-3 * 10**-0.75, rel=0.02)
        assert found.reason.endswith(
            "241 rates of up to 300 steps; the best rate there, 1.0e-03, is carried on, falling, to 3,000, as updates "
            "have a size of their own whatever the gradient"
        )


class TestDeclined:
    """No rate, and why."""

    @staticmethod
    def declined(found: Search, **changes: Any) -> str:
        said = judged(found, **changes)
        rate = said.recommendation
        assert (rate.learning_rate, rate.low, rate.high, rate.interval_from) == (None, None, None, None)
        assert not rate.confirmed
        assert said.warnings == ()
        assert said.confirmation.candidates
        return rate.reason

    def test_every_training_diverged(self) -> None:
        table = {30: {-4.0: [math.nan, math.inf], -2.0: [math.inf, math.inf]}}
        assert self.declined(of(table)) == (
            "every training diverged, at rates from 1.0e-04 to 1.0e-02; lower sweep.min_lr, clip gradients or look for "
            "what explodes"
        )

    def test_a_training_at_every_rate_diverged(self) -> None:
        assert self.declined(of({30: {-4.0: [math.nan, 1.0], -2.0: [1.0, math.inf]}})).startswith(
            "a training at every rate diverged, at rates from 1.0e-04 to 1.0e-02; "
        )

    @pytest.mark.parametrize("best", [2.0, 2.5])
    def test_no_training_lowered_the_loss(self, best: float) -> None:
        table = {30: {-4.0: best, -3.0: 3.0, -2.0: math.nan}}
        assert self.declined(of(table)) == (
            f"no training lowered the held-out loss, at rates from 1.0e-04 to 1.0e-02: it was 2 before, {best:.4g} at "
            "best after; the data may hold nothing that this model can learn, the gradient may be zero, or all these "
            "rates too high"
        )

    @pytest.mark.parametrize("lengths", [(300,), (30, 300)])
    def test_no_better_than_a_constant_answer(self, lengths: tuple[int, ...]) -> None:
        assert self.declined(of(dict.fromkeys(lengths, GOOD)), constant=0.505) == (
            "no training did better than a constant answer, at rates from 1.0e-04 to 1.0e-02: its loss is 0.505, the "
            "best held-out loss 0.5 after 300 steps; the targets may not depend on the inputs, or show it only after "
            "more of the 1,000 steps (confirm.budget)"
        )

    def test_the_whole_training_leaves_no_such_doubt(self) -> None:
        assert self.declined(of({30: GOOD, 1000: GOOD}), constant=0.505).endswith("may not depend on the inputs")

    def test_a_constant_answer_is_beaten_by_enough(self) -> None:
        just = 0.5 / (1 - BETTER)
        assert judged(of({300: GOOD}), constant=just * 1.001).recommendation.learning_rate is not None
        assert judged(of({300: GOOD}), constant=just * 0.999).recommendation.learning_rate is None

    def test_longer_trainings_that_still_improve_are_given_the_benefit_of_the_doubt(self) -> None:
        better = {place: loss * 0.98 for place, loss in GOOD.items()}
        hardly = {place: loss * 0.995 for place, loss in GOOD.items()}
        said = judged(of({30: GOOD, 300: better}), constant=0.45)
        assert said.recommendation.learning_rate is not None
        assert said.warnings == (
            "no training did better than a constant answer so far, whose loss is 0.45, though longer ones came nearer; "
            "if the whole one does no better, the targets may not depend on the inputs",
        )
        assert judged(of({30: GOOD, 300: hardly}), constant=0.45).recommendation.learning_rate is None

    def test_a_seed_without_a_start_does_not_count(self) -> None:
        table = {30: {place: [loss, 9.0] for place, loss in GOOD.items()}}
        said = judged(of(table, untrained=[20.0, math.nan]))
        assert said.recommendation.learning_rate == pytest.approx(1e-3, rel=0.01)

    def test_the_sweep_showed_none_either(self) -> None:
        assert self.declined(of({30: {-4.0: math.nan}}), suggested=None) == (
            "noise hides the fall; and every training diverged, at rates from 1.0e-04 to 1.0e-04; lower sweep.min_lr, "
            "clip gradients or look for what explodes"
        )


class TestUnheard:
    """No heat was run."""

    def test_without_a_suggestion(self) -> None:
        said = unheard(race(budget=0), NO_SUGGESTION, "held-out loss", timed=False)
        assert said.startswith("no training was run: confirm.budget leaves 0 optimiser steps")

    def test_too_small_a_budget(self) -> None:
        assert unheard(race(budget=85.7), SUGGESTION, "held-out loss", timed=False) == (
            "the suggestion is not confirmed: confirm.budget leaves 85 optimiser steps after the sweep, and the first "
            "trainings take 91; raise it"
        )

    def test_too_short_a_time(self) -> None:
        said = unheard(race(budget=-3), SUGGESTION, "held-out loss", timed=True)
        assert "confirm.max_seconds leaves 0 optimiser steps after the sweep" in said

    def test_no_start(self) -> None:
        found = race()
        found.untrained = np.full(4, math.inf)
        assert unheard(found, SUGGESTION, "held-out loss", timed=False) == (
            "the suggestion is not confirmed: the held-out loss is not finite before training, so there is nothing to "
            "judge by; look for what is far out in the data"
        )


class TestWarnings:
    def test_none_of_a_good_race(self) -> None:
        found = race()
        play(found, bowl(width=2))
        assert judged(found).warnings == ()

    @pytest.mark.parametrize(
        ("suggested", "said"),
        [
            (
                2e-2,
                "the trainings say a rate 20.0 times lower than the sweep suggests (2.0e-02); they were run under the "
                "real schedule, so they are believed",
            ),
            (
                1e-4,
                "the trainings say a rate 10.0 times higher than the sweep suggests (1.0e-04); they were run under the "
                "real schedule, so they are believed",
            ),
        ],
    )
    def test_far_from_the_suggestion(self, suggested: float, said: str) -> None:
        assert judged(of({300: GOOD}), suggested=suggested).warnings == (said,)

    def test_no_suggestion(self) -> None:
        assert judged(of({300: GOOD}), suggested=None).warnings == (
            "the sweep alone shows no rate (noise hides the fall); trainings from a guess found this one",
        )

    @pytest.mark.parametrize("suggested", [1e-3 * APART * 0.99, 1e-3 / APART * 1.01])
    def test_near_the_suggestion(self, suggested: float) -> None:
        assert judged(of({300: GOOD}), suggested=suggested).warnings == ()

    @pytest.mark.parametrize(("best", "side"), [(-4.0, "lower"), (-2.0, "higher")])
    def test_at_the_edge(self, best: float, side: str) -> None:
        table = {300: {place: 1 + 0.1 * abs(place - best) for place in GOOD}}
        assert judged(of(table), suggested=10**best).warnings == (
            f"the best rate at 300 steps was the last one tried: a {side} one may be better",
        )

    def test_the_side_is_that_of_the_edge_and_not_of_what_was_carried_on(self) -> None:
        """The rate that is carried on lies below the rates that were tried; so does the edge."""
        falling = {30: {place + 1: 1 + 0.1 * abs(place + 4) for place in GOOD}}
        falling[300] = {place: 1 + 0.1 * abs(place + 4) for place in GOOD}
        (_, edge, _) = judged(of(falling, steps=10**6)).warnings
        assert edge == "the best rate at 300 steps was the last one tried: a lower one may be better"

    def test_an_edge_with_other_lengths_beyond_is_none(self) -> None:
        near = {-3.4: 1.0, -3.1: 0.5, -2.8: 0.4}
        assert judged(of({30: GOOD, 300: near})).warnings == ()
        assert len(judged(of({30: near, 300: near})).warnings) == 1

    def test_carried_on_far(self) -> None:
        said = judged(of({300: GOOD}, steps=math.floor(300 * FAR) + 1)).warnings
        assert said == (
            "the rate is carried on from trainings of 300 steps to 1,201; a larger confirm.budget would need less of "
            "that",
        )
        assert judged(of({300: GOOD}, steps=math.floor(300 * FAR))).warnings == ()

    def test_seeds_apart(self) -> None:
        table = {300: {-3.0: [0.5, 1.5], -2.5: [0.9, 0.9], -2.0: [1.5, 0.5]}}
        said = judged(of(table), suggested=10**-2.5)
        assert said.confirmation.seed_factor == pytest.approx(10, rel=0.15)
        assert said.warnings == (f"the seeds' own best rates lie {said.confirmation.seed_factor:.1f} times apart",)

    def test_judged_by_training_loss(self) -> None:
        assert judged(of({300: GOOD}), judged_on="training loss", rows=10).warnings == (
            "nothing is held out, so the rates were judged by training loss, which rewards over-fitting",
        )

    def test_few_rows(self) -> None:
        assert judged(of({300: GOOD}), rows=FEW_ROWS - 1).warnings == (
            "the rates were judged on 99 held-out rows, which are few",
        )
        assert judged(of({300: GOOD}), rows=FEW_ROWS).warnings == ()

    @pytest.mark.parametrize(
        ("held_out", "own", "over_fits"), [(1.2, 0.8, True), (0.8, 0.8, False), (1.2, 1.2, False), (0.8, 1.2, False)]
    )
    def test_over_fitting(self, held_out: float, own: float, over_fits: bool) -> None:
        table = {30: GOOD, 300: {place: loss * held_out for place, loss in GOOD.items()}}
        train = {30: GOOD, 300: {place: loss * own for place, loss in GOOD.items()}}
        said = (
            "the longest trainings over-fit: their held-out loss is higher than that of shorter ones while their "
            "training loss is lower; fewer steps or more regularisation would do more than the rate",
        )
        assert judged(of(table, train=train)).warnings == (said if over_fits else ())

    def test_all_together_in_order(self) -> None:
        def odd(place: float, steps: int, seed: int) -> float:
            return bowl(best=-6 + seed, width=3)(place, steps, seed)

        said = judged(told(odd, [30, 300], steps=10**5), rows=3).warnings
        starts = ("the trainings say", "the rate is carried on", "the seeds' own", "the rates were judged on 3 ")
        assert [any(each.startswith(start) for start in starts) for each in said] == [True] * 4


def test_a_surface_is_what_it_says() -> None:
    """The helper's own closed form."""
    surface: Surface = bowl(best=-2, exponent=-1, at=100, width=2)
    assert surface(-3, 1000, 0) == pytest.approx(START - START * 1000 / 1050)
    assert surface(-2, 1000, 0) == pytest.approx(START - START * 1000 / 1050 * 0.75)
    assert surface(5, 1000, 0) == START
