"""The JSON Schema of a config, for editors and other programs; the built-ins with their options; the starter config."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from lrfind.config import validate
from lrfind.config.messages import wanted
from lrfind.config.optimizer_catalog import OPTIMIZERS, summary
from lrfind.config.sections.base import NONE, OWN
from lrfind.config.sections.optimizer import OWN_KEYS, OWN_SHARED, option_schema
from lrfind.core.registry import DATA, LADDERS, LOSSES, METHODS, MODELS, SCHEDULES

DIALECT = "https://json-schema.org/draft/2020-12/schema"

EXAMPLES = [
    {
        "model": {"name": "mlp", "hidden": [128, 128]},
        "data": {"name": "digits", "batch_size": 64},
        "optimizer": {"name": "adamw", "learning_rate": 1e-3, "weight_decay": 1e-2},
        "train": {"steps": 1000, "schedule": {"name": "cosine", "warmup_steps": 50}},
    },
    {
        "model": {"name": "linear"},
        "data": {"name": "npz", "path": "data.npz", "inputs": "x", "targets": "y"},
        "optimizer": {"name": "sgd", "momentum": 0.9},
        "train": {"epochs": 10, "schedule": "cosine"},
    },
]


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a config, with descriptions and a variant for each name.

    It accepts every config that the loader accepts; checks across keys (`min_lr` below `max_lr`) are the loader's.
    """
    document = deepcopy(validate.json_schema())
    definitions = document["$defs"]
    shared = definitions["OptimizerSection"]["properties"]
    named = [_optimizer(name, shared) for name in OPTIMIZERS]
    own = {key: shared[key] for key in (*OWN_KEYS, *OWN_SHARED)}
    inside = {"learning_rate": shared["learning_rate"]}
    definitions["OptimizerSection"] = {
        "oneOf": [
            *named,
            _variant(OWN, "your own code", own, "target"),
            _variant(NONE, "your own train step has one", inside),
        ]
    }
    document["required"].remove("optimizer")
    document["anyOf"] = [{"required": ["optimizer"]}, {"properties": {"model": {"required": ["target"]}}}]
    schedule = definitions["TrainSection"]["properties"]["schedule"]
    bare = {"type": "string", "enum": list(schedule["discriminator"]["mapping"])}
    definitions["TrainSection"]["properties"]["schedule"] = {
        "description": schedule["description"],
        "anyOf": [bare, {"oneOf": schedule["oneOf"]}],
    }
    _strip(document)
    head = {"$schema": DIALECT, "title": "lrfind config", "description": "What `lrfind sweep` is to measure."}
    return head | {key: value for key, value in document.items() if key not in head} | {"examples": EXAMPLES}


def _optimizer(name: str, shared: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an optimiser of optax."""
    optimizer = OPTIMIZERS[name]
    ours = {key: shared[key] for key in shared if key not in ("name", *OWN_KEYS)}
    options = {
        key: option_schema(default, key) | {"description": summary(name, key)}
        for key, default in optimizer.options.items()
    }
    return _variant(name, optimizer.summary, ours | options, "name")


def _variant(name: str, description: str, properties: dict[str, Any], *required: str) -> dict[str, Any]:
    """Return the schema of a section with a constant name."""
    return {
        "type": "object",
        "description": description,
        "properties": {"name": {"const": name, "type": "string", "description": description}} | properties,
        **({"required": [*required]} if required else {}),
        "additionalProperties": False,
    }


def _strip(node: Any) -> None:
    """Remove the keywords that only pydantic and the error messages read; keys of those names stay."""
    if isinstance(node, list):
        for item in node:
            _strip(item)
    elif isinstance(node, dict):
        for key in ("title", "discriminator", "x-reason"):
            if not isinstance(node.get(key), dict) or key == "discriminator":
                node.pop(key, None)
        for key, value in node.items():
            if key not in ("examples", "default"):
                _strip(value)


KINDS: dict[str, Mapping[str, Any]] = {
    "models": MODELS,
    "data": DATA,
    "losses": LOSSES,
    "optimizers": OPTIMIZERS,
    "schedules": SCHEDULES,
    "methods": METHODS,
    "ladders": LADDERS,
}
"""Every built-in of a kind by name, with its summary."""


def options(kind: str, name: str) -> list[dict[str, Any]]:
    """Return the keys that can stand beside ``name: <name>``; none for kinds without keys.

    Returns:
        Of each key the `name`, the `type` in words, e.g. ``"a whole number of at least 1"``, the `default`, None where
        there is no fixed one, the `summary`, and whether it is `required`.
    """
    section = _section(kind, name)
    required = section.get("required", ())
    return [
        {"name": key, "type": wanted(node), "default": node.get("default")}
        | {"summary": node.get("description", ""), "required": key in required}
        for key, node in section.get("properties", {}).items()
        if key != "name"
    ]


def _section(kind: str, name: str) -> dict[str, Any]:
    document = schema()
    definitions: dict[str, Any] = document["$defs"]
    match kind:
        case "models" | "data":
            choices = document["properties"][kind.removesuffix("s")]["oneOf"]
        case "schedules":
            choices = definitions["TrainSection"]["properties"]["schedule"]["anyOf"][1]["oneOf"]
        case "optimizers":
            choices = definitions["OptimizerSection"]["oneOf"]
        case _:
            return {}
    sections = [definitions[node["$ref"].rpartition("/")[2]] if "$ref" in node else node for node in choices]
    return next(section for section in sections if section["properties"]["name"]["const"] == name)


def starter() -> str:
    """Return the commented config that `lrfind init` writes, which runs as it is."""
    return Path(__file__).with_name("starter.yaml").read_text(encoding="utf-8")
