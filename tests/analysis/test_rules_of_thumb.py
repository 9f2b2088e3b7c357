"""The usual guesses, on trainings whose outcome is known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfind.analysis.range_test.curve import summarize
from lrfind.analysis.rules_of_thumb import LITTLE, guess, judge
from lrfind.core.result import Candidate, Confirmation, Horizon, Recommendation
from tests.support.synthetic import ladder, typical

START, LIMIT, SPEED = 2.0, 0.5, 0.1
READING = summarize(ladder(), typical(ladder()))


def flows(rate: float, steps: int) -> float:
    """The loss of a gradient flow: it depends on the sum of the rates alone, up to the rate at which it is lost."""
    return math.nan if rate > LIMIT else START * math.exp(-SPEED * rate * steps)


def confirmation(*rungs: tuple[int, tuple[float, ...]], seeds: int = 2) -> Confirmation:
    """Trainings of some lengths and rates, rising."""
    candidates = tuple(
        Candidate(rate, steps, (flows(rate, steps),) * seeds, (flows(rate, steps),) * seeds)
        for steps, rates in rungs
        for rate in rates
    )
    horizons = tuple(
        Horizon(steps, max(rate for rate in rates if rate <= LIMIT), rates[0], rates[-1]) for steps, rates in rungs
    )
    return Confirmation(candidates, horizons, 0.0, (START,) * seeds, "held-out loss", None, 1000.0, 3000)


def recommended(rate: float | None, steps: int = 400, confirmed: bool = True) -> Recommendation:
    return Recommendation(rate, None, None, "steepest", confirmed, "constant", steps, None, "")


LONG = confirmation((20, (0.02, 0.1, 0.5, 2.0)), (400, (0.2, 0.35, 0.5)))


@pytest.mark.parametrize("rate", [0.02, 0.01, 0.001, 0.004])
def test_a_low_rate_is_looked_up_by_the_sum_of_its_rates(rate: float) -> None:
    found = guess(rate, READING, recommended(0.5), LONG)
    assert found.lost is not None
    best = START - flows(0.5, 400)
    true = 1 - (START - flows(rate, 400)) / best
    between = [0.02, 0.1, 0.5]  # straight lines between the trainings bend off the curve
    if any(math.isclose(rate * 20, each) for each in between):
        assert found.lost == pytest.approx(true, abs=1e-6)
    assert found.lost == pytest.approx(true, abs=0.06)
    assert (found.verdict, found.steps) == ("works" if found.lost <= LITTLE else "costs", 20)
    assert "same sum of rates" in found.reason


def test_a_rate_among_the_longest_trainings() -> None:
    found = guess(0.35, READING, recommended(0.5), LONG)
    best = START - flows(0.5, 400)
    assert found.lost == pytest.approx(1 - (START - flows(0.35, 400)) / best)
    assert (found.verdict, found.steps) == ("works", 400)
    assert found.reason == "works: loses less than 1% of the improvement in trainings of 400 steps"


def test_a_rate_at_which_trainings_diverged() -> None:
    found = guess(3.0, READING, recommended(0.5), LONG)
    assert (found.verdict, found.lost, found.steps) == ("diverges", 1.0, 20)
    assert found.reason == "diverges: all trainings of 20 steps at 2.0e+00 did"


def test_one_seed_that_lives_is_no_divergence() -> None:
    lives = Candidate(2.0, 20, (math.nan, 1.0), (math.nan, 1.0))
    some = confirmation((20, (0.02, 0.1, 0.5)))
    both = Confirmation((*some.candidates, lives), some.horizons, 0.0, some.untrained, "held-out loss", None, 1.0, 3000)
    assert guess(2.5, READING, recommended(0.5), both).verdict == "costs"


@pytest.mark.parametrize(
    ("rate", "says"),
    [(1e-6, "500,000 times below the recommended rate"), (0.9, "2 times above the recommended rate")],
)
def test_a_rate_beyond_all_trainings(rate: float, says: str) -> None:
    found = guess(rate, READING, recommended(0.5), confirmation((20, (0.02, 0.1, 0.5))))
    assert found.lost is None
    assert says in found.reason
    assert "where nothing was trained" in found.reason
    assert found.verdict == ("costs" if rate < 0.5 else "unknown")


def test_the_best_rate_moves_with_the_length() -> None:
    """Twice above the recommendation is looked up twice above the best of the trainings there are."""
    some = confirmation((20, (0.05, 0.1, 0.2, 0.4)), seeds=1)
    moved = guess(0.02, READING, recommended(0.01), some)  # 0.4 in 20 steps is as far above as can be
    assert moved.verdict == "unknown"
    above = guess(0.0105, READING, recommended(0.01), some)
    assert (above.verdict, above.lost) == ("works", pytest.approx(0, abs=1e-9))


@pytest.mark.parametrize(
    ("rate", "best", "verdict", "says"),
    [
        (0.5, 1e-2, "diverges", "most likely diverges: the sweep did from"),
        (0.015, 1e-2, "works", "within a factor of two of the suggestion, 1.0e-02"),
        (0.001, 1e-2, "costs", "10 times below the suggestion, so up to as many times the steps"),
        (0.1, 1e-2, "unknown", "not known: above the suggestion"),
        (0.01, None, "unknown", "no rate to compare it with"),
    ],
)
def test_the_sweep_alone(rate: float, best: float | None, verdict: str, says: str) -> None:
    found = guess(rate, READING, recommended(best, confirmed=False), None)
    assert (found.verdict, found.lost, found.steps) == (verdict, None, None)
    assert says in found.reason


def test_all_the_usual_ones() -> None:
    assert [each.learning_rate for each in judge(READING, recommended(0.5), LONG)] == [0.1, 0.01, 0.001]


losses = st.lists(st.floats(0, 3) | st.just(math.nan), min_size=2, max_size=2).map(tuple)


@given(
    st.lists(st.tuples(st.sampled_from([5, 30, 200]), st.integers(-8, 3), losses), min_size=1, max_size=12),
    st.integers(-6, 2),
)
def test_any_trainings_give_a_sentence(trained: list[tuple[int, int, tuple[float, ...]]], place: int) -> None:
    table = {(steps, 10 ** (at / 2)): loss for steps, at, loss in trained}
    candidates = tuple(Candidate(rate, steps, loss, loss) for (steps, rate), loss in sorted(table.items()))
    lengths = sorted({each.steps for each in candidates})
    some = Confirmation(
        candidates, tuple(Horizon(each, 0.01, 0.01, 0.01) for each in lengths), None, (2.0, 2.1), "x", None, 1.0, 1
    )
    found = guess(10.0**place, READING, recommended(0.02), some)
    assert found.reason
    assert found.lost is None or 0 <= found.lost <= 1
    assert (found.verdict == "works") == (found.lost is not None and found.lost <= LITTLE)
    assert np.isfinite(found.learning_rate)
