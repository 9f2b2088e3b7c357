"""Comparisons as text and Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from lrfind.analysis.comparison import Comparison, TrainingComparison
from lrfind.core.printable import clean
from lrfind.report import wording
from lrfind.report.compare import sweep_comparison, training_comparison
from lrfind.report.look import Look
from lrfind.report.rich_console import ASCII_RULE, UNICODE_RULE, new_console, written
from lrfind.report.wording import ascii_only, escape

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


def report(comparison: Comparison | TrainingComparison, look: Look) -> str:
    """Return a comparison as text of at most `look.width` columns, as far as names allow."""
    sheet, width = sheet_of(comparison), look.width or 80
    console = new_console(width, color=look.color)
    shown = columns(sheet, width)
    grid = Table(box=UNICODE_RULE if look.unicode else ASCII_RULE, pad_edge=False, show_edge=False, padding=(0, 1))
    for name in shown:
        grid.add_column(name, header_style="dim", no_wrap=True)
    for row in sheet.picked(shown):
        texts = [cell if look.unicode else ascii_only(cell) for cell in row]
        grid.add_row(*(Text(cell, style="bold" if i == 1 else "") for i, cell in enumerate(texts)))
    console.print(grid)
    notes = [note if kind == "scaling" else f"{kind}: {note}" for kind, note in sheet.notes]
    if notes:
        console.print()
    for note in map(clean, notes):
        console.print(Text(note if look.unicode else ascii_only(note)))
    return written(console)


def columns(sheet: Sheet, width: int) -> list[str]:
    """Return the columns for which there is room, in their order."""
    widths = {name: max(len(name), *(len(row[i]) for row in sheet.rows)) + 3 for i, name in enumerate(sheet.head)}
    shown = list(sheet.least)
    for name in sheet.order:
        filled = any(row[sheet.head.index(name)] for row in sheet.rows)
        if name not in sheet.same and filled and sum(widths[column] for column in [*shown, name]) <= width + 2:
            shown.append(name)
    return [name for name in sheet.head if name in shown]


def markdown(comparison: Comparison | TrainingComparison, look: Look) -> str:
    """Return a comparison as a table of all columns."""
    del look
    sheet = sheet_of(comparison)
    rows = [tuple(map(escape, row)) for row in sheet.picked(sheet.shown)]
    lines = wording.table(tuple(sheet.shown), rows)
    if sheet.notes:
        notes = [f"all: {note}" if kind == "all" else note for kind, note in sheet.notes]
        lines += ["", *(f"- {escape(note)}" for note in notes)]
    return "\n".join(lines) + "\n"


def sheet_of(comparison: Comparison | TrainingComparison) -> Sheet:
    """Return the table of a comparison."""
    if isinstance(comparison, Comparison):
        return sweep_comparison.sheet(comparison)
    return training_comparison.sheet(comparison)
