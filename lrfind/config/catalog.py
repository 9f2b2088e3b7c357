"""The built-ins with their options, for `lrfind list`, and the commented config that `lrfind init` writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lrfind.config.json_schema import schema
from lrfind.config.messages import wanted
from lrfind.config.optimizer_catalog import OPTIMIZERS
from lrfind.core.errors import InputError
from lrfind.core.registry import DATA, LADDERS, LOSSES, METHODS, MODELS, SCHEDULES, near

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
    """Return the keys that can stand beside ``name: <name>``; none for kinds without keys.

    Raises:
        InputError: there is no such kind, or no such name.
    """
    if kind not in KINDS:
        raise InputError(f"'{kind}' is no kind of built-in{near(kind, KINDS)}; there are {', '.join(KINDS)}")
    if name not in KINDS[kind]:
        raise InputError(f"there is no '{name}' among the {kind}{near(name, KINDS[kind])}")
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


CHOICES = {"model": "mlp", "data": "digits", "optimizer": "adamw", "schedule": "cosine"}
GO_TOGETHER = ((("data", "text"), "model", "transformer"), (("model", "transformer"), "data", "text"))
"""Choices that ask for another one, unless that is made as well."""
SETTINGS = {
    "warmup_steps": 50,
    "learning_rate": 1e-3,
    "max_seconds": 60,
}  # where the default would teach nothing
SHARED_OPTIMIZER_KEYS = ("learning_rate", "clip_norm", "accumulate")
COMMENT_COLUMN = 34


def starter(**choices: str) -> str:
    """Return a config that runs as it is, with a comment for every key.

    Args:
        choices: names of built-ins, by ``model``, ``data``, ``optimizer`` and ``schedule``.

    Raises:
        InputError: no such choice, or no such built-in.
    """
    for key, name in choices.items():
        if key not in CHOICES:
            raise InputError(f"'{key}' cannot be chosen{near(key, CHOICES)}; {', '.join(CHOICES)} can")
        options(_kind(key), name)
    chosen = CHOICES | {key: name for given, key, name in GO_TOGETHER if given in choices.items()} | choices
    keys = schema()["properties"]
    lines = ["# A config of lrfind. Try it: lrfind sweep FILE. What a line leaves out has the default shown.", ""]
    lines += [_line("seed", 0, keys["seed"]["description"]), ""]
    lines += _named_section("model", keys, chosen["model"], options("models", chosen["model"]))
    lines += _named_section("data", keys, chosen["data"], options("data", chosen["data"]))
    lines += [_line("# loss", "cross_entropy", keys["loss"]["description"]), ""]
    lines += _optimizer(chosen["optimizer"], keys)
    lines += _train(chosen["schedule"], keys)
    for section in ("sweep", "confirm", "check"):
        lines += _plain(section, keys)
    return "\n".join(lines).rstrip() + "\n"


def _kind(key: str) -> str:
    return next(kind for kind in KINDS if kind.rstrip("s") == key)


def _named_section(section: str, keys: dict[str, Any], name: str, own: list[Option], indent: int = 0) -> list[str]:
    head = _line(section, None, keys[section]["description"], indent)
    naming = _line("name", name, f"see: lrfind list {_kind(section)}", indent + 2)
    # A file that has to be named ends as its kind is called.
    shown = [
        replace(option, default=f"data.{name}") if option.name == "path" and option.required else option
        for option in own
    ]
    return [head, naming, *(_option(option, indent + 2) for option in shown), *([""] if not indent else [])]


def _optimizer(name: str, keys: dict[str, Any]) -> list[str]:
    shared = [option for option in options("optimizers", name) if option.name in SHARED_OPTIMIZER_KEYS]
    lines = _named_section("optimizer", keys, name, shared)
    if own := OPTIMIZERS[name].options:
        listed = ", ".join(f"{key}: {_yaml(value)}" for key, value in own.items())
        lines[-1:] = [f"  # optax's own, by default: {listed}", ""]
    return lines


def _train(schedule: str, keys: dict[str, Any]) -> list[str]:
    train = schema()["$defs"]["TrainSection"]["properties"]
    return [
        _line("train", None, keys["train"]["description"]),
        _line("steps", 1000, train["steps"]["description"], 2),
        *_named_section("schedule", train, schedule, options("schedules", schedule), 2),
        "",
    ]


def _plain(section: str, keys: dict[str, Any]) -> list[str]:
    """Return the lines of a section without a name; keys without a default are comments."""
    properties = schema()["$defs"][f"{section.capitalize()}Section"]["properties"]
    lines = [_line(section, None, keys[section]["description"])]
    for key, node in properties.items():
        value = node.get("default")
        name, shown = (key, value) if value is not None else (f"# {key}", SETTINGS[key])
        lines.append(_line(name, shown, node["description"], 2))
    return [*lines, ""]


def _option(option: Option, indent: int) -> str:
    value = SETTINGS.get(option.name, option.default)
    if option.name == "path" and not option.required:
        return _line("# path", "book.txt", option.summary, indent)
    if value is None:  # nothing by default: shown as a comment with a value that would do
        return _line(f"# {option.name}", 1.0 if "whole" not in option.type else 100, option.summary, indent)
    return _line(option.name, value, option.summary, indent)


def _line(key: str, value: Any, comment: str, indent: int = 0) -> str:
    text = " " * indent + f"{key}:" + ("" if value is None else f" {_yaml(value)}")
    return f"{text + ' ':<{COMMENT_COLUMN}}# {comment}"


def _yaml(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return f"[{', '.join(map(_yaml, value))}]"
        case float():
            return f"{value:g}"
        case _:
            return str(value)
