"""Findings as text, as Markdown and as JSON."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from lrfind.report.text import ascii_only, clean
from lrfind.trace import Finding, Trace

SCHEMA = "lrfind/diagnosis/1"

STYLES = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "info": "\x1b[1;32m"}
PLAIN = "\x1b[0m"

LABELS = ("seen", "why", "do")
"""Before what is seen, why it hurts, and what to do."""


def text(findings: Sequence[Finding], *, width: int, color: bool, unicode: bool) -> str:
    """The findings as text of at most `width` columns."""
    lines = []
    for found in findings:
        head = found.id if found.severity == "info" else f"{found.id} ({found.severity})"
        lines.append(f"{STYLES[found.severity]}{head}{PLAIN}" if color else head)
        for label, sentence in zip(LABELS, (found.what, found.why, found.advice), strict=True):
            sentence = clean(sentence).replace("`", "'")
            lines += textwrap.wrap(
                sentence,
                max(width, 24),
                initial_indent=f"  {label:<5} ",
                subsequent_indent=" " * 8,
                break_long_words=False,
                break_on_hyphens=False,
            )
    known = findings[0].id if findings else ""
    if known and known != "healthy":
        lines += ["", f"more on it: lrfind explain {known}"]
    page = "\n".join(lines) + "\n"
    return page if unicode else "\n".join(ascii_only(line) for line in page.split("\n"))


def markdown(title: str, findings: Sequence[Finding]) -> str:
    """The findings as a Markdown section."""
    return f"### {escape(title)}\n\n{table(findings)}"


def table(findings: Sequence[Finding]) -> str:
    """The findings as a Markdown table."""
    lines = ["| finding | seen | why it hurts | what to do |", "|---|---|---|---|"]
    for found in findings:
        cells = [
            f"**{found.id}** ({found.severity})",
            *(escape(each) for each in (found.what, found.why, found.advice)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def escape(words: str) -> str:
    """Words so that no character ends a table cell or becomes markup."""
    words = clean(words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{char}" if char in "\\*_[]|~#$@" else char for char in words)


def document(source: str, trace: Trace, findings: Sequence[Finding]) -> str:
    """``lrfind/diagnosis/1`` as JSON."""
    known = {"loss": trace.loss, "val_loss": trace.val_loss, "lr": trace.rate}
    entries = {name: int((column == column).sum()) for name, column in known.items() if column is not None}
    found = {
        "schema": SCHEMA,
        "source": source,
        "unit": trace.unit,
        "steps": [float(trace.step[0]), float(trace.step[-1])],
        "entries": {name: count for name, count in entries.items() if count},
        "findings": [as_json(each) for each in findings],
    }
    return json.dumps(found, indent=2, allow_nan=False) + "\n"


def as_json(found: Finding) -> dict[str, Any]:
    """A finding as plain values; what is not finite is null."""
    values = {**asdict(found), "steps": list(found.steps)}
    return finite(values)  # type: ignore[no-any-return]


def finite(value: Any) -> Any:
    """The value with null for what JSON has no word for."""
    if isinstance(value, Mapping):
        return {str(key): finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
