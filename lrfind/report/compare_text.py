"""A comparison as a table: for a terminal by rich, and in GitHub's Markdown."""

from __future__ import annotations

import io

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lrfind.comparison import Comparison
from lrfind.report.compare_rows import HEAD, cells, common, scaling
from lrfind.report.console import ASCII_RULE, UNICODE_RULE
from lrfind.report.text import ascii_only, clean

LEAST = ("run", "rate", "interval", "factor")
"""Columns that stand in every table; the others as far as there is room."""

ORDER = ("judged loss", "optimizer", "batch", "data", "steps", "confirmed", "notes")
"""The others, the most telling first."""


def table(found: Comparison, *, width: int, color: bool, unicode: bool) -> str:
    """The comparison as text of at most `width` columns, as far as names allow.

    Args:
        found: what to show.
        width: columns of the terminal.
        color: whether to use terminal colours.
        unicode: whether the output's encoding has more than ASCII.
    """
    console = Console(
        file=io.StringIO(),
        width=max(width, 20),
        color_system="standard" if color else None,
        force_terminal=color,
        force_jupyter=False,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )
    rows = cells(found)
    same = common(rows)
    shown = columns(rows, same, width)
    grid = Table(box=UNICODE_RULE if unicode else ASCII_RULE, pad_edge=False, show_edge=False, padding=(0, 1))
    for name in shown:
        grid.add_column(name, header_style="dim", no_wrap=True)
    for row in rows:
        picked = [row[HEAD.index(name)] for name in shown]
        texts = [cell if unicode else ascii_only(cell) for cell in picked]
        grid.add_row(*(Text(cell, style="bold" if i == 1 else "") for i, cell in enumerate(texts)))
    console.print(grid)
    notes = (
        [f"all: {', '.join(f'{name} {value}' for name, value in same.items() if value)}"] if any(same.values()) else []
    )
    notes += scaling(found.law) if found.law else []
    notes += [f"note: {each}" for each in found.notes]
    if notes:
        console.print()
    for note in map(clean, notes):
        console.print(Text(note if unicode else ascii_only(note)))
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().rstrip("\n").split("\n")) + "\n"


def columns(rows: list[tuple[str, ...]], same: dict[str, str], width: int) -> list[str]:
    """The columns for which there is room, in their order."""
    widths = {name: max(len(name), *(len(row[i]) for row in rows)) + 3 for i, name in enumerate(HEAD)}
    shown = list(LEAST)
    for name in ORDER:
        filled = any(row[HEAD.index(name)] for row in rows)
        if name not in same and filled and sum(widths[each] for each in [*shown, name]) <= width + 2:
            shown.append(name)
    return [name for name in HEAD if name in shown]


def markdown(found: Comparison) -> str:
    """The comparison in GitHub's Markdown, all columns."""
    from lrfind.report.markdown import escape

    rows = cells(found)
    same = common(rows)
    shown = [name for name in HEAD if name not in same]
    lines = [f"| {' | '.join(shown)} |", "|---" * len(shown) + "|"]
    lines += [f"| {' | '.join(escape(row[HEAD.index(name)]) for name in shown)} |" for row in rows]
    notes = (
        [f"all: {', '.join(f'{name} {value}' for name, value in same.items() if value)}"] if any(same.values()) else []
    )
    notes += [*(scaling(found.law) if found.law else []), *found.notes]
    if notes:
        lines += ["", *(f"- {escape(note)}" for note in notes)]
    return "\n".join(lines) + "\n"
