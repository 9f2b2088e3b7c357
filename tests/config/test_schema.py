"""The schema: defaults, derived values, agreement with the tables of built-ins, and start-up cost."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from lrfind.config.optimizer_catalog import OPTIMIZERS, SUMMARIES
from lrfind.config.schema import Config, TrainSection, assumptions
from lrfind.config.sections.base import OWN
from lrfind.config.validate import json_schema, resolve, validate, variants
from lrfind.core.errors import InputError
from lrfind.core.registry import DATA, LADDERS, LOSSES, METHODS, MODELS, SCHEDULES

SMALL: dict[str, Any] = {"model": {"name": "linear"}, "data": {"name": "digits"}, "optimizer": {"name": "sgd"}}


def config(**sections: Any) -> Config:
    return Config.model_validate(SMALL | sections)


def test_the_variants_are_the_registry() -> None:
    properties = json_schema()["properties"]
    assert sorted(variants(properties["model"])) == sorted([*MODELS, OWN])
    assert sorted(variants(properties["data"])) == sorted([*DATA, OWN])
    schedules = variants(resolve(properties["train"])["properties"]["schedule"])
    assert sorted(schedules) == sorted(SCHEDULES)
    for name, variant in {**variants(properties["model"]), **variants(properties["data"])}.items():
        summary = "your own code" if name == OWN else (MODELS | DATA)[name].summary
        assert variant["properties"]["name"]["description"] == summary
    names = resolve(properties["sweep"])["properties"]
    assert names["method"]["enum"] == list(METHODS)
    assert names["ladder"]["enum"] == list(LADDERS)
    assert properties["loss"]["anyOf"][0]["oneOf"][0]["enum"] == list(LOSSES)


def test_every_key_says_what_it_is_for() -> None:
    for section in json_schema()["$defs"].values():
        for key, node in section["properties"].items():
            assert node.get("description"), key
    for optimizer in OPTIMIZERS.values():
        assert optimizer.options.keys() <= SUMMARIES.keys()


def test_assumptions_name_what_was_left_out() -> None:
    assert assumptions(config()) == (
        "train is left out: assumed 1,000 steps of a constant rate",
        "data.batch_size is left out: assumed 64",
    )
    assert assumptions(config(train={"epochs": 3}, data={"name": "digits", "batch_size": 8})) == (
        "train.schedule is left out: assumed a constant rate",
    )
    assert assumptions(config(train={"schedule": "cosine"}))[0] == "train.steps is left out: assumed 1,000"


def test_epochs_become_steps() -> None:
    train = TrainSection(epochs=2.5)
    assert train.resolve_steps(rows=1000, batch_size=64, accumulate=1) == 37  # 2.5 * 15
    assert train.resolve_steps(rows=1000, batch_size=64, accumulate=4) == 7  # 2.5 * 3
    assert train.resolve_steps(rows=10, batch_size=64, accumulate=1) == 2
    assert TrainSection(epochs=0.01).resolve_steps(rows=10, batch_size=64, accumulate=1) == 1
    assert TrainSection(epochs=0.29).resolve_steps(rows=100, batch_size=1, accumulate=1) == 29
    assert TrainSection(steps=12).resolve_steps(rows=1, batch_size=1, accumulate=1) == 12


def test_epochs_too_short_for_the_warmup() -> None:
    train = config(train={"epochs": 1, "schedule": {"name": "cosine", "warmup_steps": 50}}).train
    with pytest.raises(InputError, match="less than the 15 steps") as caught:
        train.resolve_steps(rows=1000, batch_size=64, accumulate=1)
    assert caught.value.key == "train.schedule.warmup_steps"
    with pytest.raises(InputError, match="limit"):
        TrainSection(epochs=1e12).resolve_steps(rows=1000, batch_size=1, accumulate=1)


def test_schedules_fill_in_what_the_training_decides() -> None:
    def keywords(schedule: Any, steps: int) -> dict[str, Any]:
        return config(train={"schedule": schedule}).train.schedule.keywords(steps)

    assert keywords("step", 1000) == {"warmup_steps": 0, "factor": 0.1, "step_size": 333}
    assert keywords("step", 1)["step_size"] == 1
    assert keywords("exponential", 1000)["decay_steps"] == 10
    assert keywords({"name": "exponential", "decay_steps": 7}, 1000)["decay_steps"] == 7


def test_options_are_the_optimisers_own() -> None:
    optimizer = config(optimizer={"name": "sgd", "momentum": 0.9, "learning_rate": 1}).optimizer
    assert optimizer.options == {"momentum": 0.9}
    assert config(optimizer={"name": "sgd", "momentum": None}).optimizer.options == {"momentum": None}
    assert config(optimizer={"name": "lion", "b1": 0}).optimizer.options == {"b1": 0}


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        config().seed = 3


def test_importing_it_imports_nothing_heavy() -> None:
    heavy = "{'jax', 'numpy', 'matplotlib', 'optax', 'rich', 'typer'}"
    code = f"import sys, lrfind.config.load; print(*sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"width": 10}, "model.width: must be a multiple of heads, 4; got 10"),
        ({"heads": 3}, "model.heads: must divide the width, 128 by default; got 3"),
        ({"dropout": 1}, "model.dropout: must be a number of at least 0 and below 1; got 1"),
        ({"context": 0}, "model.context: must be a whole number from 1 to 1,000,000; got 0"),
    ],
)
def test_a_transformer_whose_heads_share_no_width(model: dict[str, Any], message: str) -> None:
    found, problems = validate(SMALL | {"model": {"name": "transformer", **model}})
    assert found is None
    assert [f"{'.'.join(map(str, each.path))}: {each.message}" for each in problems] == [message]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            {"name": "cnn", "channels": []},
            "model.channels: must be a list, not empty, of whole numbers from 1 to 100,000; got an empty list",
        ),
        (
            {"name": "cnn", "channels": 8},
            "model.channels: must be a list, not empty, of whole numbers from 1 to 100,000; got 8 (write [8])",
        ),
        (
            {"name": "resnet", "stages": 3},
            "model.stages: must be a list, not empty, of whole numbers from 1 to 1,000; got 3 (write [3])",
        ),
        (
            {"name": "resnet", "norm": "bach"},
            "model.norm: must be one of none, layer, batch, group; got 'bach' (did you mean 'batch'?)",
        ),
    ],
)
def test_sizes_of_networks_for_images(model: dict[str, Any], message: str) -> None:
    found, problems = validate(SMALL | {"model": model})
    assert found is None
    assert [f"{'.'.join(map(str, each.path))}: {each.message}" for each in problems] == [message]
