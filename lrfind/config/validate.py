"""Validation of plain values: a `Config`, or every problem as a path and a sentence.

Pydantic alone would hide errors behind errors: a wrong `name` hides what is wrong inside its section, and checks
across keys are skipped where a key is wrong by itself. So names are checked first, with a guess in place of a wrong
one; and what pydantic objects to is taken out and the rest validated again, until nothing new comes up.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence, Set
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from lrfind.config.messages import ALIASES, MANY, REFERENCE, Node, mismatch, not_null, shown, unknown, wanted
from lrfind.config.optimizer_catalog import OPTIMIZERS, REFUSED
from lrfind.config.schema import LOSS_NAME, LOSS_TARGET, Config
from lrfind.config.sections.base import NONE, OWN
from lrfind.config.sections.optimizer import OWN_KEYS, SHARED
from lrfind.config.yaml_reader import Path
from lrfind.core.registry import near


@dataclass(frozen=True)
class ConfigProblem:
    """Something wrong with a value.

    Attributes:
        path: the key it is about.
        message: one sentence.
        others: keys that it disagrees with.
        missing: whether the key is not there at all.
    """

    path: Path
    message: str
    others: tuple[Path, ...] = ()
    missing: bool = False


@cache
def json_schema() -> dict[str, Any]:
    """Return pydantic's JSON Schema of a config; `lrfind.config.json_schema` makes the published one of it."""
    return Config.model_json_schema()


def finding(error: ErrorDetails, quoted: Set[Path]) -> ConfigProblem:
    """Translate an error of pydantic's."""
    path, parent, node = locate(tuple(error["loc"]))
    context = error.get("ctx", {})
    match error["type"]:
        case "conflict":
            others = tuple((*path, *key.split(".")) for key in context["others"])
            return ConfigProblem((*path, *context["at"].split(".")), context["message"], others)
        case "option":
            return ConfigProblem(path, context["message"])
        case "missing":
            return ConfigProblem(path, missing(node), missing=True)
        case "extra_forbidden":
            return ConfigProblem(path, stray(str(path[-1]), path[:-1], parent))
        case _:
            value = error["input"]
            if path[-1] in parent.get("required", ()) and (value is None or isinstance(value, str)):
                hint = f" (write {{name: {value}}})" if value and node.get("type") != "string" else ""
                return ConfigProblem(path, f"must be {wanted(node, value)}; got {shown(value)}{hint}")
            return ConfigProblem(path, mismatch(node, value, quoted_number=path in quoted))


def locate(location: tuple[str | int, ...]) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    """Return the path of keys at pydantic's location, the schema of its section and the schema of its key.

    Args:
        location: keys and indices, with the names of variants between them, as pydantic reports it.

    Returns:
        The path without the variants; the section's schema; the key's schema, empty for an unknown key.
    """
    path: list[str | int] = []
    parent: dict[str, Any] = {}
    node = resolve(json_schema())
    for step in location:
        if "discriminator" in node and step in node["discriminator"]["mapping"]:
            node = resolve({"$ref": node["discriminator"]["mapping"][step]})
            continue
        if step in (LOSS_NAME, LOSS_TARGET):  # the two variants, in the order of the schema
            choices = not_null(node)["oneOf"]
            node = resolve(choices[step == LOSS_TARGET])
            continue
        path.append(step)
        parent = node
        node = resolve(_below(node, step))
    return tuple(path), parent, node


def _below(node: Node, step: str | int) -> Mapping[str, Any]:
    """Return the schema of a section's key, a list's item, or a value under a free key."""
    child: Any
    if isinstance(step, int):
        child = next((choice["items"] for choice in (node, *node.get("anyOf", ())) if "items" in choice), {})
    else:
        child = node.get("properties", {}).get(step) or node.get("additionalProperties") or {}
    return child if isinstance(child, Mapping) else {}


def resolve(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema with its reference followed."""
    if "$ref" not in node:
        return dict(node)
    target = json_schema()["$defs"][node["$ref"].rpartition("/")[2]]
    return {**target, **{key: value for key, value in node.items() if key != "$ref"}}


def variants(node: Node) -> dict[str, dict[str, Any]]:
    """Return the variants of a section by name; none for a section without variants."""
    mapping = node.get("discriminator", {}).get("mapping", {})
    return {name: resolve({"$ref": reference}) for name, reference in mapping.items()}


def missing(node: Node) -> str:
    """Return the sentence for a required key that is missing."""
    if variants(node):
        first = resolve(node["oneOf"][0])["properties"]["name"]["const"]
        return f"missing: a section such as {{name: {first}}}"
    if "properties" in node:
        return "missing: a section such as {name: adamw}"
    if "pattern" in node:
        return f"missing: {REFERENCE}"
    return f"missing: {node['description']}" if "description" in node else "missing"


def stray(key: str, at: Path, parent: Node) -> str:
    """Return the sentence for an unknown key, with a near name or the section it belongs to."""
    if key == "target" and "name" in parent.get("properties", ()):
        return "cannot stand beside name; keep one of the two"
    name = parent.get("properties", {}).get("name", {})
    title = f"'{name['const']}'" if "const" in name else ""
    known = [other for other in parent.get("properties", ()) if not (title and other == "name")]
    sentence = unknown(key, known, of=title)
    if "did you mean" in sentence:
        return sentence
    meant = ALIASES.get(key, key)
    homes = [home for home in _homes(meant) if home != ".".join(map(str, at))]
    belongs = f"unknown key here: {meant} belongs in {' or '.join(homes)}"
    return sentence.replace("unknown key", belongs, 1) if homes else sentence


def _homes(key: str) -> list[str]:
    """Return the sections that have the key, with the names of the variants that have it."""
    sections = {name: resolve(node) for name, node in json_schema()["properties"].items()}
    sections["train.schedule"] = resolve(sections["train"]["properties"]["schedule"])
    homes = []
    for section, node in sections.items():
        choices = variants(node)
        owners = [name for name, variant in choices.items() if key in variant["properties"]]
        if key in node.get("properties", {}) or (owners and len(owners) == len(choices)):
            homes.append(section)
        elif owners:
            homes.append(f"{section} (of {', '.join(owners)})")
    if any(key in optimizer.options for optimizer in OPTIMIZERS.values()) and "optimizer" not in homes:
        homes.append("optimizer")
    return homes


TAGGED: tuple[tuple[str, ...], ...] = (("model",), ("data",), ("optimizer",), ("train", "schedule"))

# What stands in for a needed key that is missing or wrong, so that the rest can be checked.
PLACEHOLDERS: dict[Path, Any] = {
    ("model",): {"name": "linear"},
    ("data",): {"name": "digits"},
    ("data", "path"): "data.npz",
    ("optimizer",): {"name": "sgd"},
}


def validate(value: Mapping[str, Any], quoted: Set[Path] = frozenset()) -> tuple[Config | None, list[ConfigProblem]]:
    """Validate plain values; return the config, or None and all problems.

    Args:
        value: plain values, as read from YAML.
        quoted: paths of the texts that were written in quotes.
    """
    try:
        return Config.model_validate(value), []
    except ValidationError:
        return None, _all_findings(deepcopy(dict(value)), quoted)


def _all_findings(trial: dict[str, Any], quoted: Set[Path]) -> list[ConfigProblem]:
    findings = [problem for path in TAGGED for problem in _check_name(trial, path)]
    while True:
        try:
            Config.model_validate(trial)
        except ValidationError as error:
            fresh = [finding(detail, quoted) for detail in error.errors(include_url=False)]
        else:
            return findings
        for problem in fresh:
            if not _covered(problem, findings):
                findings.append(problem)
        repaired = [_repair(trial, problem) for problem in fresh]  # all of them, not up to the first
        if not any(repaired):
            return findings


def _check_name(trial: dict[str, Any], path: tuple[str, ...]) -> list[ConfigProblem]:
    """Report an invalid `name` of a section, and replace it by the best guess."""
    section = _section(trial, path)
    if not isinstance(section, dict):
        return []
    known = _keys_by_name(path)
    name = section.get("name")
    if isinstance(name, str) and name in known:
        return []
    offered = [variant for variant in known if variant not in (OWN, NONE)]
    some = f"the {len(offered)} optimizers of `lrfind list optimizers`" if len(offered) > MANY else ", ".join(offered)
    hint = near(name, offered) if isinstance(name, str) else ""
    message = f"missing: one of {some}" if name is None else f"must be one of {some}; got {shown(name)}{hint}"
    if path == ("optimizer",) and isinstance(name, str) and name in REFUSED:
        message = f"{name} is not to be swept: {REFUSED[name]}"
    problems = [ConfigProblem((*path, "name"), message, missing="name" not in section)]
    close = difflib.get_close_matches(name.lower(), offered, n=1) if isinstance(name, str) else []
    if close:
        section["name"] = close[0]
        return problems
    # No telling which one is meant: a key is only wrong where none of them has it.
    every = list(dict.fromkeys(key for variant in offered for key in known[variant]))
    guess = max(offered, key=lambda candidate: sum(key in known[candidate] for key in section))
    for key in [key for key in section if key not in known[guess]]:
        if key not in every:
            problems.append(ConfigProblem((*path, key), unknown(key, every[1:])))
        del section[key]
    section["name"] = guess
    return problems


def _keys_by_name(path: tuple[str, ...]) -> dict[str, list[str]]:
    if path == ("optimizer",):
        own = {OWN: [*SHARED, *OWN_KEYS], NONE: [*SHARED]}
        return {name: [*SHARED, *optimizer.options] for name, optimizer in OPTIMIZERS.items()} | own
    _, _, node = locate(path)
    return {name: list(variant["properties"]) for name, variant in variants(node).items()}


def _covered(problem: ConfigProblem, findings: list[ConfigProblem]) -> bool:
    """Return whether a problem only follows from a known one."""
    return any(path[: len(known.path)] == known.path for known in findings for path in (problem.path, *problem.others))


def _repair(trial: dict[str, Any], problem: ConfigProblem) -> bool:
    """Remove the cause of a problem from the values; return whether they changed."""
    if problem.missing:
        if problem.path not in PLACEHOLDERS:
            return False
        _section(trial, problem.path[:-1])[problem.path[-1]] = deepcopy(PLACEHOLDERS[problem.path])
        return True
    *above, last = [key for key in problem.path if isinstance(key, str)]  # of a list's item: the list
    section = _section(trial, above)
    if not isinstance(section, dict) or last not in section:
        return False
    del section[last]
    return True


def _section(values: Any, path: Sequence[str | int]) -> Any:
    """Return what stands at a path of keys; None where there is nothing."""
    for key in path:
        values = values.get(key) if isinstance(values, dict) else None
    return values
