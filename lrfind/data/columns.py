"""Which columns of a table are inputs, which one is the target."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lrfind.errors import InputError
from lrfind.registry import near

MANY = 20
"""Columns beyond which a message does not list them all."""


class Columns(NamedTuple):
    """Places of columns, counted from 0.

    Attributes:
        inputs: in the order that the config names them.
        targets: the target's.
    """

    inputs: tuple[int, ...]
    targets: int


def choose(names: Sequence[str], section: Any, path: Path) -> Columns:
    """The columns that a config asks for.

    Args:
        names: all columns of the table.
        section: ``inputs``, names or nothing for all but the target; ``targets``, a name.
        path: of the table, for messages.

    Raises:
        InputError: there is no such column, or it is not clear which one is meant.
    """
    targets = find(names, section.targets, "data.targets", path)
    if not section.inputs:
        others = tuple(place for place in range(len(names)) if place != targets)
        for place in others:
            if not names[place]:
                raise InputError(
                    f"column {place + 1} of {path} has no name (row numbers that were saved along?); name those that "
                    "are inputs in data.inputs, or write the file without it",
                    key="data.inputs",
                )
            find(names, names[place], "data.inputs", path)
        if not others:
            raise InputError(f"{path} has no column beside '{section.targets}' to learn from", key="data.path")
        return Columns(others, targets)
    found: list[int] = []
    for number, name in enumerate(section.inputs):
        key = f"data.inputs.{number}"
        place = find(names, name, key, path)
        if place == targets:
            raise InputError(f"'{name}' is the target, and no input beside it; take it out", key=key)
        if place in found:
            raise InputError(f"'{name}' is named twice; once is enough", key=key)
        found.append(place)
    return Columns(tuple(found), targets)


def find(names: Sequence[str], name: str, key: str, path: Path) -> int:
    """The place of a column."""
    if name not in names:
        rest = f" and {len(names) - MANY:,} more" if len(names) > MANY else ""
        held = ", ".join(names[:MANY]) + rest
        raise InputError(f"{path} has no column '{name}'{near(name, names)}; it has {held}", key=key)
    if (count := names.count(name)) > 1:
        raise InputError(f"{path} has {count} columns called '{name}'; give each a name of its own", key=key)
    return names.index(name)
