"""`--set key.path=value`: values from the command line, laid over those of the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lrfind.config.messages import shown
from lrfind.config.sections.target import OWN
from lrfind.config.yaml_reader import Document, read
from lrfind.core.errors import Problem

WHERE = "--set"


def apply(document: Document, settings: Sequence[str]) -> tuple[set[str], list[Problem]]:
    """Lay settings over a document, in order.

    Args:
        document: gets the values, if it is a section itself.
        settings: each ``"key.path=value"``.

    Returns:
        The dotted keys that they set or make; and what is wrong with their form, then those that lead nowhere.
    """
    overridden: set[str] = set()
    malformed: list[Problem] = []
    blocked: list[Problem] = []
    _expand_bare_names(document)
    for setting in settings:
        key, equals, text = setting.partition("=")
        path = tuple(key.strip().split("."))
        if not equals or not all(path):
            message = f"must be key.path=value, such as train.steps=2000; got {shown(setting)}"
            malformed.append(Problem(message, where=WHERE))
            continue
        given = read(text)
        malformed += [Problem(flaw.message, ".".join(map(str, path + flaw.path)), WHERE) for flaw in given.flaws]
        if given.flaws or not isinstance(document.value, dict):
            continue
        section = document.value
        for depth, name in enumerate(path[:-1], start=1):
            dotted = ".".join(path[:depth])
            if section.get(name) is None:
                section[name] = {}
                overridden.add(dotted)
            section = section[name]
            if not isinstance(section, dict):
                message = f"{dotted} is {shown(section)} and has no keys; set {dotted} as a whole"
                blocked.append(Problem(message, ".".join(path), WHERE))
                break
        else:
            section[path[-1]] = given.value
            overridden.add(".".join(path))
            _replace_notes(document, path, given)
            _expand_bare_names(document)
    return overridden, malformed + blocked


def _replace_notes(document: Document, path: tuple[str, ...], given: Document) -> None:
    """Drop what is noted about the text of a value that is no longer the file's."""
    below = len(path)
    document.quoted = {noted for noted in document.quoted if noted[:below] != path}
    document.quoted |= {(*path, *rest) for rest in given.quoted}
    document.positions = {noted: position for noted, position in document.positions.items() if noted[:below] != path}


def expand_targets(document: Document) -> None:
    """Name the sections that refer to the user's own code."""
    for key in ("model", "data", "optimizer"):
        section = document.value.get(key)
        if isinstance(section, dict) and "target" in section and "name" not in section:
            section["name"] = OWN
            position = document.positions.get((key, "target"), document.positions.get((key,)))
            if position is not None:
                document.positions[key, "name"] = position


def _expand_bare_names(document: Document) -> None:
    """Write `schedule: cosine` as a section, so that its keys can be set and checked."""
    train: Any = document.value.get("train") if isinstance(document.value, dict) else None
    if isinstance(train, dict) and isinstance(train.get("schedule"), str):
        train["schedule"] = {"name": train["schedule"]}
        if ("train", "schedule") in document.positions:
            document.positions["train", "schedule", "name"] = document.positions["train", "schedule"]
