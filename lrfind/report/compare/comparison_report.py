"""Comparisons as text and Markdown."""

from __future__ import annotations

from rich.text import Text

from lrfind.analysis.comparison import Comparison, TrainingComparison
from lrfind.core.printable import clean
from lrfind.report import wording
from lrfind.report.compare.comparison_sheet import Sheet, sheet_of
from lrfind.report.rich_console import new_console, new_table, written
from lrfind.report.wording import Look, escape


def report(comparison: Comparison | TrainingComparison, look: Look) -> str:
    """Return a comparison as text of at most `look.width` columns, as far as names allow."""
    sheet, width = sheet_of(comparison), look.width or 80
    console = new_console(look)
    shown = columns(sheet, width)
    grid = new_table(look)
    for name in shown:
        grid.add_column(name, header_style="dim", no_wrap=True)
    for row in sheet.picked(shown):
        grid.add_row(*(Text(look.shown(cell), style="bold" if i == 1 else "") for i, cell in enumerate(row)))
    console.print(grid)
    notes = [note if kind == "scaling" else f"{kind}: {note}" for kind, note in sheet.notes]
    if notes:
        console.print()
    for note in map(clean, notes):
        console.print(Text(look.shown(note)))
    return written(console)


def columns(sheet: Sheet, width: int) -> list[str]:
    """Return the columns for which there is room, in their order."""
    head, shown = sheet.columns.head, list(sheet.columns.least)
    cells = {name: [row[i] for row in sheet.rows] for i, name in enumerate(head)}
    widths = {name: max(len(name), *map(len, cells[name])) + 3 for name in head}
    for name in sheet.columns.order:
        room = sum(widths[column] for column in [*shown, name]) <= width + 2
        if name not in sheet.same and any(cells[name]) and room:
            shown.append(name)
    return [name for name in head if name in shown]


def markdown(comparison: Comparison | TrainingComparison, _: Look) -> str:
    """Return a comparison as a table of all columns."""
    sheet = sheet_of(comparison)
    rows = [tuple(map(escape, row)) for row in sheet.picked(sheet.shown)]
    lines = wording.table(tuple(sheet.shown), rows)
    if sheet.notes:
        notes = [f"all: {note}" if kind == "all" else note for kind, note in sheet.notes]
        lines += ["", *(f"- {escape(note)}" for note in notes)]
    return "\n".join(lines) + "\n"
