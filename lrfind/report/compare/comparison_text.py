"""A comparison as a table, for a terminal and in GitHub's Markdown."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from lrfind.analysis.comparison import Comparison, TrainingComparison
from lrfind.core.printable import clean
from lrfind.report import wording
from lrfind.report.compare.cells import Sheet
from lrfind.report.compare.sheets import sheet_of
from lrfind.report.look import Look
from lrfind.report.rich_console import ASCII_RULE, UNICODE_RULE, new_console, written
from lrfind.report.wording import ascii_only, escape


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
