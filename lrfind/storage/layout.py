"""The files of a run directory, and what its journal says of the run; nothing is written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lrfind.core.errors import InputError
from lrfind.storage import journal
from lrfind.storage.atomic import is_special, read
from lrfind.storage.journal import KIND_END, KIND_FILES, KIND_HEAD

LONGEST_HEAD = 2**24
"""Largest size of a journal's first line in bytes, so that a file without lines is not read whole."""

JOURNAL = "journal.jsonl"
NEXT_JOURNAL = "journal.jsonl.new"
"""Journal of a run that replaces a finished one, whose own journal stays until the new files are whole."""

STATE = "state.npz"
RESULT = "result.json"
CURVE = "curve.csv"
PLOT = "plot.png"
CHECK = "check.json"
TRAIN, ROWS = "train.json", "train.csv"
"""Files of a training, in place of result and curve."""

LARGEST_JOURNAL = 2**31
"""Largest size of a journal in bytes."""

UNFINISHED = (None, "interrupted")
"""Statuses of a run that may be carried on; None if its journal has none."""


def fingerprint(parts: Mapping[str, Any]) -> str:
    """Return a hash of everything that moves the curve; runs with the same fingerprint measure the same bits."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def read_journal(path: Path) -> journal.Read:
    """Return the journal in a file; an empty one if there is none."""
    try:
        return journal.read(read(path, LARGEST_JOURNAL))
    except (OSError, InputError):
        return journal.Read()


def lines_of(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a journal without their checksums and without the lists of files."""
    lines = [line for line in read_journal(path).lines if line.get("kind") != KIND_FILES]
    return [{key: value for key, value in line.items() if key != "sum"} for line in lines]


def head_of(path: Path) -> dict[str, Any] | None:
    """Return the head of a journal; None if there is none."""
    if is_special(path):
        return None
    try:
        with path.open("rb") as file:
            line = journal.understood(file.readline(LONGEST_HEAD).removesuffix(b"\n"), "")
    except OSError:
        return None
    return line if line is not None and line.get("kind") == KIND_HEAD else None


def fingerprint_of(folder: Path, name: str = JOURNAL) -> str | None:
    """Return the fingerprint of the run in a folder; None if there is none."""
    head = head_of(folder / name)
    return None if head is None or "fingerprint" not in head else str(head["fingerprint"])


def foreign(folder: Path) -> bool:
    """Return whether a folder has a file of the journal's name that no run began; a torn first line is a run's."""
    if is_special(folder / JOURNAL):
        return True
    try:
        with (folder / JOURNAL).open("rb") as file:
            start = file.read(len(journal.HEAD))
    except OSError:
        return False
    return bool(start) and not journal.HEAD.encode().startswith(start)


def ending(lines: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the status of a journal's run; None if it has not ended."""
    return str(lines[-1]["status"]) if lines and lines[-1]["kind"] == KIND_END else None
