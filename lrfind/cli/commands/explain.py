"""`lrfind explain`: what a verdict or a finding means. One page of Markdown each, in the folder ``pages``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from lrfind.cli.delivery import shown_errors
from lrfind.cli.options import Debug, NoColor
from lrfind.cli.terminal import screen, write_stdout
from lrfind.core.errors import InputError
from lrfind.core.registry import near

PAGES = Path(__file__).parents[1] / "pages"
"""A page ``<id>.md`` begins with ``# <id>``, then a line in italics that says what kind of thing it is, then one
paragraph that says it in a sentence or two. Then come "What is seen", "Why it matters" and "What to do"."""


def explain(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]", help="A verdict of `lrfind check` or a finding; left out: list all.", show_default=False
        ),
    ] = None,
    no_color: NoColor = False,
    debug: Debug = False,
) -> None:
    """Say what a verdict or a finding means, what it is judged by, and what to do.

    Example: lrfind explain rate-in-range
    """
    look = screen(sys.stdout, color=not no_color)
    with shown_errors(debug=debug):
        if name is None:
            write_stdout(contents(look.width if look.live else None))
        else:
            text = page(name)
            write_stdout(
                rendered(text, width=look.width, color=look.color, unicode=look.unicode) if look.live else text
            )


def names() -> list[str]:
    """Return the names of all pages, sorted."""
    return sorted(path.stem for path in PAGES.glob("*.md"))


def page(name: str) -> str:
    """Return the page of a verdict or a finding, as Markdown.

    Raises:
        InputError: there is none.
    """
    known = names()
    if name not in known:
        raise InputError(f"there is nothing called '{name}' to explain{near(name, known)}; `lrfind explain` lists all")
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def lead(text: str) -> tuple[str, str]:
    """Return the kind of thing that a page explains, and its first paragraph on one line."""
    _, kind, first, *_ = text.split("\n\n")
    return kind.strip("*. \n"), " ".join(first.split())


def contents(width: int | None) -> str:
    """Return all names with their first paragraph, by kind.

    Args:
        width: columns to wrap at; None keeps each on one line.
    """
    from textwrap import fill

    kinds: dict[str, list[tuple[str, str]]] = {}
    for name in names():
        kind, first = lead(page(name))
        kinds.setdefault(kind, []).append((name, first))
    parts = []
    for kind, entries in sorted(kinds.items()):
        longest = max(len(name) for name, _ in entries)
        lines = [f"  {name:<{longest}}  {first}" for name, first in entries]
        if width is not None:
            indent = " " * (longest + 4)
            lines = [fill(line, width, subsequent_indent=indent, break_on_hyphens=False) for line in lines]
        parts.append("\n".join([f"{kind}:", *lines]) + "\n")
    return "\n".join(parts)


def rendered(text: str, *, width: int, color: bool, unicode: bool) -> str:
    """Return a page as rich sets it for a terminal.

    Args:
        text: Markdown.
        width: columns.
        color: whether to send colour codes.
        unicode: whether text may have more than ASCII.
    """
    import io

    from rich.console import Console
    from rich.markdown import Markdown

    from lrfind.core.printable import ascii_only

    console = Console(
        file=io.StringIO(),
        width=width,
        color_system="standard" if color else None,
        force_terminal=True,
        no_color=not color,
        legacy_windows=False,
        _environ={},
    )
    console.print(Markdown(text))
    assert isinstance(console.file, io.StringIO)
    lines = [line.rstrip() for line in console.file.getvalue().split("\n")]
    shown = "\n".join(lines).strip("\n") + "\n"
    return shown if unicode else "\n".join(map(ascii_only, shown.split("\n")))
