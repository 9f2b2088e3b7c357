"""Options and wording that all reports share: rates, intervals, times, losses and the verdict of a run."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lrfind.core.printable import ascii_only, clean

if TYPE_CHECKING:
    from lrfind.core.result import Result


@dataclass(frozen=True)
class Look:
    """Options of a report; each format reads those that it knows.

    Attributes:
        width: columns to wrap text at; None keeps every verdict on one line, and is 80 elsewhere.
        color: whether text has terminal colours.
        unicode: whether text may have more than ASCII.
        draws: whether text has a plot of characters, and a page a figure.
        advice: whether to add settings for other schedules, and common guesses judged.
        files: names of the files written, to list them in text.
        where: file that annotations and test cases are about; empty for none.
        positions: 1-based line and column of the keys of a config, by dotted key.
        fail_on: ids of findings that count as failures.
        title: title of a page, a test suite or a table.
        checkout: folder that the files of GitHub's annotations are relative to; empty for none.
        svg: figure for a page, where it has been drawn before.
        several: whether the document is one of several, which JSON has as an array.
    """

    width: int | None = 80
    color: bool = False
    unicode: bool = True
    draws: bool = True
    advice: bool = False
    files: tuple[str, ...] = ()
    where: str = ""
    positions: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    fail_on: Collection[str] = ()
    title: str = "lrfind"
    checkout: str = ""
    svg: bytes = b""
    several: bool = False

    def shown(self, text: str) -> str:
        """Return text in the characters that the output has."""
        return text if self.unicode else ascii_only(text)


LOSS_NAMES = {
    "cross_entropy": "cross-entropy, nats",
    "binary_cross_entropy": "binary cross-entropy, nats",
    "mse": "mean squared error, target units²",
    "mae": "mean absolute error, target units",
    "huber": "Huber loss",
}
"""Measure and unit of each loss function, by its name in a config."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def rate(value: float | None) -> str:
    """Return a learning rate: ``"1.2e-03"``; ``"none"`` where there is none.

    Two digits say more than a range test can know (its interval spans a factor of two or more), and the fixed form
    lines up in columns.
    """
    return "none" if value is None or not math.isfinite(value) else f"{value:.1e}"


def interval(low: float | None, high: float | None) -> str:
    """Return both ends of an interval: ``"6.3e-04 .. 2.5e-03"``; empty where there is none."""
    return "" if low is None or high is None else f"{rate(low)} .. {rate(high)}"


def seconds(value: float) -> str:
    """Return a duration: ``"0.34 s"``, ``"12.3 s"``, ``"4 min 5 s"``."""
    if value < 10:
        return f"{value:.2f} s"
    if value < 100:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def spelled(loss: str) -> str:
    """Return a built-in loss in plain words; a user's own loss by its name."""
    return loss.replace("_", " ") if loss in LOSS_NAMES else loss


def paint(text: str, code: str, *, color: bool) -> str:
    """Return text in a terminal's style, e.g. ``"1;31"`` for bold and red."""
    return f"\x1b[{code}m{text}\x1b[0m" if color else text


def superscript(label: str) -> str:
    """Return a tick label for print: ``"1e-05"`` as 10⁻⁵, ``"2e-05"`` as 2·10⁻⁵; anything else as it is."""
    factor, mark, power = label.partition("e")
    if not mark:
        return label
    raised = "10" + str(int(power)).translate(_SUPERSCRIPTS)
    return raised if factor == "1" else f"{factor}·{raised}"


def headline(result: Result) -> tuple[str, ...]:
    """Return the verdict of a run in pieces, most important first."""
    advised = result.recommendation
    if advised.learning_rate is None:
        ends = {"interrupted": "the run was interrupted", "failed": "the run failed"}
        return ("no learning rate to recommend", *filter(None, [ends.get(result.status)]))
    span = interval(advised.low, advised.high)
    source = f" ({clean(advised.interval_from)})" if advised.interval_from else ""
    checked = "confirmed by training" if advised.confirmed else "not confirmed"
    return (
        f"learning rate {rate(advised.learning_rate)}",
        *([f"interval {span}{source}"] if span else []),
        f"interrupted, {checked}" if result.status == "interrupted" else checked,
    )


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


def plain(value: Any) -> Any:
    """Return a value as JSON has it: arrays and tuples as lists, numpy numbers as Python's, null for NaN and inf."""
    if hasattr(value, "tolist"):  # Of numpy, which a command that shows no numbers does not wait for.
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


_ROW = re.compile(r'\[\n([^\[\]{}"]*)\]')
"""A list of numbers and nulls in indented JSON; strings have no line breaks there."""


def indented(document: Mapping[str, Any]) -> str:
    """Return a document as indented JSON, an item a line."""
    return json.dumps(plain(document), indent=2, allow_nan=False) + "\n"


def with_rows(document: Mapping[str, Any]) -> str:
    """Return a document as indented JSON, each row of numbers on one line.

    Floats have the shortest form that reads back as the same number.
    """
    return _ROW.sub(lambda row: f"[{' '.join(row[1].split())}]", indented(document))
