"""A result for a terminal: the curve, the verdict, and its reasons. Set by rich."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lrfind.core.printable import clean
from lrfind.core.result import Result
from lrfind.report.look import Look
from lrfind.report.rich_console import ASCII_RULE, UNICODE_RULE, new_console, written
from lrfind.report.sweep.code_wrapping import wrap_code, wrap_yaml
from lrfind.report.sweep.fact_rows import facts, title
from lrfind.report.wording import ascii_only, escape, fenced, headline, interval, rate

COLUMNS = {"method": 0, "rate": 0, "interval": 44, "why": 60}
"""The columns of the table of suggestions, and the width of terminal from which each is shown."""

CURVE_HEIGHT = 18
"""Lines of the curve."""


def report(result: Result, look: Look) -> str:
    """Return the curve, where it is to be drawn and there is room, and the report below it."""
    text = table(result, look)
    if not look.draws:
        return text
    from lrfind.report.plots.terminal_plot import plot_curve

    curve = plot_curve(result, look.width or 80, CURVE_HEIGHT, color=look.color, unicode=look.unicode)
    return f"{curve}\n{text}" if curve else text


def table(result: Result, look: Look) -> str:
    """Return the report of a result as text of at most `look.width` columns."""
    console = new_console(look.width or 80, color=look.color)
    page = _Page(console, look.unicode)
    page.verdict(result)
    page.notes(result)
    page.suggestions(result)
    page.facts(result, look.files)
    page.code(result)
    if look.advice:
        page.advice(result)
    return written(console)


class _Page:
    """The sections of the report, in the order in which they are printed."""

    def __init__(self, console: Console, unicode: bool) -> None:
        self.console = console
        self.unicode = unicode

    def text(self, content: str, style: str = "") -> Text:
        """Return a user's words as plain text, without terminal codes and characters that the output lacks."""
        content = clean(content)
        return Text(content if self.unicode else ascii_only(content), style=style)

    def verdict(self, result: Result) -> None:
        pieces = headline(result)
        recommends = result.recommendation.learning_rate is not None
        line = self.text("")
        for i, piece in enumerate(pieces):
            part = self.text(piece, ("bold green" if recommends else "bold red") if i == 0 else "")
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
        notes = [("warning", warning, "yellow") for warning in result.warnings]
        notes += [("assumed", assumption, "cyan") for assumption in result.assumptions]
        if notes:
            self.pairs([(self.text(kind, style), self.text(note)) for kind, note, style in notes])
            self.console.print()

    def suggestions(self, result: Result) -> None:
        if not result.suggestions:
            return
        grid = Table(box=UNICODE_RULE if self.unicode else ASCII_RULE, pad_edge=False, show_edge=False, padding=(0, 1))
        columns = [name for name, least in COLUMNS.items() if self.console.width >= least]
        for name in columns:
            grid.add_column(name, header_style="dim", no_wrap=name != "why")
        for i, (method, suggestion) in enumerate(result.suggestions.items()):
            style = "bold" if i == 0 else ""
            cells = [f"{method} *" if i == 0 else method, rate(suggestion.learning_rate)]
            cells.append(interval(suggestion.low, suggestion.high))
            cells.append("as above" if suggestion.reason == result.recommendation.reason else suggestion.reason)
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
        """Print the optimiser's source from the first column on, so that it can be marked and copied."""
        if result.recommendation.learning_rate is None or not result.facts.optimizer.strip():
            return
        self.console.print()
        self.source(wrap_code(result.facts.optimizer, self.console.width), "bold")

    def source(self, lines: Sequence[str], style: str = "") -> None:
        """Print source text as it is, from the first column on."""
        for line in lines:
            line = line[: len(line) - len(line.lstrip())] + clean(line)
            styled = Text(line if self.unicode else ascii_only(line), style=style)
            self.console.print(styled, no_wrap=True, overflow="fold", soft_wrap=False)

    def advice(self, result: Result) -> None:
        """Print a setting for each schedule, as YAML and as optax, and the guesses with their reasons."""
        for setting in result.advice.settings:
            self.console.print()
            self.console.print(self.text(title(setting), "bold"))
            self.console.print(self.text(setting.source, "dim"))
            self.source(wrap_yaml(setting.yaml, self.console.width))
            self.source(wrap_code(setting.optax, self.console.width))
        if result.advice.guesses:
            self.console.print()
            pairs = [(f"{guess.learning_rate:g}", guess.reason) for guess in result.advice.guesses]
            self.pairs([(self.text(rate, "bold"), self.text(reason)) for rate, reason in pairs])


def summary(result: Result, look: Look) -> str:
    """Return the report of a result as one section."""
    verdict, *rest = headline(result)
    lines = [f"### {escape(result.name)}", "", f"**{escape(verdict)}**"]
    lines[-1] += "".join(f", {escape(piece)}" for piece in rest)
    if result.recommendation.reason.strip():
        lines += ["", escape(result.recommendation.reason)]
    if result.recommendation.learning_rate is not None and result.facts.optimizer.strip():
        lines += ["", *fenced("python", result.facts.optimizer)]
    notes = [f"- **warning:** {escape(warning)}" for warning in result.warnings]
    notes += [f"- assumed: {escape(assumption)}" for assumption in result.assumptions]
    lines += ["", *notes] if notes else []
    if result.suggestions:
        lines += ["", "| method | rate | interval | why |", "|---|---|---|---|"]
        for i, (method, suggestion) in enumerate(result.suggestions.items()):
            name = f"**{escape(method)}**" if i == 0 else escape(method)
            span = interval(suggestion.low, suggestion.high)
            why = "as above" if suggestion.reason == result.recommendation.reason else escape(suggestion.reason)
            lines.append(f"| {name} | {rate(suggestion.learning_rate)} | {span} | {why} |")
    lines += ["", "| | |", "|---|---|"]
    lines += [f"| {escape(name)} | {escape(value)} |" for name, value in facts(result)]
    for setting in result.advice.settings if look.advice else ():
        lines += ["", f"**{escape(title(setting))}**: {escape(setting.source)}"]
        lines += ["", *fenced("yaml", setting.yaml), "", *fenced("python", setting.optax)]
    if look.advice and result.advice.guesses:
        lines += ["", "| guess | |", "|---|---|"]
        lines += [f"| {guess.learning_rate:g} | {escape(guess.reason)} |" for guess in result.advice.guesses]
    return "\n".join(lines) + "\n"
