"""`--set key.path=value`: values from the command line, laid over those of the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lrfind.config.messages import shown
from lrfind.config.sections.target import OWN
from lrfind.config.yaml_reader import Document, Path, read
from lrfind.core.errors import Problem

WHERE = "--set"


@dataclass(frozen=True)
class Override:
    """One `--set`."""

    path: tuple[str, ...]
    document: Document


def parse(texts: Sequence[str]) -> tuple[list[Override], list[Problem]]:
    """Parse settings; return the overrides and the problems with their form."""
    overrides: list[Override] = []
    problems: list[Problem] = []
    for text in texts:
        key, equals, value = text.partition("=")
        path = tuple(key.strip().split("."))
        if not equals or not all(path):
            message = f"must be key.path=value, such as train.steps=2000; got {shown(text)}"
            problems.append(Problem(message, where=WHERE))
            continue
        document = read(value)
        problems += [Problem(flaw.message, ".".join(map(str, path + flaw.path)), WHERE) for flaw in document.flaws]
        if document.readable and not document.flaws:
            overrides.append(Override(path, document))
    return overrides, problems


def apply(document: Document, overrides: Sequence[Override]) -> tuple[set[Path], list[Problem]]:
    """Lay the overrides over the document, in order; the paths they set or make, and those that lead nowhere."""
    expand_bare_names(document.value, document)
    paths: set[Path] = set()
    problems: list[Problem] = []
    for override in overrides:
        path = override.path
        section = document.value
        for depth, key in enumerate(path[:-1], start=1):
            if section.get(key) is None:
                section[key] = {}
                paths.add(path[:depth])
            section = section[key]
            if not isinstance(section, dict):
                blocked = ".".join(path[:depth])
                message = f"{blocked} is {shown(section)} and has no keys; set {blocked} as a whole"
                problems.append(Problem(message, ".".join(path), WHERE))
                break
        else:
            section[path[-1]] = override.document.value
            paths.add(path)
            _forget(document, path)
            document.quoted |= {(*path, *rest) for rest in override.document.quoted}
            expand_bare_names(document.value, document)
    return paths, problems


def _forget(document: Document, path: Path) -> None:
    """Drop what is noted about the text of a value that is no longer the file's."""
    below = len(path)
    document.quoted = {noted for noted in document.quoted if noted[:below] != path}
    document.positions = {noted: position for noted, position in document.positions.items() if noted[:below] != path}


def expand_targets(value: Any, document: Document) -> None:
    """Name the sections that refer to the user's own code."""
    for key in ("model", "data", "optimizer"):
        section = value.get(key) if isinstance(value, dict) else None
        if isinstance(section, dict) and "target" in section and "name" not in section:
            section["name"] = OWN
            position = document.positions.get((key, "target"), document.positions.get((key,)))
            if position is not None:
                document.positions[key, "name"] = position


def expand_bare_names(value: Any, document: Document) -> None:
    """Write `schedule: cosine` as a section, so that its keys can be set and checked."""
    train = value.get("train") if isinstance(value, dict) else None
    if isinstance(train, dict) and isinstance(train.get("schedule"), str):
        train["schedule"] = {"name": train["schedule"]}
        path: Path = ("train", "schedule")
        if path in document.positions:
            document.positions[*path, "name"] = document.positions[path]
