"""A comparison as a table: for a terminal by rich, and in GitHub's Markdown."""

from __future__ import annotations

import io

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lrfind.comparison import Comparison
from lrfind.report.compare_rows import Sheet, sheet
from lrfind.report.console import ASCII_RULE, UNICODE_RULE
from lrfind.report.text import ascii_only, clean


def table(found: Comparison, *, width: int, color: bool, unicode: bool) -> str:
    """Sweeps side by side as text; arguments as `laid_out` has them."""
    return laid_out(sheet(found), width=width, color=color, unicode=unicode)


def markdown(found: Comparison) -> str:
    """Sweeps side by side in GitHub's Markdown."""
    return written(sheet(found))


def laid_out(found: Sheet, *, width: int, color: bool, unicode: bool) -> str:
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
    shown = columns(found, width)
    grid = Table(box=UNICODE_RULE if unicode else ASCII_RULE, pad_edge=False, show_edge=False, padding=(0, 1))
    for name in shown:
        grid.add_column(name, header_style="dim", no_wrap=True)
    for picked in found.picked(shown):
        texts = [cell if unicode else ascii_only(cell) for cell in picked]
        grid.add_row(*(Text(cell, style="bold" if i == 1 else "") for i, cell in enumerate(texts)))
    console.print(grid)
    notes = [each if kind == "scaling" else f"{kind}: {each}" for kind, each in found.notes]
    if notes:
        console.print()
    for note in map(clean, notes):
        console.print(Text(note if unicode else ascii_only(note)))
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().rstrip("\n").split("\n")) + "\n"


def columns(found: Sheet, width: int) -> list[str]:
    """The columns for which there is room, in their order."""
    widths = {name: max(len(name), *(len(row[i]) for row in found.rows)) + 3 for i, name in enumerate(found.head)}
    shown = list(found.least)
    for name in found.order:
        filled = any(row[found.head.index(name)] for row in found.rows)
        if name not in found.same and filled and sum(widths[each] for each in [*shown, name]) <= width + 2:
            shown.append(name)
    return [name for name in found.head if name in shown]


def written(found: Sheet) -> str:
    """The comparison in GitHub's Markdown, all columns."""
    from lrfind.report.markdown import escape

    lines = [f"| {' | '.join(found.shown)} |", "|---" * len(found.shown) + "|"]
    lines += [f"| {' | '.join(map(escape, row))} |" for row in found.picked(found.shown)]
    if found.notes:
        notes = [f"all: {each}" if kind == "all" else each for kind, each in found.notes]
        lines += ["", *(f"- {escape(note)}" for note in notes)]
    return "\n".join(lines) + "\n"
