"""`lrfind list`: what is built in, with options and defaults."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from lrfind.cli.options import PATH, Debug, Json, NoColor
from lrfind.cli.outputs import figure_format
from lrfind.cli.terminal import say, screen, show_error, write_stdout
from lrfind.core.errors import InputError, LrfindError


class Kind(StrEnum):
    """What can be listed."""

    models = "models"
    data = "data"
    losses = "losses"
    optimizers = "optimizers"
    schedules = "schedules"
    methods = "methods"
    ladders = "ladders"


def list_(
    kind: Annotated[Kind | None, typer.Argument(help="What to list; left out: every kind.", show_default=False)] = None,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the schedules.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", help="With --plot: draw to this .png, .svg or .pdf instead.", show_default=False, **PATH
        ),
    ] = None,
    as_json: Json = False,
    no_color: NoColor = False,
    debug: Debug = False,
) -> None:
    """List what is built in, with options and defaults.

    Example: lrfind list schedules --plot
    """
    try:
        if plot or output is not None:
            draw(kind, plot, as_json, output, color=not no_color)
            return
    except LrfindError as error:
        raise typer.Exit(show_error(error, debug=debug)) from None
    kinds = [kind] if kind else list(Kind)
    found = {str(wanted): entries(str(wanted)) for wanted in kinds}
    if as_json:
        write_stdout(json.dumps(found, indent=2) + "\n")
        return
    width = screen(sys.stdout).width
    write_stdout("\n".join(text(name, table, width) for name, table in found.items()))


def draw(kind: Kind | None, plot: bool, as_json: bool, output: Path | None, *, color: bool) -> None:
    """Draw what can be drawn, to the terminal or to a file.

    Raises:
        InputError: options that do not go together, or a file that cannot be written.
    """
    if not plot:
        raise InputError(f"--output {output}: goes with --plot; the list itself goes to standard output")
    if kind is not Kind.schedules:
        raise InputError("--plot draws schedules and nothing else: lrfind list schedules --plot")
    if as_json:
        raise InputError("--plot and --json contradict each other; leave one out")
    if output is not None:
        figure_format(output, "--output")
    if output is not None and (output.is_dir() or not output.parent.is_dir()):
        raise InputError(f"--output {output}: " + ("is a folder" if output.is_dir() else "its folder does not exist"))
    from lrfind.runs.schedule_curves import curves

    if output is None:
        shows = screen(sys.stdout, color=color)
        from lrfind.report.plots.terminal_plot import plot_schedules

        write_stdout(plot_schedules(curves(), shows.width, color=shows.color, unicode=shows.unicode))
        return
    from lrfind.report.plots import schedule_gallery
    from lrfind.storage.run_directory import write

    write(output, schedule_gallery.draw(curves(), figure_format(output, "--output")))
    say(f"lrfind: wrote {output}")


def entries(kind: str) -> dict[str, Any]:
    """Name -> summary and options of every built-in of a kind."""
    from lrfind.config.catalog import options
    from lrfind.config.optimizer_catalog import OPTIMIZERS
    from lrfind.core import registry

    table: Any = OPTIMIZERS if kind == "optimizers" else getattr(registry, kind.upper())
    found = {}
    for name, entry in table.items():
        known = {key: getattr(entry, key, "") for key in ("formula", "origin")}
        more = {key: value for key, value in known.items() if value}
        found[name] = {"summary": entry.summary, **more, "options": [asdict(each) for each in options(kind, name)]}
    return found


def text(kind: str, table: dict[str, Any], width: int) -> str:
    """The entries of a kind, wrapped to a width; what all of many have in common is said once, before them."""
    from textwrap import fill

    from lrfind.config.optimizer_catalog import REFUSED

    def wrapped(words: str, indent: int, further: int) -> str:
        return fill(words, width, initial_indent=" " * indent, subsequent_indent=" " * further, break_on_hyphens=False)

    lines = [kind]
    common = shared(table) if kind == "optimizers" else {}
    if common:
        lines += ["  all of them:", *(wrapped(f"{line}: {said}", 6, 8) for line, said in common.items())]
    for name, entry in table.items():
        lines.append(wrapped(f"{name}: {entry['summary']}", 2, 4))
        if "formula" in entry:
            said = entry["formula"] + (f" ({entry['origin']})" if "origin" in entry else "")
            lines.append(wrapped(said, 6, 8))
        options = ", ".join(each for each in map(shown, entry["options"]) if each not in common)
        if options:
            lines.append(wrapped(options, 6, 6))
    if kind == "optimizers":
        lines += ["  not here:", *(wrapped(f"{name}: {why}", 6, 8) for name, why in REFUSED.items())]
    return "\n".join(lines) + "\n"


def shared(table: dict[str, Any]) -> dict[str, str]:
    """The options that every entry has, as they are shown, and what they do."""
    first, *others = ({shown(option): option["summary"] for option in entry["options"]} for entry in table.values())
    return {line: said for line, said in first.items() if all(line in other for other in others)}


def shown(option: dict[str, Any]) -> str:
    """An option with its default as YAML would say it."""
    name: str = option["name"]
    return name if option["required"] else f"{name}={json.dumps(option['default'])}"
