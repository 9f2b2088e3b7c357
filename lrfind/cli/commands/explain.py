"""`lrfind explain`: what a verdict or a finding means. One page of Markdown each, in the folder ``pages``."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import fill

from lrfind.cli.outputs import look_of
from lrfind.cli.terminal import screen, write_stdout
from lrfind.core.errors import InputError
from lrfind.core.registry import near
from lrfind.report.wording import Look

PAGES = Path(__file__).parents[1] / "pages"
"""A page ``<id>.md`` begins with ``# <id>``, then a line in italics that says what kind of thing it is, then one
paragraph that says it in a sentence or two. Then come "What is seen", "Why it matters" and "What to do"."""


def show(name: str | None, *, color: bool) -> None:
    """Print the page of a verdict or a finding, or the list of all.

    Args:
        name: of the page; None for the list.
        color: whether colours are wanted.
    """
    shows = screen(sys.stdout, color=color)
    text = contents(shows.width if shows.live else None) if name is None else page(name)
    if name is not None and shows.live:
        text = rendered(text, look_of(shows, None))
    write_stdout(text)


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


def rendered(text: str, look: Look) -> str:
    """Return a page as rich sets it for a terminal.

    Args:
        text: Markdown.
        look: abilities of the terminal.
    """
    from rich.markdown import Markdown

    from lrfind.report.rich_console import new_console, written

    console = new_console(look)
    console.print(Markdown(text))
    return look.shown(written(console).lstrip("\n"))
