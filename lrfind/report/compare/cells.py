"""Cells and columns that the tables of sweeps and of trainings share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SCHEMA = "lrfind/compare/1"

SHARED = ("name", "learning_rate", "clip_norm", "accumulate", "decayed", "groups", "frozen")
"""Options of every optimiser, or shown in other columns."""


@dataclass(frozen=True)
class Sheet:
    """The table of a comparison, shared by its formats.

    Attributes:
        head: names of the columns.
        rows: of as many cells.
        least: columns that stand in every table of a terminal.
        order: the others, as far as there is room, the most telling first.
        same: columns in which all runs say the same, and what; they need not stand in the table.
        notes: a kind and a sentence each.
    """

    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
    least: tuple[str, ...]
    order: tuple[str, ...]
    same: dict[str, str]
    notes: tuple[tuple[str, str], ...]

    @property
    def shown(self) -> list[str]:
        """Return the columns that differ between runs, and those that always stand in the table."""
        return [name for name in self.head if name not in self.same]

    def picked(self, names: Sequence[str]) -> list[tuple[str, ...]]:
        """Return the rows of some columns."""
        columns = [self.head.index(name) for name in names]
        return [tuple(row[column] for column in columns) for row in self.rows]


def in_common(same: Mapping[str, str]) -> str:
    """Return the columns in which all runs agree as a line."""
    return ", ".join(f"{name} {value}" for name, value in same.items() if value)


def common(rows: Sequence[tuple[str, ...]], head: Sequence[str], always: int) -> dict[str, str]:
    """Return the columns in which all runs agree, with their value.

    Args:
        rows: cells of each run.
        head: names of the columns.
        always: number of first columns that are left out, as the notes are.
    """
    return {
        name: rows[0][i]
        for i, name in enumerate(head)
        if i >= always and name != "notes" and len(rows) > 1 and len({row[i] for row in rows}) == 1
    }


def optimizer(section: Mapping[str, Any]) -> str:
    """Return the optimiser of a config with its own options: ``"sgd (momentum 0.9)"``."""
    own = {key: value for key, value in section.items() if key not in SHARED}
    own |= {"clip_norm": section["clip_norm"]} if section.get("clip_norm") else {}
    options = ", ".join(f"{key} {value}" for key, value in own.items())
    return f"{section.get('name', '')}{f' ({options})' if options else ''}"
