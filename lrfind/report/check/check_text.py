"""A check for a terminal: a line per verdict, and a summary of several configs."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from lrfind.core.printable import clean
from lrfind.core.verdicts import Check, Failure, Verdict
from lrfind.report.check.verdict_wording import Judged, brief, headline, name_of, summary, value
from lrfind.report.look import Look
from lrfind.report.wording import ascii_only

LABELS = {"pass": ("pass", "green"), "warn": ("warn", "yellow"), "fail": ("FAIL", "bold red")}
"""How each status is written, and its style."""

NARROW = 72
"""Columns below which values and message have lines of their own."""


def report(check: Judged, look: Look) -> str:
    """Return the verdicts on one config, a line each where `look.width` is None or wide enough."""
    width, color = look.width, look.color
    worst = "fail" if isinstance(check, Failure) else check.status
    head = _wrap(f"{name_of(check)}: {headline(check)}", width, "  ")
    lines = [_paint(line, LABELS[worst][1], color) for line in head]
    if isinstance(check, Check):
        cells = [(verdict.id, value(verdict.observed), value(verdict.limit)) for verdict in check.verdicts]
        sizes = [max([len(row[i]) for row in cells], default=0) for i in range(3)]
        for verdict, row in zip(check.verdicts, cells, strict=True):
            lines += _verdict(verdict, row, sizes, width, color)
    return _page(lines, look)


def summary_of(checks: Sequence[Judged], look: Look) -> str:
    """Return the outcomes of several configs, a line each."""
    lines = _wrap(summary(checks), look.width, "  ")
    for check in checks:
        lines += _wrap(f"  {name_of(check)}: {brief(check)}", look.width, "    ")
    return _page(lines, look)


def _page(lines: Sequence[str], look: Look) -> str:
    return "".join(f"{line if look.unicode else ascii_only(line)}\n" for line in lines)


def _verdict(verdict: Verdict, row: Sequence[str], sizes: Sequence[int], width: int | None, color: bool) -> list[str]:
    """Return the lines of a verdict: status, name, observed value, limit, message."""
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
