"""From suggestion to recommendation, and the warnings that go with it."""

from __future__ import annotations

import numpy as np
from synthetic import blow_up, ladder, sigmoid_fall, typical

from lrfind.analysis.curve import read
from lrfind.analysis.recommend import begins_too_high, recommend, warnings
from lrfind.analysis.suggest import steepest, suggest
from lrfind.types import Suggestion

RATES = ladder()


def warned(loss: np.ndarray, rates: np.ndarray = RATES, suggestion: Suggestion | None = None) -> str:
    loss = np.atleast_2d(loss)
    reading = read(rates, loss)
    return "\n".join(warnings(reading, suggestion or suggest("steepest", reading, loss), seeds=len(loss)))


def test_without_confirmation_it_is_the_suggestion() -> None:
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
        reading = read(RATES, loss)
        assert begins_too_high(reading, steepest) is expected
