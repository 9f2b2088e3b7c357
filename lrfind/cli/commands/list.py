"""`lrfind list`: what is built in, with options and defaults."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from textwrap import fill
from typing import Any

from lrfind.cli.outputs import figure_format
from lrfind.cli.terminal import say, screen, write_stdout
from lrfind.config.json_schema import KINDS, options
from lrfind.config.optimizer_catalog import REFUSED
from lrfind.core.errors import InputError


def show(kinds: Iterable[str], as_json: bool) -> None:
    """Print the built-ins of some kinds."""
    tables = {kind: entries(kind) for kind in kinds}
    if as_json:
        write_stdout(json.dumps(tables, indent=2) + "\n")
    else:
        width = screen(sys.stdout).width
        write_stdout("\n".join(text(kind, table, width) for kind, table in tables.items()))


def draw(kind: str | None, plot: bool, as_json: bool, output: Path | None, *, color: bool) -> None:
    """Draw the schedules, to the terminal or to a file.

    Args:
        kind: what is listed; only schedules can be drawn.
        plot: whether --plot was given.
        as_json: whether --json was given, which contradicts it.
        output: file of the figure; None for the terminal.
        color: whether colours are wanted.

    Raises:
        InputError: options that do not go together, or a file that cannot be written.
    """
    if not plot:
        raise InputError(f"--output {output}: goes with --plot; the list itself goes to standard output")
    if kind != "schedules":
        raise InputError("--plot draws schedules and nothing else: lrfind list schedules --plot")
    if as_json:
        raise InputError("--plot and --json contradict each other; leave one out")
    if output is not None:
        figure_format(output, "--output")
    if output is not None and (output.is_dir() or not output.parent.is_dir()):
        raise InputError(f"--output {output}: " + ("is a folder" if output.is_dir() else "its folder does not exist"))
    from lrfind.runs.pasteable import curves

    if output is None:
        shows = screen(sys.stdout, color=color)
        from lrfind.report.plots.terminal_plot import plot_schedules

        write_stdout(plot_schedules(curves(), shows.width, color=shows.color, unicode=shows.unicode))
        return
    from lrfind.report.plots.figures import draw_schedules
    from lrfind.storage.atomic import write

    write(output, draw_schedules(curves(), figure_format(output, "--output")))
    say(f"lrfind: wrote {output}")


def entries(kind: str) -> dict[str, Any]:
    """Return summary and options of every built-in of a kind, by name."""
    described = {}
    for name, entry in KINDS[kind].items():
        known = {key: getattr(entry, key, "") for key in ("formula", "origin")}
        described[name] = {
            "summary": entry.summary,
            **{key: value for key, value in known.items() if value},
            "options": options(kind, name),
        }
    return described


def text(kind: str, table: dict[str, Any], width: int) -> str:
    """Return the entries of a kind as text; options that all optimizers share come once, before them.

    Args:
        kind: name of the kind.
        table: entries by name, as `entries` returns them.
        width: columns to wrap at.
    """

    def wrapped(words: str, indent: int, further: int) -> str:
        return fill(words, width, initial_indent=" " * indent, subsequent_indent=" " * further, break_on_hyphens=False)

    lines = [kind]
    common = shared(table) if kind == "optimizers" else {}
    if common:
        lines += ["  all of them:", *(wrapped(f"{line}: {summary}", 6, 8) for line, summary in common.items())]
    for name, entry in table.items():
        lines.append(wrapped(f"{name}: {entry['summary']}", 2, 4))
        if "formula" in entry:
            formula = entry["formula"] + (f" ({entry['origin']})" if "origin" in entry else "")
            lines.append(wrapped(formula, 6, 8))
        listed = ", ".join(option for option in map(shown, entry["options"]) if option not in common)
        if listed:
            lines.append(wrapped(listed, 6, 6))
    if kind == "optimizers":
        lines += ["  not here:", *(wrapped(f"{name}: {why}", 6, 8) for name, why in REFUSED.items())]
    return "\n".join(lines) + "\n"


def shared(table: dict[str, Any]) -> dict[str, str]:
    """Return the summaries of the options that every entry has, by their text."""
    first, *others = ({shown(option): option["summary"] for option in entry["options"]} for entry in table.values())
    return {line: summary for line, summary in first.items() if all(line in other for other in others)}


def shown(option: dict[str, Any]) -> str:
    """Return the text of an option: its name, and its default as in YAML."""
    name: str = option["name"]
    return name if option["required"] else f"{name}={json.dumps(option['default'])}"
