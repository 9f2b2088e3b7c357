"""The rows of facts that text and Markdown share."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings

from lrfind.core.result import Confirmation, Evidence, Result
from lrfind.report.sweep.fact_rows import confirmation_rows, count, evidence, facts, trainings
from lrfind.report.sweep.sweep_text import summary, table
from lrfind.report.wording import Look
from tests.report.conftest import confirmations, confirmed, declined, raced, typical


def trials(result: Result) -> Confirmation:
    assert result.confirmation is not None
    return result.confirmation


def test_nothing_is_said_of_what_was_not_done() -> None:
    assert confirmation_rows(typical()) == []
    assert evidence(typical()) == ""
    assert [name for name, _ in facts(typical())] == ["for", "model", "data", "loss", "sweep", "made with", "time"]


def test_the_rows_of_a_confirmation() -> None:
    assert confirmation_rows(confirmed()) == [
        (
            "confirmed",
            "27 trainings at 3 horizons (15, 100, 300 steps), 2 diverged; best by held-out loss 9.1e-03 at 15, "
            "4.7e-03 at 100, 3.3e-03 at 300; carried on to 1,000 steps by steps^-0.27",
        ),
        ("seeds", "their best rates lie within a factor 1.8"),
        ("budget", "2,510 of 3,000 steps spent, sweep included"),
    ]


def test_a_whole_training_is_called_so() -> None:
    found = trials(raced())
    assert trainings(found, 200) == (
        "28 trainings of all 200 steps, 5 diverged; best by held-out loss 4.1e-03 (2.0e-03 .. 7.7e-03)"
    )
    several = replace(trials(confirmed()), exponent=None)
    assert trainings(several, 300).endswith("3.3e-03 at 300; the last is the whole training")


def test_one_short_length_says_that_it_shows_no_trend() -> None:
    rows = dict(confirmation_rows(declined()))
    assert rows["tried"] == (
        "5 trainings of 60 steps; best by training loss 1.0e-03; "
        "one horizon does not show how it changes up to 1,000 steps"
    )
    assert "seeds" not in rows


@pytest.mark.parametrize("nothing", [0.0, -0.0, -0.001])
def test_by_an_exponent_of_nothing_a_rate_is_kept(nothing: float) -> None:
    found = replace(trials(confirmed()), exponent=nothing)
    assert trainings(found, 1000).endswith("; kept for 1,000 steps")


def test_without_a_best_rate_the_lengths_are_still_told() -> None:
    found = replace(trials(confirmed()), horizons=(), exponent=None)
    assert trainings(found, 1000) == "27 trainings at 3 horizons (15, 100, 300 steps), 2 diverged"


def test_evidence() -> None:
    assert evidence(confirmed()) == (
        "stable at the start below 4.1e-02 = 2 / lambda_max; trust ratio passes 1/2 at 2.0e-02"
    )
    assert evidence(declined()) == "sharpness 3.21 at the start"
    bare = Evidence(sharpness=3.21, stability_limit=0.5)
    assert evidence(replace(typical(), evidence=bare)) == "stable at the start below 5.0e-01"
    assert evidence(replace(typical(), evidence=Evidence(stability_limit=math.nan, sharpness=math.inf))) == ""


def test_counts() -> None:
    assert (count(1, "seed"), count(0, "seed"), count(1200, "training")) == ("1 seed", "0 seeds", "1,200 trainings")


def test_text_and_markdown_have_the_same_words() -> None:
    told = " ".join(table(confirmed(), Look(width=400, color=False, unicode=True)).split())
    written = summary(confirmed(), Look()).replace("\\", "")
    for name, value in facts(confirmed()):
        assert f"{name} {value}" in told
        assert f"| {name} | {value} |" in written


@given(confirmations())
@settings(max_examples=200, deadline=None)
def test_any_confirmation_can_be_told(result: Result) -> None:
    for name, value in facts(result):
        assert len(value.splitlines()) == 1, name
        assert "nan" not in value
        assert "inf" not in value
