"""Taking a folder for lrfind's files: a lock, and the refusal of folders that hold what must not be replaced."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from lrfind.core.errors import InputError, RunError
from lrfind.storage import journal as journals
from lrfind.storage import ownership
from lrfind.storage.atomic import disk, write
from lrfind.storage.journal import KIND_FILES, KIND_HEAD
from lrfind.storage.layout import JOURNAL, NEXT_JOURNAL, STATE, fingerprint_of, read_journal
from lrfind.storage.ownership import ADDED, LOCK, OWNER


class Unavailable(RunError):
    """A folder went to another run, or is in use.

    Args:
        message: for the user, where no other folder can be taken.
        reason: what the folder is, such as ``"is in use by process 7"``.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


@contextmanager
def claimed(root: Path, shown: Path) -> Iterator[None]:
    """Make a folder and hold its lock.

    Args:
        root: the folder's absolute path.
        shown: how messages name it.

    Raises:
        Unavailable: another process holds the lock.
        RunError: the folder cannot be made, or written.
    """
    import filelock  # Readers of a run do without it, and it takes a while.

    with disk(shown):
        try:
            root.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise RunError(f"{shown} is a file; choose another folder with --out") from None
        lock = filelock.FileLock(root / LOCK)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            reason = f"is in use by {owner(root)}"
            message = f"{shown} {reason}; wait for it, or choose another folder with --out"
            raise Unavailable(message, reason) from None
    free = not os.path.lexists(root / OWNER) or ownership.is_internal(root, OWNER)
    try:
        with disk(shown):
            if free:
                (root / OWNER).write_text(str(os.getpid()), encoding="ascii")
        yield
    finally:
        with suppress(OSError):
            if free:
                (root / OWNER).unlink(missing_ok=True)
        lock.release()


def owner(folder: Path) -> str:
    """Return the process that a folder's lock belongs to, in words."""
    try:
        return f"process {int((folder / OWNER).read_text(encoding='ascii'))}"
    except (OSError, ValueError):
        return "another process"


def refuse_strangers_folder(root: Path, shown: Path) -> None:
    """Refuse a folder with files of the user's before a lock is left in it.

    Raises:
        InputError: there is such a file.
    """
    if not ownership.is_internal(root, LOCK):  # In a folder with one, a run may be going on: its lock comes first.
        refuse_users_files(root, shown)


def refuse_users_files(root: Path, shown: Path) -> None:
    """Refuse a folder in which a run would replace files that lrfind did not write.

    Raises:
        InputError: there is such a file.
    """
    if name := ownership.users_file(root):
        what = (
            f"a {name} that is not lrfind's" if name in (JOURNAL, NEXT_JOURNAL) else f"a {name} that no run there wrote"
        )
        raise InputError(f"{shown} holds {what}; choose another folder with --out")


def refuse_another_run(root: Path, shown: Path, mark: str, other: ownership.Other, *, fresh: bool) -> None:
    """Refuse a folder with a run of another fingerprint, finished or not, unless it may be overwritten.

    Raises:
        InputError: there is such a run.
    """
    unfinished = fingerprint_of(root, NEXT_JOURNAL)
    if fresh or unfinished == mark:
        return
    if unfinished is not None:
        raise InputError(
            f"{shown} holds an unfinished run of another config; choose another --out, or overwrite it with --fresh"
        )
    if fingerprint_of(root) not in (None, mark):
        raise InputError(f"{shown} holds {other(root)}; choose another --out, or overwrite it with --fresh")


def clear_halves(root: Path) -> None:
    """Delete the temporary files of a run that was killed, if a journal of lrfind's says that there was one."""
    journals_there = (root / name for name in (JOURNAL, NEXT_JOURNAL, ADDED))
    if not any(path.is_file() and ownership.begins_a_journal(path) for path in journals_there):
        return
    for name in (*ownership.OUTPUTS, JOURNAL, NEXT_JOURNAL, STATE, ADDED):
        for temporary in root.glob(f".{name}.*"):
            if temporary.name.removeprefix(f".{name}.").isdecimal():
                temporary.unlink(missing_ok=True)


def add_files(folder: Path, files: Mapping[str, bytes], shown: Path | None = None) -> list[Path]:
    """Write files into a folder beside its run, or for no run, and list them in a journal there.

    Args:
        folder: created where it is missing.
        files: name -> content.
        shown: how messages name the folder.

    Returns:
        The files.

    Raises:
        InputError: one of them is there and lrfind did not write it; nothing is written then.
        RunError: the folder cannot be written.
    """
    shown = shown or folder
    mine = ownership.owned(folder)
    journal = folder / ADDED
    for name, content in files.items():
        path = folder / name
        same = ownership.is_regular(path) and ownership.digest(path.read_bytes()) == ownership.digest(content)
        if os.path.lexists(path) and name not in mine and not same:
            raise InputError(f"{shown / name} cannot be written: it is there, and lrfind did not write it")
    if os.path.lexists(journal) and not ownership.is_internal(folder, ADDED):
        raise InputError(f"{shown / ADDED} cannot be written: it is there, and is not lrfind's")
    with disk(shown):
        folder.mkdir(parents=True, exist_ok=True)
    before = read_journal(journal)
    text, mark = before.text, before.sum
    lines: list[dict[str, Any]] = [] if before.lines else [{"kind": KIND_HEAD, "schema": journals.SCHEMA}]
    lines.append({"kind": KIND_FILES, "files": {name: ownership.digest(content) for name, content in files.items()}})
    for line in lines:
        written, mark = journals.to_line(line, mark)
        text += written.encode()
    write(journal, text, shown / ADDED)
    return [write(folder / name, content, shown / name) for name, content in files.items()]
