"""A journal: lines of JSON, each with a checksum that continues the checksum of the line before it.

A line that was torn, changed, or written by another program does not continue the checksum. It is rejected when the
journal is read, and so are the lines that continue it.

The kinds ``race``, ``look`` and ``score`` are names of the file format: search, validator and validation in the code.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lrfind.core.errors import InputError
from lrfind.storage.atomic import is_special
from lrfind.storage.atomic import read as read_file

JOURNAL = "journal.jsonl"
NEXT_JOURNAL = "journal.jsonl.new"
"""Journal of a run that replaces a finished one, whose own journal stays until the new files are whole."""

LONGEST_HEAD = 2**24
"""Largest size of a journal's first line in bytes, so that a file without lines is not read whole."""

LARGEST_JOURNAL = 2**31
"""Largest size of a journal in bytes."""

UNFINISHED = (None, "interrupted")
"""Statuses of a run that may be carried on; None if its journal has none."""

SCHEMA = "lrfind/journal/1"

HEAD = '{"kind": "head", "schema": "lrfind/journal/'
"""Beginning of every journal."""

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
    """The content of a journal.

    Attributes:
        lines: valid lines, in order, each with its checksum in `sum`.
        text: bytes of the valid lines.
        rejected_lines: number of rejected lines; a last one without a newline, which a kill leaves, is not counted.
    """

    lines: tuple[dict[str, Any], ...] = ()
    text: bytes = b""
    rejected_lines: int = 0

    @property
    def sum(self) -> str:
        """Checksum of the last line; empty if there is none."""
        return str(self.lines[-1]["sum"]) if self.lines else ""

    def continued(self, text: bytes) -> Read:
        """Return the journal with a line after the last one; the journal as it is if the line does not continue it."""
        line = understood(text.removesuffix(b"\n"), self.sum)
        return self if line is None else Read((*self.lines, line), self.text + text, self.rejected_lines)


def read(raw: bytes) -> Read:
    """Return the valid lines of a journal's bytes."""
    *whole, _ = raw.split(b"\n")
    lines: list[dict[str, Any]] = []
    kept: list[bytes] = []
    before = ""
    for text in whole:
        line = understood(text, before)
        if line is not None:
            lines.append(line)
            kept.append(text + b"\n")
            before = line["sum"]
    return Read(tuple(lines), b"".join(kept), len(whole) - len(lines))


def read_journal(path: Path) -> Read:
    """Return the journal in a file; an empty one if there is none."""
    try:
        return read(read_file(path, LARGEST_JOURNAL))
    except (OSError, InputError):
        return Read()


def head_of(path: Path) -> dict[str, Any] | None:
    """Return the head of a journal; None if there is none."""
    if is_special(path):
        return None
    try:
        with path.open("rb") as file:
            line = understood(file.readline(LONGEST_HEAD).removesuffix(b"\n"), "")
    except OSError:
        return None
    return line if line is not None and line.get("kind") == KIND_HEAD else None


def fingerprint_of(folder: Path, name: str = JOURNAL) -> str | None:
    """Return the fingerprint of the run in a folder; None if there is none."""
    head = head_of(folder / name)
    return None if head is None or "fingerprint" not in head else str(head["fingerprint"])


def ending(lines: Sequence[Mapping[str, Any]]) -> Any:
    """Return the status of a journal's run; None if it has not ended."""
    return lines[-1].get("status") if lines and lines[-1].get("kind") == KIND_END else None


def understood(raw: bytes, before: str) -> dict[str, Any] | None:
    """Return a line that continues the checksum `before`; None if it does not."""
    body, mark = raw[:-SUM_LENGTH], raw[-SUM_LENGTH:]
    try:
        line = json.loads(raw)
        if isinstance(line, dict) and mark == ending_with(checksum(body + b"}", before)).encode():
            return line
    except (ValueError, RecursionError):
        pass
    return None


def to_line(line: Mapping[str, Any], before: str = "") -> tuple[str, str]:
    """Return the text of a line, its newline included, and its checksum.

    Args:
        line: values of the line by key, at least one.
        before: checksum of the line before it; empty for the first.
    """
    body = to_json(line)
    mark = checksum(body.encode(), before)
    return f"{body[:-1]}{ending_with(mark)}\n", mark


def ending_with(mark: str) -> str:
    """Return the end of a line's JSON, which holds its checksum."""
    return f', "sum": "{mark}"}}'


def checksum(body: bytes, before: str) -> str:
    """Return eight hexadecimal digits that depend on a line and all lines before it."""
    return f"{zlib.crc32(body, int(before or '0', 16)):08x}"


def to_json(line: Mapping[str, Any]) -> str:
    """Return a line as JSON; most lines hold only finite numbers and are not searched for others."""
    try:
        return json.dumps(line, allow_nan=False)
    except ValueError:
        return json.dumps(speakable(line), allow_nan=False)


def speakable(value: Any) -> Any:
    """Return a value with nan, inf and -inf, which JSON lacks, as strings."""
    if isinstance(value, Mapping):
        return {key: speakable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [speakable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def sum_of(line: bytes) -> str:
    """Return the checksum in the text of a line."""
    return line.rstrip(b"\n")[-10:-2].decode("ascii", "replace")
