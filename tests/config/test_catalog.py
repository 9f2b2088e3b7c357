"""`lrfind list`, `lrfind schema` and `lrfind init`: drawn from the schema, so held against it here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lrfind.config.catalog import KINDS, Option, options, starter
from lrfind.config.json_schema import schema
from lrfind.config.load import load
from lrfind.config.optimizer_catalog import BOUNDS, OPTIMIZERS
from lrfind.config.schema import Config
from lrfind.config.sections.optimizer import within
from lrfind.core.errors import InputError
from lrfind.core.registry import DATA, MODELS, SCHEDULES


@pytest.mark.parametrize("kind", KINDS)
def test_every_built_in_has_its_options(kind: str) -> None:
    for name in KINDS[kind]:
        for option in options(kind, name):
            assert option.type
            assert option.summary
            assert option.name != "name"


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
    assert options("models", "mlp")[0] == Option(
        "hidden", "a list of whole numbers from 1 to 1,000,000", [128, 128], "width of each hidden layer; [] has none"
    )
    assert [option.name for option in options("optimizers", "sgd")] == [
        "learning_rate",
        "clip_norm",
        "accumulate",
        "decayed",
        "groups",
        "frozen",
        "momentum",
        "nesterov",
    ]
    assert [option.name for option in options("data", "npz") if option.required] == ["path"]


def test_what_does_not_exist() -> None:
    with pytest.raises(InputError, match="did you mean 'models'"):
        options("model", "mlp")
    with pytest.raises(InputError, match=r"no 'adm' among the optimizers .did you mean 'adam'"):
        options("optimizers", "adm")
    with pytest.raises(InputError, match=r"'modle' cannot be chosen .did you mean 'model'"):
        starter(modle="mlp")
    with pytest.raises(InputError, match="no 'mpl' among the models"):
        starter(model="mpl")


@pytest.mark.parametrize(
    "choice",
    [{}]
    + [{"model": name} for name in MODELS]
    + [{"data": name} for name in DATA]
    + [{"schedule": name} for name in SCHEDULES]
    + [{"optimizer": name} for name in OPTIMIZERS],
    ids=str,
)
def test_every_starter_is_a_good_config(choice: dict[str, str]) -> None:
    text = starter(**choice)
    loaded = load("-", stdin_text=text)
    resolved = loaded.config.model_dump()
    assert resolved["train"]["schedule"]["name"] == choice.get("schedule", "cosine")
    rest = {"model": "mlp", "data": "digits", "optimizer": "adamw"}
    if choice in ({"model": "transformer"}, {"data": "text"}):
        rest |= {"model": "transformer", "data": "text"}  # neither goes with another one
    for key in ("model", "data", "optimizer"):
        assert resolved[key]["name"] == choice.get(key, rest[key])
    assert all("#" in line for line in text.splitlines() if line)
    assert max(map(len, text.splitlines())) <= 240


def test_the_commented_lines_are_right_too() -> None:
    text = "".join(
        line.replace("# ", "", 1)
        if line.lstrip().startswith(("# loss", "# clip_norm", "# step_size", "# max_seconds"))
        else line
        for line in starter(schedule="step").splitlines(keepends=True)
    )
    config = load("-", stdin_text=text).config
    assert config.loss == "cross_entropy"
    assert config.optimizer.clip_norm == 1
    assert config.confirm.max_seconds == 60


def test_the_starter_shows_the_defaults_of_sweep_confirmation_and_check() -> None:
    resolved = load("-", stdin_text=starter()).config.model_dump()
    default = load("-", stdin_text="model: {name: linear}\ndata: {name: digits}\noptimizer: {name: sgd}").config
    for section in ("sweep", "confirm", "check"):
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
