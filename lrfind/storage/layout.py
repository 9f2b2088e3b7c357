"""The files of a folder: which of them lrfind wrote itself, by the journals in it, and its results; reads only.

Every other file there is the user's, and is neither replaced nor deleted.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from lrfind.core.decode import read_result
from lrfind.core.errors import InputError, RunError
from lrfind.core.result import Result
from lrfind.core.training import Training
from lrfind.storage import journal, replay
from lrfind.storage.atomic import is_special, read
from lrfind.storage.journal import JOURNAL, KIND_END, KIND_FILES, KIND_HEAD, NEXT_JOURNAL, fingerprint_of, head_of

Other = Callable[[Path], str]
"""Says what a folder with a run of another fingerprint holds."""


RESULT, CURVE, PLOT, CHECK = "result.json", "curve.csv", "plot.png", "check.json"

TRAIN, ROWS = "train.json", "train.csv"
"""Files of a training, in place of result and curve."""

STATE = "state.npz"

ADDED = ".files.jsonl"
"""A journal of the files that were added to a folder by no run: by `check --run` and `report --out`."""

LOCK, OWNER = ".lock", ".owner"

OUTPUTS = (RESULT, CURVE, PLOT, CHECK, TRAIN, ROWS)
"""Files that a run, its report or its check leaves."""

JOURNALS = (JOURNAL, NEXT_JOURNAL, ADDED)
"""Files that list what lrfind wrote."""

NAMES = (*OUTPUTS, STATE, *JOURNALS, LOCK, OWNER)
"""Every file that lrfind may write into a run directory."""

OF_SWEEP, OF_TRAINING = (RESULT, CURVE, PLOT, CHECK), (TRAIN, ROWS, PLOT)
"""The files of finished runs whose journals list none, as those of earlier versions."""

ABOUT_FILES = tuple(f'{{"kind": "{kind}"'.encode() for kind in (KIND_HEAD, KIND_FILES, KIND_END))
"""Beginnings of a journal's lines that are read to know whose files are."""


def digest(content: bytes) -> str:
    """Return a hash of a file's content."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def fingerprint(parts: Mapping[str, Any]) -> str:
    """Return a hash of everything that moves the curve; runs with the same fingerprint measure the same bits."""
    return digest(json.dumps(parts, sort_keys=True, default=str).encode())


def is_regular(path: Path) -> bool:
    """Return whether a path is a regular file itself, and no link to one."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def begins_a_journal(path: Path) -> bool:
    """Return whether a file begins as a journal does; what a kill leaves of a first line, or of none, does as well."""
    with path.open("rb") as file:
        return journal.HEAD.encode().startswith(file.read(len(journal.HEAD)))


def lines_about_files(path: Path) -> list[dict[str, Any]] | None:
    """Return the head of a journal, its lines that list files or end the run, and ``{}`` for each other line.

    Checksums are not looked at. None if the file is no journal of lrfind's.
    """
    if not path.is_file() or not begins_a_journal(path):
        return None
    lines = []
    with path.open("rb") as file:
        for raw in file:
            try:
                lines.append(json.loads(raw) if raw.startswith(ABOUT_FILES) else {})
            except (ValueError, RecursionError):  # Torn.
                lines.append({})
    return lines


def listed(lines: Iterable[Mapping[str, Any]]) -> dict[str, set[str | None]]:
    """Return name -> digests of all files that lines of a journal list."""
    digests: dict[str, set[str | None]] = {}
    for line in lines:
        files = line.get("files")
        if line.get("kind") == KIND_FILES and isinstance(files, dict):
            for name, mark in files.items():
                digests.setdefault(name, set()).add(str(mark))
    return digests


def owned(folder: Path) -> dict[str, str]:
    """Return name -> digest of the files in a folder that are as lrfind wrote them."""
    known: dict[str, set[str | None]] = {}
    for listing in JOURNALS:
        lines = lines_about_files(folder / listing) or []
        files = listed(lines)
        if not files and any(line.get("kind") == KIND_END for line in lines):
            names = OF_TRAINING if "rate_from" in lines[0] else OF_SWEEP
            files = {name: {None} for name in names}  # None stands for any content.
        for name, marks in files.items():
            known.setdefault(name, set()).update(marks)
    present = [name for name in OUTPUTS if name in known and is_regular(folder / name)]
    digests = {name: digest((folder / name).read_bytes()) for name in present}
    return {name: mark for name, mark in digests.items() if known[name] & {None, mark}}


def users_file(folder: Path) -> str | None:
    """Return the name of a file that a run in the folder would replace and lrfind did not write; None for none."""
    there = [name for name in NAMES if os.path.lexists(folder / name)]
    mine = owned(folder) if there else {}
    return next((name for name in there if name not in mine and not is_internal(folder, name)), None)


def is_internal(folder: Path, name: str) -> bool:
    """Return whether a file is lrfind's own journal, state or lock."""
    path = folder / name
    if name in OUTPUTS or not is_regular(path):
        return False
    if name in JOURNALS:
        return begins_a_journal(path)
    if name == STATE:
        known = (lines_about_files(folder / path) for path in (JOURNAL, NEXT_JOURNAL))
        runs = [lines for lines in known if lines is not None]
        # A run saves no state before the first line of its journal is whole, nor after its end.
        begun = (lines for lines in runs if lines and lines[0].get("kind") == KIND_HEAD)
        going = any(journal.ending(lines) in journal.UNFINISHED for lines in begun)
        return going or (bool(runs) and replay.load(path) is not None)
    with path.open("rb") as file:
        content = file.read(32)
    return content.strip().isdigit() if name == OWNER and content else not content


def other_config(_: Path) -> str:
    """Return what a folder with a run of another fingerprint holds, where no more is known."""
    return "the run of another config"


def refuse_strangers_folder(root: Path, shown: Path) -> None:
    """Refuse a folder with files of the user's before a lock is left in it.

    Raises:
        InputError: there is such a file.
    """
    if not is_internal(root, LOCK):  # In a folder with one, a run may be going on: its lock comes first.
        refuse_users_files(root, shown)


def refuse_users_files(root: Path, shown: Path) -> None:
    """Refuse a folder in which a run would replace files that lrfind did not write.

    Raises:
        InputError: there is such a file.
    """
    if name := users_file(root):
        whose = "is not lrfind's" if name in (JOURNAL, NEXT_JOURNAL) else "no run there wrote"
        raise InputError(f"{shown} holds a {name} that {whose}; choose another folder with --out")


def refuse_another_run(root: Path, shown: Path, mark: str, other: Other, *, fresh: bool) -> None:
    """Refuse a folder with a run of another fingerprint, finished or not, unless it may be overwritten.

    Raises:
        InputError: there is such a run.
    """
    unfinished = fingerprint_of(root, NEXT_JOURNAL)
    if fresh or unfinished == mark:
        return
    if unfinished is not None:
        held = "an unfinished run of another config"
    elif fingerprint_of(root) not in (None, mark):
        held = other(root)
    else:
        return
    raise InputError(f"{shown} holds {held}; choose another --out, or overwrite it with --fresh")


def obstacle(folder: Path, mark: str, other: Other = other_config) -> str:
    """Return why a run with the fingerprint `mark` cannot go to a folder, as ``"holds ..."``; empty where it can."""
    path = folder / JOURNAL
    foreign = is_special(path) or (path.is_file() and not begins_a_journal(path))
    if foreign or any(fingerprint_of(folder, name) not in (None, mark) for name in (JOURNAL, NEXT_JOURNAL)):
        return f"holds {other(folder)}"
    name = users_file(folder)
    return f"holds a {name} that no run there wrote" if name else ""


Document = TypeVar("Document", Result, Training)


def finished_result(run: Path) -> Result:
    """Return the result of a finished sweep.

    Args:
        run: run directory, or its ``result.json``.

    Raises:
        InputError: there is no result, or the file is torn or none of lrfind's.
        RunError: the file cannot be read.
    """
    return finished(run, RESULT, read_result)


def stored_result(run: Path) -> Result:
    """Return what the ``result.json`` of a run holds.

    Args:
        run: run directory, or its ``result.json``.

    Raises:
        InputError: the file is torn or none of lrfind's.
        OSError: the file is missing or cannot be read.
    """
    return decoded(run / RESULT if run.is_dir() else run, read_result)


def decoded(file: Path, decode: Callable[[bytes], Document]) -> Document:
    """Return the document in a file; errors of its content name the file."""
    text = read(file)
    try:
        return decode(text)
    except InputError as error:
        raise InputError(f"{file}: {error}") from None


def finished(run: Path, name: str, decode: Callable[[bytes], Document]) -> Document:
    """Return the document of a finished run.

    Args:
        run: run directory, or the file itself.
        name: name of the file in a run directory.
        decode: function that reads it.

    Raises:
        InputError: there is no such file, or it is torn or none of lrfind's.
        RunError: the file cannot be read.
    """
    file = run / name if run.is_dir() else run
    try:
        return decoded(file, decode)
    except FileNotFoundError:
        missing = f"there is no such file; a training leaves a {TRAIN}" if name == TRAIN else _reason_missing(run)
        raise InputError(f"{run}: {missing}") from None
    except OSError as error:
        raise RunError(f"{file} cannot be read: {error.strerror or error}") from error


def _reason_missing(run: Path) -> str:
    """Return why a path has no result, and where one may be."""
    if not run.is_dir():
        return f"there is no such run directory; a sweep leaves one with a {RESULT} in it"
    if (run / TRAIN).exists():
        return f"is the run of a training; `lrfind report {run}` shows it, and `lrfind sweep` measures a rate"
    if (run / JOURNAL).exists():
        return f"there is no {RESULT} in it, only a journal: the run is not finished; sweep its config again"
    runs = sorted(entry.name for entry in os.scandir(run) if (Path(entry) / RESULT).exists())
    if runs:
        return f"holds the run directories {', '.join(runs[:5])}{', ...' * (len(runs) > 5)}; name one of them"
    return f"there is no {RESULT} in it, so it is no run directory"


def is_training(run: Path) -> bool:
    """Return whether a run is a training, by its files or the head of its journal.

    Args:
        run: run directory, or a file of a run.
    """
    if run.is_dir():
        if (run / RESULT).exists() or (run / TRAIN).exists():
            return not (run / RESULT).exists()
        return "rate_from" in (head_of(run / JOURNAL) or {})
    if run.name == TRAIN or is_special(run):
        return run.name == TRAIN
    try:
        with run.open("rb") as file:
            return b'"schema": "lrfind/train/' in file.read(100)
    except OSError:
        return False
