"""A result for a terminal: the curve, the verdict, and its reasons. Set by rich."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from lrfind.core.printable import clean
from lrfind.core.result import Result
from lrfind.report.rich_console import new_console, new_table, written
from lrfind.report.sweep.fact_rows import facts, suggestions, title
from lrfind.report.wording import Look, escape, fenced, headline
from lrfind.report.wording import table as markdown_table

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
    page = _Page(result, look)
    page.verdict()
    page.notes()
    page.suggestions()
    page.facts()
    page.code()
    if look.advice:
        page.advice()
    return written(page.console)


class _Page:
    """The sections of the report, in the order in which they are printed."""

    def __init__(self, result: Result, look: Look) -> None:
        self.result, self.look, self.console = result, look, new_console(look)

    def text(self, content: str, style: str = "") -> Text:
        """Return a user's words as plain text, without terminal codes and characters that the output lacks."""
        return Text(self.look.shown(clean(content)), style=style)

    def print(self, content: str = "", style: str = "") -> None:
        self.console.print(self.text(content, style))

    def verdict(self) -> None:
        advised = self.result.recommendation
        first, *others = headline(self.result)
        line = self.text(first, "bold red" if advised.learning_rate is None else "bold green")
        for piece in others:
            part = self.text(piece)
            if line.cell_len + 3 + part.cell_len > self.console.width:
                self.console.print(line)
                line = part
            else:
                line = line + Text("   ") + part
        self.console.print(line)
        if advised.reason.strip():
            self.print(advised.reason)
        self.print()

    def notes(self) -> None:
        notes = [("warning", "yellow", warning) for warning in self.result.warnings]
        notes += [("assumed", "cyan", assumption) for assumption in self.result.assumptions]
        if notes:
            self.pairs(notes)
            self.print()

    def suggestions(self) -> None:
        if not self.result.suggestions:
            return
        grid = new_table(self.look)
        columns = [name for name, least in COLUMNS.items() if self.console.width >= least]
        for name in columns:
            grid.add_column(name, header_style="dim", no_wrap=name != "why")
        for i, (method, *cells) in enumerate(suggestions(self.result)):
            row = [method if i else f"{method} *", *cells][: len(columns)]
            grid.add_row(*(self.text(cell, "bold" if i == 0 and k < 3 else "") for k, cell in enumerate(row)))
        self.console.print(grid)
        self.print("* the configured method", "dim")
        self.print()

    def facts(self) -> None:
        rows = [(name, "dim", value) for name, value in facts(self.result)]
        self.pairs(rows + [("" if i else "written", "dim", file) for i, file in enumerate(self.look.files)])

    def pairs(self, rows: Sequence[tuple[str, str, str]]) -> None:
        """Print names, each in its style, and what there is to say beside them."""
        grid = Table.grid(padding=(0, 2))
        grid.add_column(min_width=9, no_wrap=True)
        grid.add_column(overflow="fold")
        for name, style, value in rows:
            grid.add_row(self.text(name, style), self.text(value))
        self.console.print(grid)

    def code(self) -> None:
        """Print the optimiser's source from the first column on, so that it can be marked and copied."""
        optimizer = self.result.facts.optimizer
        if self.result.recommendation.learning_rate is not None and optimizer.strip():
            self.print()
            self.source(wrap_code(optimizer, self.console.width), "bold")

    def source(self, lines: Sequence[str], style: str = "") -> None:
        """Print source text as it is, from the first column on."""
        for line in lines:
            indent = line[: len(line) - len(line.lstrip())]
            styled = Text(self.look.shown(indent + clean(line)), style=style)
            self.console.print(styled, no_wrap=True, overflow="fold", soft_wrap=False)

    def advice(self) -> None:
        """Print a setting for each schedule, as YAML and as optax, and the guesses with their reasons."""
        for setting in self.result.advice.settings:
            self.print()
            self.print(title(setting), "bold")
            self.print(setting.source, "dim")
            self.source(wrap_yaml(setting.yaml, self.console.width))
            self.source(wrap_code(setting.optax, self.console.width))
        if self.result.advice.guesses:
            self.print()
            self.pairs([(f"{guess.learning_rate:g}", "bold", guess.reason) for guess in self.result.advice.guesses])


def summary(result: Result, look: Look) -> str:
    """Return the report of a result as one section."""
    verdict, *rest = headline(result)
    lines = [f"### {escape(result.name)}", "", ", ".join([f"**{escape(verdict)}**", *map(escape, rest)])]
    if result.recommendation.reason.strip():
        lines += ["", escape(result.recommendation.reason)]
    if result.recommendation.learning_rate is not None and result.facts.optimizer.strip():
        lines += ["", *fenced("python", result.facts.optimizer)]
    notes = [f"- **warning:** {escape(warning)}" for warning in result.warnings]
    notes += [f"- assumed: {escape(assumption)}" for assumption in result.assumptions]
    lines += ["", *notes] if notes else []
    if result.suggestions:
        rows = [tuple(map(escape, row)) for row in suggestions(result)]
        rows[0] = (f"**{rows[0][0]}**", *rows[0][1:])
        lines += ["", *markdown_table(("method", "rate", "interval", "why"), rows)]
    lines += ["", "| | |", "|---|---|"]
    lines += [f"| {escape(name)} | {escape(value)} |" for name, value in facts(result)]
    for setting in result.advice.settings if look.advice else ():
        lines += ["", f"**{escape(title(setting))}**: {escape(setting.source)}"]
        lines += ["", *fenced("yaml", setting.yaml), "", *fenced("python", setting.optax)]
    if look.advice and result.advice.guesses:
        lines += ["", "| guess | |", "|---|---|"]
        lines += [f"| {guess.learning_rate:g} | {escape(guess.reason)} |" for guess in result.advice.guesses]
    return "\n".join(lines) + "\n"


_STRING = re.compile(r"""'(\\.|[^'\\])*'|"(\\.|[^"\\])*\"""")
"""A string in quotes; brackets and commas in it are text."""


def wrap_code(code: str, width: int, indent: str = "") -> list[str]:
    """Return Python source on lines no wider than `width`, broken at the widest outermost bracket, an argument a line.

    What is pasted from a terminal then still runs. A name or string that is wider by itself stays whole.
    """
    lines = []
    for source in code.splitlines():
        head, arguments, tail = _call(source)
        # The brackets of a formula are not those of a call: a comma in them would make a tuple.
        if len(indent + source) <= width or not arguments or source.startswith("lambda "):
            lines.append(indent + source)
            continue
        lines.append(indent + head)
        for argument in arguments:
            lines += wrap_code(f"{argument},", width, indent + "    ")
        first, *others = wrap_code(tail[1:], width - 1, indent) or [indent]
        lines += [f"{indent}{tail[:1]}{first[len(indent) :]}", *others]
    return lines


def wrap_yaml(text: str, width: int) -> list[str]:
    """Return YAML of one section a line, broken as `wrap_code` does; continued lines are indented."""
    lines = []
    for section in text.splitlines():
        first, *others = wrap_code(section, width)
        lines += [first, *(line if line.startswith(" ") else f"    {line}" for line in others)]
    return lines


def _call(source: str) -> tuple[str, list[str], str]:
    """Return a line of source in three parts: up to its widest bracket, the arguments in it, and the rest."""
    widest_call: tuple[str, list[str], str] = (source, [], "")
    widest, depth, opened, start = 0, 0, 0, 0
    arguments: list[str] = []
    for i, char in enumerate(_STRING.sub(lambda string: "_" * len(string[0]), source)):
        if char in "([{":
            depth += 1
            if depth == 1:
                arguments, opened, start = [], i, i + 1
        elif char in ")]}" or (char == "," and depth == 1 and not _in_head_of_lambda(source[start:i])):
            depth -= char != ","
            if depth == (char == ","):
                arguments.append(source[start:i].strip())
                start = i + 1
            if depth == 0 and i - opened > widest:
                widest = i - opened
                widest_call = source[: opened + 1], [argument for argument in arguments if argument], source[i:]
    return widest_call


def _in_head_of_lambda(argument: str) -> bool:
    """Return whether a comma after this part of an argument separates parameters of a lambda."""
    return argument.lstrip().startswith("lambda ") and ":" not in argument
