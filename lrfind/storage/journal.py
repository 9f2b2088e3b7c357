"""Lines of a journal: JSON, each with a checksum that carries on that of the line before it.

A line that was torn, changed, or written by someone else does not carry it on, and is left out when the journal is
read; so is whatever only made sense after a line that is gone.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

SCHEMA = "lrfind/journal/1"

HEAD = '{"kind": "head", "schema": "lrfind/journal/'
"""How every journal begins."""

SUM_LENGTH = len(', "sum": "01234567"}')


class Read(NamedTuple):
    """What a journal says.

    Attributes:
        lines: those that belong to it, in order, each with its `sum`.
        text: the same as they were written.
        rejected_lines: how many lines were left out; a last one without an end, which is what a kill leaves, is not
            counted.
    """

    lines: tuple[dict[str, Any], ...] = ()
    text: bytes = b""
    rejected_lines: int = 0

    @property
    def sum(self) -> str:
        """The checksum that a next line carries on."""
        return str(self.lines[-1]["sum"]) if self.lines else ""

    @property
    def clean(self) -> bool:
        """Whether nothing was left out between or after the lines, but for a torn end."""
        return self.rejected_lines == 0


def read(raw: bytes) -> Read:
    """The lines of a journal's bytes that belong to it."""
    *whole, _ = raw.split(b"\n")
    lines: list[dict[str, Any]] = []
    kept: list[bytes] = []
    before = ""
    for each in whole:
        line = understood(each, before)
        if line is not None:
            lines.append(line)
            kept.append(each + b"\n")
            before = line["sum"]
    return Read(tuple(lines), b"".join(kept), len(whole) - len(lines))


def understood(raw: bytes, before: str) -> dict[str, Any] | None:
    """A line that comes after the one with the sum `before`; None where it does not."""
    body = raw[:-SUM_LENGTH] + b"}"
    try:
        line = json.loads(raw)
        if isinstance(line, dict) and line.get("sum") == checksum(body, before):
            return line
    except (ValueError, RecursionError):
        pass
    return None


def to_line(line: Mapping[str, Any], before: str = "") -> tuple[str, str]:
    """The text of a line, its end included, and its checksum.

    Args:
        line: what it says; at least one key.
        before: the checksum of the line before it; empty for the first.
    """
    body = to_json(line)
    mark = checksum(body.encode(), before)
    return f'{body[:-1]}, "sum": "{mark}"}}\n', mark


def checksum(body: bytes, before: str) -> str:
    """Eight hexadecimal digits that depend on this line and all before it."""
    return f"{zlib.crc32(body, int(before or '0', 16)):08x}"


def to_json(line: Mapping[str, Any]) -> str:
    """JSON; most lines hold finite numbers alone, and are spared the search for others."""
    try:
        return json.dumps(line, allow_nan=False)
    except ValueError:
        return json.dumps(speakable(line), allow_nan=False)


def speakable(value: Any) -> Any:
    """JSON has no word for what is not finite: the journal spells nan, inf and -inf as strings."""
    if isinstance(value, Mapping):
        return {key: speakable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [speakable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def sum_of(line: bytes) -> str:
    """The checksum that a written line says it has."""
    return line.rstrip(b"\n")[-10:-2].decode("ascii", "replace")
