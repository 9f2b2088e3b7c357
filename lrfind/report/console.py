"""The report for a terminal: the verdict first, then what it rests on. By rich, to a console of fixed width."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lrfind.report.advice import title
from lrfind.report.rows import facts
from lrfind.report.text import ascii_only, clean, headline, interval, rate, wrap_code, wrap_yaml
from lrfind.types import Result

UNICODE_RULE = box.SIMPLE_HEAD
ASCII_RULE = box.Box(str(box.SIMPLE_HEAD).replace("─", "-"), ascii=True)
"""A rule under the head and nothing else: what stands in a table can be copied without borders."""

COLUMNS = {"method": 0, "rate": 0, "interval": 44, "why": 60}
"""The columns of the table of suggestions, and the width of terminal from which each is shown."""


def table(
    result: Result, *, width: int, color: bool, unicode: bool, files: Sequence[str] = (), advice: bool = False
) -> str:
    """The whole report as text of at most `width` columns.

    Args:
        result: what to report.
        width: columns of the terminal.
        color: whether to use terminal colours.
        unicode: whether the output's encoding has more than ASCII.
        files: names of the files written, to list them.
        advice: whether to add settings for other schedules, and what the usual guesses would have done.
    """
    # an empty environment: what comes out depends on the arguments alone, not on COLUMNS, TERM or NO_COLOR
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
    page = _Page(console, unicode)
    page.verdict(result)
    page.notes(result)
    page.suggestions(result)
    page.facts(result, files)
    page.code(result)
    if advice:
        page.advice(result)
    assert isinstance(console.file, io.StringIO)
    lines = [line.rstrip() for line in console.file.getvalue().split("\n")]
    return "\n".join(lines).rstrip("\n") + "\n"


class _Page:
    """The sections of the report, in the order in which they are printed."""

    def __init__(self, console: Console, unicode: bool) -> None:
        self.console = console
        self.unicode = unicode

    def text(self, content: str, style: str = "") -> Text:
        """A user's words as plain text: no markup, no terminal codes, no character the output lacks."""
        content = clean(content)
        return Text(content if self.unicode else ascii_only(content), style=style)

    def verdict(self, result: Result) -> None:
        pieces = headline(result)
        found = result.recommendation.learning_rate is not None
        line = self.text("")
        for i, piece in enumerate(pieces):
            part = self.text(piece, ("bold green" if found else "bold red") if i == 0 else "")
            if i and line.cell_len + 3 + part.cell_len > self.console.width:
                self.console.print(line)
                line = part
            else:
                line = line + self.text("").append("   " if i else "") + part
        self.console.print(line)
        if result.recommendation.reason.strip():
            self.console.print(self.text(result.recommendation.reason))
        self.console.print()

    def notes(self, result: Result) -> None:
        notes = [("warning", each, "yellow") for each in result.warnings]
        notes += [("assumed", each, "cyan") for each in result.assumptions]
        if notes:
            self.pairs([(self.text(kind, style), self.text(each)) for kind, each, style in notes])
            self.console.print()

    def suggestions(self, result: Result) -> None:
        if not result.suggestions:
            return
        grid = Table(box=UNICODE_RULE if self.unicode else ASCII_RULE, pad_edge=False, show_edge=False, padding=(0, 1))
        columns = [name for name, least in COLUMNS.items() if self.console.width >= least]
        for name in columns:
            grid.add_column(name, header_style="dim", no_wrap=name != "why")
        for i, (method, found) in enumerate(result.suggestions.items()):
            style = "bold" if i == 0 else ""
            cells = [f"{method} *" if i == 0 else method, rate(found.learning_rate), interval(found.low, found.high)]
            cells.append("as above" if found.reason == result.recommendation.reason else found.reason)
            grid.add_row(*(self.text(cell, style if k < 3 else "") for k, cell in enumerate(cells[: len(columns)])))
        self.console.print(grid)
        self.console.print(self.text("* the configured method", "dim"))
        self.console.print()

    def facts(self, result: Result, files: Sequence[str]) -> None:
        rows = [(self.text(name, "dim"), self.text(value)) for name, value in facts(result)]
        rows += [(self.text("" if i else "written", "dim"), self.text(file)) for i, file in enumerate(files)]
        self.pairs(rows)

    def pairs(self, rows: Sequence[tuple[Text, Text]]) -> None:
        grid = Table.grid(padding=(0, 2))
        grid.add_column(min_width=9, no_wrap=True)
        grid.add_column(overflow="fold")
        for row in rows:
            grid.add_row(*row)
        self.console.print(grid)

    def code(self, result: Result) -> None:
        """The line to paste, from the first column on and without a frame, so that it can be marked and copied."""
        if result.recommendation.learning_rate is None or not result.facts.optimizer.strip():
            return
        self.console.print()
        self.source(wrap_code(result.facts.optimizer, self.console.width), "bold")

    def source(self, lines: Sequence[str], style: str = "") -> None:
        """Text that is pasted: as it is, from the first column on."""
        for line in lines:
            line = line[: len(line) - len(line.lstrip())] + clean(line)
            shown = Text(line if self.unicode else ascii_only(line), style=style)
            self.console.print(shown, no_wrap=True, overflow="fold", soft_wrap=False)

    def advice(self, result: Result) -> None:
        """A setting for each schedule, as YAML and as optax; then the guesses with their reasons."""
        for setting in result.advice.settings:
            self.console.print()
            self.console.print(self.text(title(setting), "bold"))
            self.console.print(self.text(setting.source, "dim"))
            self.source(wrap_yaml(setting.yaml, self.console.width))
            self.source(wrap_code(setting.optax, self.console.width))
        if result.advice.guesses:
            self.console.print()
            pairs = [(f"{each.learning_rate:g}", each.reason) for each in result.advice.guesses]
            self.pairs([(self.text(guess, "bold"), self.text(reason)) for guess, reason in pairs])
