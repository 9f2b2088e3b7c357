"""What a run directory holds: whose run it is, how far it came, how it ended. Reads only."""

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
"""Bytes that a journal's first line has at most; a file without lines is not read whole for it."""

JOURNAL = "journal.jsonl"
NEXT_JOURNAL = "journal.jsonl.new"
"""The journal of a run that is measured again: the finished one stays until the new files are whole."""

STATE = "state.npz"
RESULT = "result.json"
CURVE = "curve.csv"
PLOT = "plot.png"
CHECK = "check.json"
TRAIN, ROWS = "train.json", "train.csv"
"""What a training leaves instead of a result and a curve."""

LARGEST_JOURNAL = 2**31
"""Bytes beyond which a journal is taken for none."""

UNFINISHED = (None, "interrupted")
"""What the journal of a run says of its end that may be carried on."""


def fingerprint(parts: Mapping[str, Any]) -> str:
    """A hash of all that moves the curve; two runs with the same one measure the same bits."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def read_journal(path: Path) -> journal.Read:
    """The journal in a file; an empty one where there is none."""
    try:
        return journal.read(read(path, LARGEST_JOURNAL))
    except (OSError, InputError):
        return journal.Read()


def lines_of(path: Path) -> list[dict[str, Any]]:
    """What a journal says of the run, without its checksums and the lists of files."""
    found = [line for line in read_journal(path).lines if line.get("kind") != KIND_FILES]
    return [{key: value for key, value in line.items() if key != "sum"} for line in found]


def head_of(path: Path) -> dict[str, Any] | None:
    """What a journal begins with; None where there is none."""
    if is_special(path):
        return None
    try:
        with path.open("rb") as file:
            line = journal.understood(file.readline(LONGEST_HEAD).removesuffix(b"\n"), "")
    except OSError:
        return None
    return line if line is not None and line.get("kind") == KIND_HEAD else None


def fingerprint_of(folder: Path, name: str = JOURNAL) -> str | None:
    """The fingerprint of the run in a folder; None where there is none."""
    head = head_of(folder / name)
    return None if head is None or "fingerprint" not in head else str(head["fingerprint"])


def foreign(folder: Path) -> bool:
    """Whether a folder has a file of the journal's name that no run began; what a kill leaves of a first line is none
    such."""
    if is_special(folder / JOURNAL):
        return True
    try:
        with (folder / JOURNAL).open("rb") as file:
            start = file.read(len(journal.HEAD))
    except OSError:
        return False
    return bool(start) and not journal.HEAD.encode().startswith(start)


def status_of(folder: Path) -> str | None:
    """How the run in a folder ended; None where its journal does not say."""
    return ending(read_journal(folder / JOURNAL).lines)


def ending(lines: Sequence[Mapping[str, Any]]) -> str | None:
    """How the run of a journal ended; None where it does not say."""
    return str(lines[-1]["status"]) if lines and lines[-1]["kind"] == KIND_END else None
