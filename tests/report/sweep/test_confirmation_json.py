"""The confirmation and the evidence in result.json."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from lrfind.core.decode import read_result
from lrfind.core.errors import InputError
from lrfind.core.result import Evidence, Result
from lrfind.report.sweep.result_json import to_json
from tests.report.conftest import confirmations, confirmed, curves, raced, typical


def test_the_keys_of_the_format() -> None:
    found = json.loads(to_json(raced()))
    assert list(found["confirmation"]) == [
        *("candidates", "horizons", "best", "exponent", "untrained", "judged_on", "seed_factor", "spent", "budget")
    ]
    assert found["confirmation"]["horizons"] == [200]
    assert list(found["confirmation"]["candidates"][0]) == ["learning_rate", "steps", "loss", "train_loss"]
    assert found["confirmation"]["candidates"][5]["loss"][3] is None
    assert list(found["confirmation"]["best"][0]) == ["steps", "learning_rate", "low", "high"]
    assert list(found["evidence"]) == [
        *("trust_steps", "trust_ratio", "sharpness", "stability_limit", "stability_rule")
    ]
    assert json.loads(to_json(typical()))["confirmation"] is None


def test_values_come_back() -> None:
    back = read_result(to_json(confirmed()))
    expected = confirmed().confirmation
    assert back.confirmation is not None
    assert expected is not None
    assert replace(back.confirmation, candidates=()) == replace(expected, candidates=())
    for each, other in zip(back.confirmation.candidates, expected.candidates, strict=True):
        assert (each.learning_rate, each.steps) == (other.learning_rate, other.steps)
        assert each.loss == pytest.approx(other.loss, nan_ok=True)
        assert each.train_loss == pytest.approx(other.train_loss, nan_ok=True)
    assert math.isnan(back.confirmation.candidates[6].loss[0])
    assert back.evidence.trust_steps == confirmed().evidence.trust_steps
    assert back.evidence.trust_ratio == pytest.approx(confirmed().evidence.trust_ratio, nan_ok=True)
    assert (back.evidence.sharpness, back.evidence.stability_rule) == (48.8, "2 / lambda_max")


@given(confirmations())
def test_round_trip_of_any_confirmation(result: Result) -> None:
    text = to_json(result)
    assert to_json(read_result(text)) == text


@given(curves())
def test_round_trip_of_any_evidence(result: Result) -> None:
    text = to_json(result)
    assert to_json(read_result(text)) == text


def test_older_files_have_neither() -> None:
    found = json.loads(to_json(typical()))
    del found["confirmation"], found["evidence"]
    back = read_result(json.dumps(found))
    assert back.confirmation is None
    assert back.evidence == Evidence()
    found["evidence"] = None
    assert read_result(json.dumps(found)).evidence == Evidence()


def test_evidence_may_be_there_in_part_and_with_more() -> None:
    found = json.loads(to_json(typical()))
    found["evidence"] = {"sharpness": 2.5, "later": 1}
    assert read_result(json.dumps(found)).evidence == Evidence(sharpness=2.5)


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("confirmation", 3, "damaged"),
        ("confirmation", [], "damaged"),
        ("confirmation.candidates", None, "damaged"),
        ("confirmation.candidates", [3], "damaged"),
        ("confirmation.candidates.0.loss", 1.0, "'confirmation.candidates.loss' is 1.0, expected a list of numbers"),
        ("confirmation.candidates.0.loss", ["x"], "'confirmation.candidates.loss' is 'x', expected a number or null"),
        ("confirmation.candidates.0.loss", [[1.0]], "expected a number or null"),
        ("confirmation.candidates.0.learning_rate", True, "expected a number or null"),
        ("confirmation.candidates.0.steps", 1.5, "expected a whole number"),
        ("confirmation.candidates.0.steps", None, "expected a whole number"),
        ("confirmation.horizons", [1], "'confirmation.horizons' and 'confirmation.best' differ"),
        ("confirmation.horizons", None, "damaged"),
        ("confirmation.best", {}, "damaged"),
        ("confirmation.best.0.low", "1", "expected a number or null"),
        ("confirmation.exponent", "x", "'confirmation.exponent' is 'x', expected a number or null"),
        ("confirmation.untrained", None, "'confirmation.untrained' is None, expected a list of numbers"),
        ("confirmation.spent", 10**400, "damaged"),
        ("confirmation.budget", None, "expected a whole number"),
        ("evidence", 3, "damaged"),
        ("evidence", ["x"], "damaged"),
        ("evidence.trust_steps", [1, 2], "'evidence.trust_ratio' has 25 numbers for 2 steps"),
        ("evidence.trust_steps", [None], "'evidence.trust_steps' is None, expected a whole number"),
        ("evidence.trust_ratio", "x", "'evidence.trust_ratio' is 'x', expected a list of numbers"),
        ("evidence.sharpness", [1.0], "'evidence.sharpness' is .1.0., expected a number or null"),
        ("evidence.stability_limit", "x", "'evidence.stability_limit' is 'x', expected a number or null"),
    ],
)
def test_a_damaged_value_is_said(path: str, value: object, says: str) -> None:
    found = json.loads(to_json(confirmed()))
    *parents, key = path.split(".")
    at: Any = found
    for parent in parents:
        at = at[int(parent)] if parent.isdigit() else at[parent]
    at[key] = value
    with pytest.raises(InputError, match="damaged") as raised:
        read_result(json.dumps(found))
    raised.match(says)


@pytest.mark.parametrize("key", ["candidates", "horizons", "best", "exponent", "untrained", "judged_on", "budget"])
def test_a_missing_key_is_said(key: str) -> None:
    found = json.loads(to_json(confirmed()))
    del found["confirmation"][key]
    with pytest.raises(InputError, match=f"damaged: the key 'confirmation.{key}' is missing"):
        read_result(json.dumps(found))
