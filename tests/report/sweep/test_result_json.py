"""result.json and curve.csv: the format, and the round trip."""

from __future__ import annotations

import json
import math
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lrfind.config.schema import Config
from lrfind.core.decode import SECTIONS, read_result
from lrfind.core.errors import InputError
from lrfind.core.result import Execution, Result, Suggestion, Sweep, Timing
from lrfind.report.sweep.result_json import to_csv, to_json
from tests.report.conftest import Golden, interrupted, typical

floats = st.floats(allow_nan=True, allow_infinity=True)
plain = st.none() | st.booleans() | st.integers() | floats | st.text(max_size=8)
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@st.composite
def results(draw: st.DrawFn) -> Result:
    seeds, steps = draw(st.integers(0, 3)), draw(st.integers(0, 4))
    row = arrays.arrays(np.float64, (steps,), elements=floats)
    rows = arrays.arrays(np.float64, (seeds, steps), elements=floats)
    ends = draw(st.lists(st.none() | st.integers(0, steps), min_size=seeds, max_size=seeds))
    sweep = Sweep(
        draw(row),
        draw(rows),
        draw(row),
        draw(rows),
        draw(rows),
        tuple(ends),
        tuple(range(seeds)),
        Execution("loop", "vmap"),
    )
    rate = st.none() | floats
    suggestion = st.builds(Suggestion, rate, rate, rate, st.text(max_size=9))
    return replace(
        typical(),
        name=draw(st.text(max_size=9)),
        sweep=sweep,
        suggestions=draw(st.dictionaries(st.text(max_size=5), suggestion, max_size=3)),
        config=draw(st.dictionaries(st.text(max_size=5), values, max_size=3)),
        warnings=tuple(draw(st.lists(st.text(max_size=9), max_size=2))),
        timing=Timing(import_=draw(floats)),
    )


def test_json_golden(named_result: tuple[str, Result], golden: Golden) -> None:
    name, result = named_result
    golden(f"{name}.json", to_json(result))


def test_csv_golden(golden: Golden) -> None:
    golden("interrupted.csv", to_csv(interrupted()))


def test_round_trip(named_result: tuple[str, Result]) -> None:
    text = to_json(named_result[1])
    assert to_json(read_result(text)) == text


@given(results())
def test_round_trip_of_anything(result: Result) -> None:
    text = to_json(result)
    assert to_json(read_result(text)) == text
    assert text.isascii()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def same(left: object, right: object) -> bool:
    """Whether two values are equal, NaN to NaN, arrays by their numbers."""
    if isinstance(left, np.ndarray):
        return np.array_equal(left, np.asarray(right), equal_nan=True)
    if is_dataclass(left):
        return type(left) is type(right) and all(
            same(getattr(left, each.name), getattr(right, each.name)) for each in fields(left)
        )
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right or (left != left and right != right)


@given(results())
def test_what_was_read_is_what_was_written(result: Result) -> None:
    once = read_result(to_json(result))  # what is not finite is NaN from here on
    assert same(read_result(to_json(once)), once)


def test_json_has_the_keys_of_the_format() -> None:
    found = json.loads(to_json(typical()))
    assert found["schema"] == "lrfind/result/1"
    assert {"status", "recommendation", "suggestions", "sweep", "confirmation", "assumptions", "warnings"} <= set(found)
    assert {"config", "environment", "timing", "name", "facts"} <= set(found)
    assert "import" in found["timing"]
    assert found["sweep"]["loss"][0][99] is None


def test_rows_of_numbers_stay_on_one_line() -> None:
    text = to_json(typical())
    assert len(text.splitlines()) < 160
    assert '"smoothed": [2.35, ' in text


def test_values_come_back() -> None:
    result = typical()
    back = read_result(to_json(result))
    finite = np.isfinite(result.sweep.loss)
    np.testing.assert_array_equal(back.sweep.loss[finite], result.sweep.loss[finite])
    assert np.isnan(back.sweep.loss[~finite]).all()
    assert back.recommendation == result.recommendation
    assert back.facts == result.facts
    assert back.timing == result.timing
    assert back.warnings == result.warnings


def test_unknown_keys_are_tolerated() -> None:
    found = json.loads(to_json(typical()))
    found["later"] = 1
    found["recommendation"]["later"] = 1
    found["timing"]["later"] = 1.0
    assert read_result(json.dumps(found)).name == "digits-mlp"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ("[1]", "no key 'schema'"),
        ('{"a": 1}', "no key 'schema'"),
        ('{"schema": "lrfind/train/1"}', "'lrfind/train/1'; expected 'lrfind/result/1'"),
        ('{"schema": "lrfind/result/1"}', "'sweep' is missing"),
        (b"\xff\xfe\xff", "not valid JSON"),
        ("[" * 100_000, "nested too deep"),
    ],
)
def test_what_is_no_result_is_said(text: str | bytes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_result(text)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("sweep.loss", [[1.0]]),
        ("sweep.loss", "x"),
        ("sweep.learning_rate", [[1.0]]),
        ("sweep", None),
        ("sweep.seeds", 3),
        ("status", "great"),
        ("recommendation", []),
        ("suggestions", []),
        ("timing", None),
        ("sweep.loss", [["1.0"] * 100] * 4),
        ("sweep.seeds", [0, 1, 2, True]),
        ("sweep.diverged_at", [None]),
        ("sweep.diverged_at", [1.5] * 4),
        ("sweep.execution.steps", "walk"),
        ("recommendation.learning_rate", "1e-3"),
        ("recommendation.confirmed", "no"),
        ("recommendation.steps", 10.5),
        ("suggestions.steepest.low", []),
        ("facts.parameters", None),
        ("timing.total", "long"),
        ("warnings", "one"),
        ("warnings", [1]),
        ("name", 3),
        ("config", []),
        ("config.data", True),
        ("config.sweep", "x"),
    ],
)
def test_a_damaged_result_is_said(path: str, value: object) -> None:
    found = json.loads(to_json(typical()))
    *parents, key = path.split(".")
    at = found
    for parent in parents:
        at = at[parent]
    at[key] = value
    with pytest.raises(InputError, match="damaged"):
        read_result(json.dumps(found))


def test_csv_tells_infinite_from_not_measured() -> None:
    lines = to_csv(typical()).split("\n")
    head, last = lines[0].split(","), lines[100].split(",")
    assert head[:5] == ["step", "learning_rate", "smoothed", "loss_seed0", "loss_seed1"]
    assert head[-1] == "update_norm_seed3"
    assert lines[101:] == [""]
    row = dict(zip(head, last, strict=True))
    assert row["loss_seed0"] == "inf"
    assert row["smoothed"] == ""
    assert math.isclose(float(row["learning_rate"]), 10.0)


def test_the_sections_of_a_config_are_those_of_its_schema() -> None:
    """They are named apart from it, as a report does without pydantic."""
    assert [name for name in Config.model_fields if name not in ("seed", "loss", "precision")] == list(SECTIONS)
