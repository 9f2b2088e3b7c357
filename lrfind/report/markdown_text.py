"""Text in GitHub's Markdown."""

from __future__ import annotations

import re

from lrfind.core.printable import clean

_MARKUP = re.compile(r"([\\*_\[\]|~#$@])")


def escape(text: str, *, code: bool = False) -> str:
    """Return text without markup, table cells' ends and mentions.

    Args:
        text: any text; it becomes one line.
        code: whether backticks keep their meaning.
    """
    text = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _MARKUP.sub(r"\\\1", text)
    return text if code else text.replace("`", "\\`")


def fenced(language: str, code: str) -> list[str]:
    """Return the lines of a code block that the code cannot close."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", code)), default=0))
    return [f"{fence}{language}", *map(clean, code.splitlines()), fence]


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    """Return the lines of a table; cells are Markdown."""
    return [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(f"| {' | '.join(row)} |" for row in rows)]
