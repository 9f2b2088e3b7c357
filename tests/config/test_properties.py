"""What holds for any config: it round-trips, the published schema takes it, and damage never ends in a traceback."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfind.config.json_schema import schema
from lrfind.config.load import load
from lrfind.config.optimizer_catalog import OPTIMIZERS
from lrfind.config.schema import Config
from lrfind.core.errors import ConfigError, Problem
from lrfind.core.registry import LOSSES, SCHEDULES

RATE = st.floats(1e-12, 1e6)
MODEL = st.just({"name": "linear"}) | st.fixed_dictionaries(
    {"name": st.just("mlp")},
    optional={
        "hidden": st.lists(st.integers(1, 4096), max_size=4),
        "activation": st.sampled_from(["relu", "gelu", "tanh", "silu"]),
        "norm": st.sampled_from(["none", "layer"]),
    },
)
DATA_SECTION = st.fixed_dictionaries(
    {"name": st.just("friedman")},
    optional={
        "rows": st.integers(16, 9999),
        "noise": st.floats(0, 10),
        "batch_size": st.integers(1, 999),
        "validation_fraction": st.floats(0, 0.99),
    },
)
LENGTH = st.fixed_dictionaries({"steps": st.integers(100, 10**6)}) | st.fixed_dictionaries({"epochs": RATE})
SCHEDULE = st.sampled_from(sorted(SCHEDULES)).flatmap(
    lambda name: st.just(name) | st.fixed_dictionaries({"name": st.just(name), "warmup_steps": st.integers(0, 99)})
)
TRAIN = st.builds(
    lambda length, schedule: length | schedule,
    LENGTH,
    st.just({}) | st.builds(lambda schedule: {"schedule": schedule}, SCHEDULE),
)
PATTERN = st.text("ab.*?[0]", min_size=1, max_size=6)
OPTIMIZER = st.sampled_from(sorted(OPTIMIZERS)).flatmap(
    lambda name: st.fixed_dictionaries(
        {"name": st.just(name)},
        optional={
            "learning_rate": RATE,
            "groups": st.dictionaries(PATTERN, st.floats(1e-6, 1000), max_size=2),
            "frozen": st.lists(PATTERN, max_size=2),
            "decayed": st.sampled_from(["all", "weights"] if OPTIMIZERS[name].mask else ["all"]),
            **{key: st.just(json.loads(json.dumps(value))) for key, value in OPTIMIZERS[name].options.items()},
        },
    )
)  # fmt: skip
CONFIRM = st.fixed_dictionaries(
    {}, optional={"enabled": st.booleans(), "budget": st.integers(1, 10**9), "max_seconds": st.none() | RATE}
)
VALID = st.fixed_dictionaries(
    {"model": MODEL, "data": DATA_SECTION, "optimizer": OPTIMIZER},
    optional={
        "seed": st.integers(0, 2**31 - 1),
        "train": TRAIN,
        "loss": st.sampled_from([None, *LOSSES]),
        "precision": st.sampled_from(["float32", "bfloat16"]),
        "confirm": CONFIRM,
        "check": st.fixed_dictionaries({}, optional={"tolerance": st.floats(1, 1e6)}),
    },
)


@given(VALID)
@settings(deadline=None)
def test_a_resolved_config_reads_as_itself(value: dict[str, Any]) -> None:
    first = Config.model_validate(value)
    assert Config.model_validate(first.model_dump(mode="json")) == first


SYNTAX = "{}[]:,'\"&*!|>%@`#-?~ \n\t\\0e.xé\x07"


@given(VALID, st.data())
@settings(deadline=None, max_examples=300)
def test_any_damage_is_a_config_error_or_a_config(value: dict[str, Any], data: st.DataObject) -> None:
    text = json.dumps(value, indent=data.draw(st.sampled_from([None, 2])))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 8)))
        put = data.draw(st.text(SYNTAX, max_size=4) | st.sampled_from(["null", ".nan", "yes", "<<: "]))
        text = text[:start] + put + text[end:]
    problems: tuple[Problem, ...] = ()
    try:
        loaded = load("-", stdin_text=text)
        assert Config.model_validate(loaded.config.model_dump(mode="json")) == loaded.config
    except ConfigError as error:
        problems = error.problems
    for problem in problems:
        assert problem.line is None or 1 <= problem.line <= text.count("\n") + 1
        assert "Input should" not in problem.message


@pytest.fixture(scope="module")
def validator() -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    found = jsonschema.Draft202012Validator(schema())
    found.check_schema(found.schema)
    return found


@given(value=VALID)
@settings(deadline=None)
def test_the_json_schema_accepts_what_the_loader_accepts(value: dict[str, Any], validator: Any) -> None:
    validator.validate(value)
    validator.validate(Config.model_validate(value).model_dump(mode="json"))
