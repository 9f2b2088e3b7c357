"""Validation of plain values: a `Config`, or every problem.

Pydantic alone would hide errors behind errors: a wrong `name` hides what is wrong inside its section, and checks
across keys are skipped where a key is wrong by itself. So names are checked first, with a guess in place of a wrong
one; and what pydantic objects to is taken out and the rest validated again, until nothing new comes up.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence, Set
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from lrfind.config.messages import unknown
from lrfind.config.optimizer_catalog import OPTIMIZERS, REFUSED
from lrfind.config.schema import Config
from lrfind.config.schema_problems import ConfigProblem, bad_name, finding, locate, variants
from lrfind.config.sections.optimizer import OWN_KEYS, SHARED
from lrfind.config.sections.target import NONE, OWN
from lrfind.config.yaml_reader import Path

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
    shown = [variant for variant in known if variant not in (OWN, NONE)]
    message = bad_name(name, shown)
    if path == ("optimizer",) and isinstance(name, str) and name in REFUSED:
        message = f"{name} is not to be swept: {REFUSED[name]}"
    problems = [ConfigProblem((*path, "name"), message, missing="name" not in section)]
    close = difflib.get_close_matches(name.lower(), shown, n=1) if isinstance(name, str) else []
    if close:
        section["name"] = close[0]
        return problems
    # No telling which one is meant: a key is only wrong where none of them has it.
    every = list(dict.fromkeys(key for variant in shown for key in known[variant]))
    guess = max(shown, key=lambda candidate: sum(key in known[candidate] for key in section))
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
    """Return what stands at a path of keys; None where it leads nowhere."""
    for key in path:
        values = values.get(key) if isinstance(values, dict) else None
    return values
