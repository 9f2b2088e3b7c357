"""The built-ins with their options, for `lrfind list`, and the commented config that `lrfind init` writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lrfind.config.json_schema import schema
from lrfind.config.messages import wanted
from lrfind.config.optimizer_catalog import OPTIMIZERS
from lrfind.core.registry import DATA, LADDERS, LOSSES, METHODS, MODELS, SCHEDULES

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


@dataclass(frozen=True)
class Option:
    """An option of a built-in.

    Attributes:
        name: the key.
        type: what is valid, in words, e.g. ``"a whole number of at least 1"``.
        default: what holds where the key is left out; None where there is no fixed value.
        summary: what it does.
        required: whether it must be given.
    """

    name: str
    type: str
    default: Any
    summary: str
    required: bool = False


def options(kind: str, name: str) -> list[Option]:
    """Return the keys that can stand beside ``name: <name>``; none for kinds without keys."""
    section = _section(kind, name)
    required = section.get("required", ())
    return [
        Option(key, wanted(node), node.get("default"), node.get("description", ""), key in required)
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
