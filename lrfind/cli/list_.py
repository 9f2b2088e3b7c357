"""`lrfind list`: what is built in, with options and defaults."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import typer

from lrfind.cli.options import Json
from lrfind.cli.screen import put, screen


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
    as_json: Json = False,
) -> None:
    """List what is built in, with options and defaults."""
    kinds = [kind] if kind else list(Kind)
    found = {str(wanted): entries(str(wanted)) for wanted in kinds}
    if as_json:
        put(json.dumps(found, indent=2) + "\n")
        return
    width = screen(sys.stdout).width
    put("\n".join(text(name, table, width) for name, table in found.items()))


def entries(kind: str) -> dict[str, Any]:
    """Name -> summary and options of every built-in of a kind."""
    from lrfind import registry
    from lrfind.config.catalog import options
    from lrfind.optimizer_table import OPTIMIZERS

    table: Any = OPTIMIZERS if kind == "optimizers" else getattr(registry, kind.upper())
    return {
        name: {"summary": entry.summary, "options": [asdict(option) for option in options(kind, name)]}
        for name, entry in table.items()
    }


def text(kind: str, table: dict[str, Any], width: int) -> str:
    """The entries of a kind, wrapped to a width."""
    from textwrap import fill

    lines = [kind]
    for name, entry in table.items():
        lines.append(fill(f"{name}: {entry['summary']}", width, initial_indent="  ", subsequent_indent="    "))
        options = ", ".join(
            option["name"] if option["required"] else f"{option['name']}={shown(option['default'])}"
            for option in entry["options"]
        )
        if options:
            lines.append(
                fill(options, width, initial_indent="      ", subsequent_indent="      ", break_on_hyphens=False)
            )
    return "\n".join(lines) + "\n"


def shown(value: Any) -> str:
    """A default as YAML would say it."""
    return json.dumps(value)
