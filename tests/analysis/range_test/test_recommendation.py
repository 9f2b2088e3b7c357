"""From suggestion to recommendation, and the warnings that go with it."""

from __future__ import annotations

import numpy as np
import pytest

from lrfind.analysis.range_test.curve import summarize
from lrfind.analysis.range_test.methods import steepest, suggest
from lrfind.analysis.range_test.recommendation import averaged_with_minimum, begins_too_high, recommend, warnings
from lrfind.core.result import Suggestion
from tests.support.synthetic import blow_up, ladder, sigmoid_fall, typical

RATES = ladder()


def warned(loss: np.ndarray, rates: np.ndarray = RATES, suggestion: Suggestion | None = None) -> str:
    loss = np.atleast_2d(loss)
    reading = summarize(rates, loss)
    return "\n".join(warnings(reading, suggestion or suggest("steepest", reading, loss), seeds=len(loss)))


class TestTempered:
    """Half way from the steepest descent to what the lowest loss says."""

    def test_in_closed_form(self) -> None:
        # A fall of one decade of slope, steepest at 1e-3, and a lowest point at 1e-1.
        x = np.log10(RATES)
        loss = 2.0 - np.clip(x + 3.5, 0, 1) + 0.02 * (x + 1) ** 2
        reading = summarize(RATES, loss[None])
        lowest = RATES[reading.lowest]
        assert 0.05 < lowest < 0.2
        suggestion = Suggestion(1e-3, 5e-4, 2e-3, "because")
        found = averaged_with_minimum(recommend("steepest", suggestion, seeds=4, schedule="cosine", steps=400), reading)
        by = float(np.sqrt(0.4 * lowest / 1e-3))
        np.testing.assert_allclose((found.learning_rate, found.low, found.high), by * np.array([1e-3, 5e-4, 2e-3]))
        assert found.reason.startswith(
            f"between the steepest descent (1.0e-03) and 0.4 times the rate at the lowest loss ({lowest:.1e}); the loss"
        )

    @pytest.mark.parametrize("seed", range(5))
    def test_it_lies_between_both(self, seed: int) -> None:
        loss = typical(RATES, noise=0.05, seeds=3, seed=seed)
        reading = summarize(RATES, loss)
        one = suggest("steepest", reading, loss)
        found = averaged_with_minimum(recommend("steepest", one, seeds=3, schedule="cosine", steps=400), reading)
        other = 0.4 * RATES[reading.lowest]
        assert one.learning_rate is not None
        assert found.learning_rate is not None
        assert min(one.learning_rate, other) <= found.learning_rate <= max(one.learning_rate, other)

    def test_other_methods_are_what_their_authors_made_them(self) -> None:
        loss = typical(RATES, noise=0.05, seeds=3)
        reading = summarize(RATES, loss)
        for name in ("valley", "minimum", "slide"):
            plain = recommend(name, suggest(name, reading, loss), seeds=3, schedule="cosine", steps=400)
            assert averaged_with_minimum(plain, reading) == plain

    def test_none_stays_none(self) -> None:
        none = recommend("steepest", Suggestion(None, None, None, "why"), seeds=4, schedule="cosine", steps=400)
        assert averaged_with_minimum(none, summarize(RATES, typical(RATES))) == none


def test_it_begins_as_the_suggestion() -> None:
    suggestion = Suggestion(1e-3, 5e-4, 2e-3, "because")
    found = recommend("steepest", suggestion, seeds=4, schedule="cosine", steps=400)
    assert (found.learning_rate, found.low, found.high, found.reason) == (1e-3, 5e-4, 2e-3, "because")
    assert not found.confirmed
    assert found.interval_from == "spread of 4 seeds"


def test_no_interval_comes_from_nothing() -> None:
    found = recommend("steepest", Suggestion(None, None, None, "why"), seeds=4, schedule="cosine", steps=400)
    assert found.interval_from is None


def test_a_good_curve_of_several_seeds_has_no_warnings() -> None:
    assert warned(typical(RATES, noise=0.02, seeds=4)) == ""


def test_one_seed() -> None:
    assert warned(typical(RATES)) == "one seed was measured, so there is no interval; the default is four"


def test_never_diverged() -> None:
    assert "never diverged up to 1.0e+01" in warned(sigmoid_fall(RATES, centre=1e-3))


def test_still_falling() -> None:
    assert "still falling at the last rate" in warned(sigmoid_fall(RATES, centre=10.0))


def test_the_low_end() -> None:
    rates = ladder(low=1e-3)
    loss = sigmoid_fall(rates, centre=1.1e-3, width=0.05) + blow_up(rates, at=0.1)
    assert "low end of the sweep" in warned(loss, rates)


def test_seeds_that_disagree() -> None:
    text = warned(typical(RATES, seeds=2), suggestion=Suggestion(1e-3, 1e-4, 1e-2, ""))
    assert "the seeds disagree by 2.0 decades" in text


def test_no_rate_needs_no_warnings() -> None:
    assert warned(np.full((4, 100), 2.3)) == ""


def test_a_sweep_that_begins_too_high_is_seen() -> None:
    for loss, expected in (
        (typical(RATES), False),
        (np.full((1, 100), 2.3), False),
        (2.3 + blow_up(RATES, at=1e-7, power=1)[None], True),
    ):
        reading = summarize(RATES, loss)
        assert begins_too_high(reading, steepest) is expected
