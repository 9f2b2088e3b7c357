"""`lrfind list`, `lrfind schema` and `lrfind init`: drawn from the schema, so held against it here."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from lrfind.config.json_schema import KINDS, options, schema, starter
from lrfind.config.load import load
from lrfind.config.optimizer_catalog import BOUNDS, OPTIMIZERS
from lrfind.config.schema import Config
from lrfind.config.sections.optimizer import within
from lrfind.config.yaml_reader import read


@pytest.mark.parametrize("kind", KINDS)
def test_every_built_in_has_its_options(kind: str) -> None:
    for name in KINDS[kind]:
        for option in options(kind, name):
            assert option["type"]
            assert option["summary"]
            assert option["name"] != "name"


def test_bounds_are_of_keywords_that_there_are_and_hold_for_their_defaults() -> None:
    found = set()
    for entry in OPTIMIZERS.values():
        for key, default in entry.options.items():
            parts = enumerate(default) if isinstance(default, tuple) else ()
            for name, value in [(key, default), *((f"{key}.{place}", each) for place, each in parts)]:
                if name in BOUNDS:
                    found.add(name)
                    assert value is None or within(value, BOUNDS[name])
    assert found == BOUNDS.keys()


def test_options_by_example() -> None:
    assert options("models", "linear") == options("losses", "mse") == []
    assert options("models", "mlp")[0] == {
        "name": "hidden",
        "type": "a list of whole numbers from 1 to 1,000,000",
        "default": [128, 128],
        "summary": "width of each hidden layer; [] has none",
        "required": False,
    }
    assert [option["name"] for option in options("optimizers", "sgd")] == [
        "learning_rate",
        "clip_norm",
        "accumulate",
        "decayed",
        "groups",
        "frozen",
        "momentum",
        "nesterov",
    ]
    assert [option["name"] for option in options("data", "npz") if option["required"]] == ["path"]


def test_the_starter_says_what_the_schema_says() -> None:
    lines = re.findall(r"^ *(?:# )?(\w+):.*? # (.*)$", starter(), re.MULTILINE)
    document = schema()
    top, definitions = document["properties"], document["$defs"]
    assert {(key, top[key]["description"]) for key in top if key != "precision"} <= set(lines)
    for section in ("sweep", "confirm", "check"):
        keys = definitions[f"{section.capitalize()}Section"]["properties"]
        assert {(key, node["description"]) for key, node in keys.items()} <= set(lines)
    train = definitions["TrainSection"]["properties"]
    assert {(key, train[key]["description"]) for key in ("steps", "schedule")} <= set(lines)
    for kind, name in (("models", "mlp"), ("data", "digits"), ("schedules", "cosine")):
        assert {(option["name"], option["summary"]) for option in options(kind, name)} <= set(lines)
    shared = [option for option in options("optimizers", "adamw") if option["name"] not in OPTIMIZERS["adamw"].options]
    assert {(option["name"], option["summary"]) for option in shared[:3]} <= set(lines)
    own = re.search(r"# optax's own, by default: (.*)", starter())
    assert own is not None
    assert read(f"{{{own[1]}}}").value == OPTIMIZERS["adamw"].options
    assert all("#" in line for line in starter().splitlines() if line)


def test_the_commented_lines_are_right_too() -> None:
    text = re.sub(r"^( *)# (?=loss|clip_norm|max_seconds)", r"\1", starter(), flags=re.MULTILINE)
    config = load("-", stdin_text=text).config
    assert config.loss == "cross_entropy"
    assert config.optimizer.clip_norm == 1
    assert config.confirm.max_seconds == 60


def test_the_starter_shows_the_defaults() -> None:
    resolved = load("-", stdin_text=starter()).config.model_dump()
    default = load("-", stdin_text="model: {name: mlp}\ndata: {name: digits}\noptimizer: {name: sgd}").config
    assert (resolved["train"]["steps"], resolved["train"]["schedule"]["name"]) == (1000, "cosine")
    for section in ("model", "data", "sweep", "confirm", "check"):
        assert resolved[section] == default.model_dump()[section]
        for key, value in resolved[section].items():
            assert value is None or f"\n  {key}: " in starter()


def test_the_json_schema_is_for_editors() -> None:
    document = schema()
    text = json.dumps(document)
    assert document["$schema"].endswith("2020-12/schema")
    assert document["title"] == "lrfind config"
    assert "x-reason" not in text
    assert "discriminator" not in text
    for example in document["examples"]:
        Config.model_validate(example)
    optimizers = document["$defs"]["OptimizerSection"]["oneOf"]
    adam = next(one for one in optimizers if one["properties"]["name"]["const"] == "adam")
    within = {"minimum": 0, "exclusiveMaximum": 1}
    about = "decay of the first moment"
    assert adam["properties"]["b1"] == {"type": "number", **within, "default": 0.9, "description": about}
    assert schema() is not document


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": -1},
        {"lr": 1},
        {"model": {"name": "mpl"}},
        {"optimizer": {"name": "sgd", "b1": 1}},
        {"optimizer": {"name": "adam", "b1": 1}},
    ],
)
def test_the_json_schema_refuses_what_the_loader_refuses(wrong: dict[str, Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    good = {"model": {"name": "linear"}, "data": {"name": "digits"}, "optimizer": {"name": "sgd"}}
    assert not list(jsonschema.Draft202012Validator(schema()).iter_errors(good))
    assert list(jsonschema.Draft202012Validator(schema()).iter_errors(good | wrong))
