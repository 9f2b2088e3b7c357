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
    """Positions of columns in a table, counted from 0.

    Attributes:
        inputs: positions of the inputs, in the config's order.
        targets: positions of the targets, likewise.
    """

    inputs: tuple[int, ...]
    targets: tuple[int, ...]


def names_of(columns: Columns, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the inputs and of the targets."""
    return tuple(names[position] for position in columns.inputs), tuple(names[position] for position in columns.targets)


def choose(names: Sequence[str], section: Any, path: Path) -> Columns:
    """Return the columns that a config asks for.

    Args:
        names: all columns of the table.
        section: ``inputs``, names or nothing for all but the targets; ``targets``, names.
        path: the table's file, for messages.

    Raises:
        InputError: there is no such column, or it is not clear which one is meant.
    """
    positions: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        positions.setdefault(name, []).append(position)

    def find_all(wanted: Sequence[str], keys: Sequence[str], taken: Sequence[int] = ()) -> tuple[int, ...]:
        chosen: list[int] = []
        for name, key in zip(wanted, keys, strict=True):
            position = find(positions, name, key, path)
            if position in taken:
                raise InputError(f"'{name}' is a target, and no input beside it; take it out", key=key)
            if position in chosen:
                raise InputError(f"'{name}' is named twice; once is enough", key=key)
            chosen.append(position)
        return tuple(chosen)

    single = len(section.targets) == 1
    keys = ["data.targets"] if single else [f"data.targets.{number}" for number in range(len(section.targets))]
    targets = find_all(section.targets, keys)
    if section.inputs:
        keys = [f"data.inputs.{number}" for number in range(len(section.inputs))]
        return Columns(find_all(section.inputs, keys, targets), targets)
    others = [position for position in range(len(names)) if position not in targets]
    for position in others:
        if not names[position]:
            raise InputError(
                f"column {position + 1} of {path} has no name (row numbers that were saved along?); name those that "
                "are inputs in data.inputs, or write the file without it",
                key="data.inputs",
            )
        find(positions, names[position], "data.inputs", path)
    if not others:
        beside = "', '".join(section.targets)
        raise InputError(f"{path} has no column beside '{beside}' to learn from", key="data.path")
    return Columns(tuple(others), targets)


def find(positions: Mapping[str, Sequence[int]], name: str, key: str, path: Path) -> int:
    """Return the position of the column with a name.

    Args:
        positions: positions of the columns of each name.
        name: the column's name.
        key: the config key that names it.
        path: the table's file, for messages.

    Raises:
        InputError: there is no such column, or there are several.
    """
    if name not in positions:
        rest = f" and {len(positions) - MANY:,} more" if len(positions) > MANY else ""
        known = ", ".join(list(positions)[:MANY]) + rest
        raise InputError(f"{path} has no column '{name}'{near(name, list(positions))}; it has {known}", key=key)
    if (count := len(positions[name])) > 1:
        raise InputError(f"{path} has {count} columns called '{name}'; give each a name of its own", key=key)
    return positions[name][0]
