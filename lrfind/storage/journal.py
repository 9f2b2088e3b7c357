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

KIND_HEAD = "head"
"""Line with everything that is known of the run before it begins."""

KIND_EXECUTION = "execution"
"""Line with the way the train loop was compiled."""

KIND_START = "start"
"""Line with checksums of the starting states of a run of the user's own code."""

KIND_BATCHES = "batches"
"""Line with checksums of batches of the user's own code."""

KIND_SWEEP = "sweep"
"""Line with a chunk of the range test."""

KIND_SWEPT = "swept"
"""Line with the seconds that the range test took."""

KIND_SEARCH = "race"
"""Line with the setting of the confirmation's search."""

KIND_CONFIRM = "confirm"
"""Line with a chunk of the confirmation's trials."""

KIND_JUDGED = "judged"
"""Line with the losses of finished trials."""

KIND_TIME = "time"
"""Line with the seconds of the confirmation before a rung."""

KIND_SHARPNESS = "sharpness"
"""Line with sharpness and stability limit."""

KIND_TRAIN = "train"
"""Line with a chunk of a training."""

KIND_VALIDATOR = "look"
"""Line with the metric and the number of rows of a training's validations."""

KIND_VALIDATION = "score"
"""Line with a validation of a training."""

KIND_FILES = "files"
"""Line with hashes of files, written before they take their places."""

KIND_END = "end"
"""Line with the status of the run; nothing of the run comes after it."""

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
