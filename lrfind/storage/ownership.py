"""Which files of a folder lrfind wrote itself, by the journals in it; reads only.

Every other file there is the user's, and is neither replaced nor deleted.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lrfind.storage import checkpoint, journal
from lrfind.storage.journal import KIND_END, KIND_FILES, KIND_HEAD
from lrfind.storage.layout import (
    CHECK,
    CURVE,
    JOURNAL,
    NEXT_JOURNAL,
    PLOT,
    RESULT,
    ROWS,
    STATE,
    TRAIN,
    UNFINISHED,
    fingerprint_of,
    foreign,
)

Other = Callable[[Path], str]
"""Says what a folder with a run of another fingerprint holds."""

ADDED = ".files.jsonl"
"""A journal of the files that were added to a folder by no run: by `check --run` and `report --out`."""

LOCK, OWNER = ".lock", ".owner"

OUTPUTS = (RESULT, CURVE, PLOT, CHECK, TRAIN, ROWS)
"""Files that a run, its report or its check leaves."""

NAMES = (*OUTPUTS, STATE, JOURNAL, NEXT_JOURNAL, ADDED, LOCK, OWNER)
"""Every file that lrfind may write into a run directory."""

OF_SWEEP, OF_TRAINING = (RESULT, CURVE, PLOT, CHECK), (TRAIN, ROWS, PLOT)
"""The files of finished runs whose journals list none, as those of earlier versions."""


@dataclass
class Account:
    """What one journal says of files.

    Attributes:
        files: name -> digests of the contents that lrfind gave it; None among them stands for any content.
        own: the file is a journal of lrfind's.
        begun: its first line is whole, without which no state is saved.
        finished: its run ended, and is not to be carried on.
    """

    files: dict[str, set[str | None]] = field(default_factory=dict)
    own: bool = False
    begun: bool = False
    finished: bool = False


def digest(content: bytes) -> str:
    """Return a hash of a file's content."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def listed(lines: Iterable[Mapping[str, Any]]) -> dict[str, set[str | None]]:
    """Return name -> digests of all files that lines of a journal list."""
    digests: dict[str, set[str | None]] = {}
    for line in lines:
        files = line.get("files")
        if line.get("kind") == KIND_FILES and isinstance(files, dict):
            for name, mark in files.items():
                digests.setdefault(name, set()).add(str(mark))
    return digests


def account(path: Path) -> Account:
    """Read a journal for the files that it lists; of other lines no more than their kind."""
    if not path.is_file() or not begins_a_journal(path):
        return Account()
    training, last, ended = False, None, False
    lines = []
    for number, line in enumerate(lines_about_files(path)):
        last = line
        lines.append(line)
        training |= number == 0 and "rate_from" in line
        ended |= line.get("kind") == KIND_END
    files = listed(lines)
    if ended and not files:
        files = {name: {None} for name in (OF_TRAINING if training else OF_SWEEP)}
    finished = last is not None and last.get("kind") == KIND_END and last.get("status") not in UNFINISHED
    begun = bool(lines) and lines[0].get("kind") == KIND_HEAD
    return Account(files, own=True, begun=begun, finished=finished)


def lines_about_files(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the head of a journal, its lines that list files or end the run, and ``{}`` for each other line."""
    kinds = tuple(f'{{"kind": "{kind}"'.encode() for kind in (KIND_HEAD, KIND_FILES, KIND_END))
    with path.open("rb") as file:
        for raw in file:
            try:
                line = json.loads(raw) if raw.startswith(kinds) else {}
            except (ValueError, RecursionError):  # Torn.
                line = {}
            yield line if isinstance(line, dict) else {}


def begins_a_journal(path: Path) -> bool:
    """Return whether a file begins as a journal does; what a kill leaves of a first line, or of none, does as well."""
    with path.open("rb") as file:
        return journal.HEAD.encode().startswith(file.read(len(journal.HEAD)))


def owned(folder: Path) -> dict[str, str]:
    """Return name -> digest of the files in a folder that are as lrfind wrote them."""
    known: dict[str, set[str | None]] = {}
    for name in (JOURNAL, NEXT_JOURNAL, ADDED):
        for file, marks in account(folder / name).files.items():
            known.setdefault(file, set()).update(marks)
    present = [name for name in OUTPUTS if name in known and is_regular(folder / name)]
    digests = {name: digest((folder / name).read_bytes()) for name in present}
    return {name: mark for name, mark in digests.items() if known[name] & {None, mark}}


def users_file(folder: Path) -> str | None:
    """Return the name of a file that a run in the folder would replace and lrfind did not write; None for none."""
    there = [name for name in NAMES if os.path.lexists(folder / name)]
    if not there:
        return None
    mine = owned(folder)
    return next((name for name in there if name not in mine and not is_internal(folder, name)), None)


def is_internal(folder: Path, name: str) -> bool:
    """Return whether a file is lrfind's own journal, state or lock."""
    path = folder / name
    if name in OUTPUTS or not is_regular(path):
        return False
    if name in (JOURNAL, NEXT_JOURNAL, ADDED):
        return begins_a_journal(path)
    if name == STATE:
        runs = [run for run in (account(folder / file) for file in (JOURNAL, NEXT_JOURNAL)) if run.own]
        going = any(run.begun and not run.finished for run in runs)
        return going or (bool(runs) and checkpoint.load(path) is not None)
    with path.open("rb") as file:
        content = file.read(32)
    return content.strip().isdigit() if name == OWNER and content else not content


def is_regular(path: Path) -> bool:
    """Return whether a path is a regular file itself, and no link to one."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def other_config(folder: Path) -> str:
    """Return what a folder with a run of another fingerprint holds, where no more is known."""
    del folder
    return "the run of another config"


def obstacle(folder: Path, mark: str, other: Other = other_config) -> str:
    """Return why a run with the fingerprint `mark` cannot go to a folder, as ``"holds ..."``; empty where it can."""
    if (
        foreign(folder)
        or fingerprint_of(folder) not in (None, mark)
        or fingerprint_of(folder, NEXT_JOURNAL) not in (None, mark)
    ):
        return f"holds {other(folder)}"
    name = users_file(folder)
    return f"holds a {name} that no run there wrote" if name else ""


def candidates(runs: Path, name: str) -> Iterator[Path]:
    """Yield ``runs/name``, ``runs/name-2`` and so on."""
    yield runs / name
    number = 2
    while True:
        yield runs / f"{name}-{number}"
        number += 1
