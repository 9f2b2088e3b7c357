"""The gate's report for a terminal: a line per verdict, and a summary of several configs."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from lrfind.report.text import ascii_only, clean
from lrfind.report.verdicts import Judged, brief, headline, name_of, summary, value
from lrfind.types import Check, Failure, Verdict

LABELS = {"pass": ("pass", "green"), "warn": ("warn", "yellow"), "fail": ("FAIL", "bold red")}
"""How each status is written, and its style."""

NARROW = 72
"""Columns below which values and message have lines of their own."""


def table(found: Sequence[Judged], *, width: int | None, color: bool, unicode: bool) -> str:
    """The report as text.

    Args:
        found: what came of each config.
        width: columns to wrap at; None keeps every verdict on one line.
        color: whether to use terminal colours.
        unicode: whether the output's encoding has more than ASCII.
    """
    parts = [_one(each, width, color) for each in found]
    if len(found) > 1:
        rows = [f"  {name_of(each)}: {brief(each)}" for each in found]
        parts.append(
            [*_wrap(summary(found), width, "  "), *(line for row in rows for line in _wrap(row, width, "    "))]
        )
    text = "\n".join("\n".join(lines) + "\n" for lines in parts)
    return text if unicode else "\n".join(map(ascii_only, text.split("\n")))


def _one(found: Judged, width: int | None, color: bool) -> list[str]:
    """The lines of one config."""
    worst = "fail" if isinstance(found, Failure) else found.status
    head = _wrap(f"{name_of(found)}: {headline(found)}", width, "  ")
    lines = [_paint(line, LABELS[worst][1], color) for line in head]
    if isinstance(found, Check):
        cells = [(each.id, value(each.observed), value(each.limit)) for each in found.verdicts]
        sizes = [max([len(row[i]) for row in cells], default=0) for i in range(3)]
        for verdict, row in zip(found.verdicts, cells, strict=True):
            lines += _verdict(verdict, row, sizes, width, color)
    return lines


def _verdict(verdict: Verdict, row: Sequence[str], sizes: Sequence[int], width: int | None, color: bool) -> list[str]:
    """Status, name, observed value, limit, message."""
    label, style = LABELS[verdict.status]
    name, observed, limit = row
    message = clean(verdict.message)
    head = f"  {_paint(label, style, color)}  "
    if width is not None and width < NARROW:
        values = f"{observed} (limit {limit}): " if verdict.judged else ""
        return [head + name, *_wrap(f"        {values}{message}", width, "        ")]
    fixed = f"{name:<{sizes[0]}}  {observed:>{sizes[1]}}  {limit:<{sizes[2]}}  "
    indent = " " * (8 + len(fixed))
    first, *rest = _wrap(indent + message, width, indent)
    return [head + fixed + first.strip(), *rest]


def _wrap(line: str, width: int | None, indent: str) -> list[str]:
    if width is None:
        return [line]
    return textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False) or [line]


def _paint(text: str, style: str, color: bool) -> str:
    if not color:
        return text
    from rich.color import ColorSystem
    from rich.style import Style

    return Style.parse(style).render(text, color_system=ColorSystem.STANDARD)
