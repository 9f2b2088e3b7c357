"""Rates for schedules that were not trained under: the rules, in numbers that can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfind.analysis.advice import BASES, Proposal, carried, proposals, triangular, warmup
from lrfind.analysis.range_test.curve import summarize
from lrfind.core.result import Recommendation
from tests.support.synthetic import ladder, typical

RATES = ladder()
READING = summarize(RATES, typical(RATES, centre=1e-3, limit=0.3))
FOUND = Recommendation(0.02, 1e-3, 1.0, "steepest", True, "cosine", 1000, "trainings of 2 seeds", "")


def by_name(found: Recommendation = FOUND, **changes: Any) -> dict[str, Proposal]:
    keys: dict[str, Any] = {"options": {}, "mean": 0.5, "b2": None, "limit": None}
    return {each.schedule: each for each in proposals(READING, found, **keys | changes)[1:]}


def test_the_sum_of_rates_is_kept() -> None:
    found = by_name()
    assert set(found) == {"constant", "cosine", "one_cycle", "triangular", "step"}
    assert found["constant"].learning_rate == pytest.approx(0.02 * 0.5)
    assert found["cosine"].learning_rate == pytest.approx(0.02)
    assert found["step"].learning_rate == pytest.approx(0.02 * 0.5 / 0.37, rel=5e-3)  # 1 + 0.1 + 0.01, over 3
    assert found["one_cycle"].learning_rate == pytest.approx(0.02 * 0.5 / (0.3 * 0.55 + 0.7 * 0.5), rel=5e-3)
    assert found["one_cycle"].options == {"div_factor": 10}
    assert all(each.basis == "rule" for name, each in found.items() if name != "triangular")
    assert found["triangular"].basis == "measured"


def test_the_users_own_comes_first_and_once() -> None:
    first, *others = proposals(READING, FOUND, options={"warmup_steps": 5}, mean=0.5, b2=None, limit=None)
    assert (first.schedule, first.learning_rate, first.basis) == ("cosine", 0.02, "measured")
    assert first.options == {"warmup_steps": 5}
    assert "cosine" not in {each.schedule for each in others}
    _, *others = proposals(READING, replace(FOUND, schedule="step"), options={}, mean=0.37, b2=None, limit=None)
    assert "step" not in {each.schedule for each in others}


def test_the_interval_is_not_left() -> None:
    rate, rule = carried(replace(FOUND, low=0.018, high=0.022), 0.5, 1.0)
    assert rate == 0.018
    assert rule.endswith("inside of the interval")
    assert carried(replace(FOUND, low=0.018, high=0.022), 0.5, 0.25)[0] == 0.022


def test_a_rate_that_knows_no_schedule_stays_as_it_is() -> None:
    unconfirmed = replace(FOUND, confirmed=False, low=0.01, high=0.03)
    found = by_name(unconfirmed, mean=None)
    assert {each.learning_rate for name, each in found.items() if name != "triangular"} == {0.02}
    assert "knows no schedule" in found["constant"].source
    assert proposals(READING, unconfirmed, options={}, mean=None, b2=None, limit=None)[0].basis == "rule"
    knows = proposals(READING, unconfirmed, options={}, mean=0.5, b2=None, limit=None)
    assert "carried on by the sum of rates" in knows[0].source
    assert next(each for each in knows if each.schedule == "constant").learning_rate == 0.01
    assert proposals(READING, replace(FOUND, learning_rate=None), options={}, mean=1, b2=None, limit=None) == ()


@pytest.mark.parametrize(
    ("steps", "b2", "limit", "wanted", "says"),
    [
        (100_000, 0.999, None, 2000, "2 / (1 - b2)"),
        (1000, 0.999, None, 100, "10% of the steps, less than"),
        (1000, None, None, 50, "5 of 90 epochs"),
        (1000, None, 0.5, 50, "5 of 90 epochs"),
        (1000, None, 0.01, 100, "above what is stable at the start, 1.0e-02"),
        (5, None, None, 0, ""),
    ],
)
def test_warmup(steps: int, b2: float | None, limit: float | None, wanted: int, says: str) -> None:
    found, why = warmup(steps, 0.02, b2, limit)
    assert found == wanted
    assert says in why


def test_a_schedule_that_waits_for_the_loss_has_no_sum() -> None:
    rate, rule = carried(replace(FOUND, schedule="reduce_on_plateau"), None, 0.5)
    assert (rate, rule) == (0.02, "the peak of reduce_on_plateau, whose drops nobody knows beforehand")


def test_triangular_is_read_off_the_curve() -> None:
    """It starts to fall where a tenth of the sigmoid is done, ln(9) widths below its centre, and turns at the limit."""
    found = triangular(READING, replace(FOUND, low=1e-6, high=10.0))
    begins = 10 ** (-3 - 0.4 * 2.197)
    assert found.learning_rate == pytest.approx(0.3, rel=0.4)
    assert found.learning_rate < 0.36
    base = found.learning_rate * found.options["base_factor"]
    assert base == pytest.approx(max(begins, found.learning_rate / BASES[1]), rel=0.05)
    inside = triangular(READING, replace(FOUND, low=0.01, high=0.04))
    assert inside.learning_rate == 0.04
    assert inside.learning_rate * inside.options["base_factor"] == pytest.approx(0.04 / BASES[1])
    low = triangular(READING, replace(FOUND, low=1e-4, high=2e-4))
    assert low.options["base_factor"] == pytest.approx(1 / 3, rel=1e-2)
    assert "3 to 100 times lower" in low.source


def test_triangular_without_a_fall() -> None:
    flat = summarize(RATES, typical(RATES) * 0 + 2.3)
    assert flat.no_rate_reason
    found = triangular(flat, FOUND)
    assert (found.learning_rate, found.basis) == (0.02, "rule")
    assert found.options["base_factor"] == pytest.approx(1 / 3, rel=1e-2)


@given(st.floats(1e-7, 10), st.floats(0, 3), st.floats(0, 3), st.floats(0.01, 1), st.booleans())
def test_every_rate_is_one_that_can_be_trained_at(
    rate: float, down: float, up: float, mean: float, confirmed: bool
) -> None:
    found = replace(FOUND, learning_rate=rate, low=rate / 10**down, high=rate * 10**up, confirmed=confirmed)
    for each in proposals(READING, found, options={}, mean=mean, b2=0.999, limit=0.1):
        assert 0 < each.options.get("base_factor", 1) <= 1
        assert each.source
        if confirmed:
            assert found.low * 0.99 <= each.learning_rate <= found.high * 1.01  # type: ignore[operator]
