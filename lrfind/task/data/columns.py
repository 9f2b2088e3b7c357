"""Which columns of a table are inputs, which one is the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lrfind.core.errors import InputError
from lrfind.core.registry import near

MANY = 20
"""Columns beyond which a message does not list them all."""


class Columns(NamedTuple):
    """Places of columns, counted from 0.

    Attributes:
        inputs: in the order that the config names them.
        targets: likewise.
    """

    inputs: tuple[int, ...]
    targets: tuple[int, ...]


def names_of(columns: Columns, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Inputs' and targets'."""
    return tuple(names[place] for place in columns.inputs), tuple(names[place] for place in columns.targets)


def choose(names: Sequence[str], section: Any, path: Path) -> Columns:
    """The columns that a config asks for.

    Args:
        names: all columns of the table.
        section: ``inputs``, names or nothing for all but the target; ``targets``, names.
        path: of the table, for messages.

    Raises:
        InputError: there is no such column, or it is not clear which one is meant.
    """
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name, []).append(place)
    targets: list[int] = []
    for number, name in enumerate(section.targets):
        key = "data.targets" if len(section.targets) == 1 else f"data.targets.{number}"
        place = find(places, name, key, path)
        if place in targets:
            raise InputError(f"'{name}' is named twice; once is enough", key=key)
        targets.append(place)
    if not section.inputs:
        others = tuple(place for place in range(len(names)) if place not in targets)
        for place in others:
            if not names[place]:
                raise InputError(
                    f"column {place + 1} of {path} has no name (row numbers that were saved along?); name those that "
                    "are inputs in data.inputs, or write the file without it",
                    key="data.inputs",
                )
            find(places, names[place], "data.inputs", path)
        if not others:
            beside = "', '".join(section.targets)
            raise InputError(f"{path} has no column beside '{beside}' to learn from", key="data.path")
        return Columns(others, tuple(targets))
    found: list[int] = []
    for number, name in enumerate(section.inputs):
        key = f"data.inputs.{number}"
        place = find(places, name, key, path)
        if place in targets:
            raise InputError(f"'{name}' is a target, and no input beside it; take it out", key=key)
        if place in found:
            raise InputError(f"'{name}' is named twice; once is enough", key=key)
        found.append(place)
    return Columns(tuple(found), tuple(targets))


def find(places: Mapping[str, Sequence[int]], name: str, key: str, path: Path) -> int:
    """The place of a column, out of those of all names."""
    if name not in places:
        rest = f" and {len(places) - MANY:,} more" if len(places) > MANY else ""
        held = ", ".join(list(places)[:MANY]) + rest
        raise InputError(f"{path} has no column '{name}'{near(name, list(places))}; it has {held}", key=key)
    if (count := len(places[name])) > 1:
        raise InputError(f"{path} has {count} columns called '{name}'; give each a name of its own", key=key)
    return places[name][0]
