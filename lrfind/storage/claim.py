"""Taking a folder for lrfind's files: the one that the user named, or the first free one of the run's name.

A folder with files that must not be replaced is refused. It is chosen and locked in one step, so that runs which begin
together have folders of their own.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from lrfind.core.errors import InputError, RunError
from lrfind.storage import journal, layout
from lrfind.storage.atomic import disk, write
from lrfind.storage.layout import ADDED, LOCK, OWNER, Other, other_config
from lrfind.storage.run_directory import RunDirectory


@dataclass(frozen=True)
class FolderOptions:
    """Options for the choice of a run directory.

    Attributes:
        out: run directory that the user named; None for one under `runs`.
        runs: folder of all runs.
        fresh: whether to begin anew, and to overwrite another config's run in `out`.
        start: absolute folder that `out` and `runs` are relative to, even if the user's code changes the working one.
        avoid: run directories of the previous configs of the same command.
    """

    out: Path | None = None
    runs: Path = Path("lrfind-runs")
    fresh: bool = False
    start: Path = field(default_factory=Path.cwd)
    avoid: Collection[Path] = ()


@contextmanager
def take(
    options: FolderOptions, name: str, fingerprint: str, head: Mapping[str, Any], other: Other = other_config
) -> Iterator[RunDirectory]:
    """Take the folder that the user named for one run, or the first free one of ``runs/name``, ``runs/name-2``, ...

    Args:
        options: options for the choice.
        name: name of the run.
        fingerprint: fingerprint of the run.
        head: head of its journal.
        other: function that describes a folder with a run of another fingerprint.

    Raises:
        InputError: the named folder holds another run, or files of the user's.
        RunError: the folder cannot be written, or the named one is in use.
    """
    opened = partial(
        open_run, fingerprint=fingerprint, head=head, fresh=options.fresh, other=other, start=options.start
    )
    with ExitStack() as stack:
        if options.out is not None:
            yield stack.enter_context(opened(options.out, own=True))
            return
        passed = ""
        for folder in candidates(options.runs, name):
            reason = "holds a run of this command" if folder in options.avoid else ""
            reason = reason or layout.obstacle(options.start / folder, fingerprint, other)
            if not reason:
                try:
                    run = stack.enter_context(opened(folder, own=False))
                    break
                except Unavailable as error:
                    reason = error.reason
            passed = passed or reason
        run.passed = passed
        yield run


def candidates(runs: Path, name: str) -> Iterator[Path]:
    """Yield ``runs/name``, ``runs/name-2`` and so on."""
    yield runs / name
    yield from (runs / f"{name}-{number}" for number in count(2))


@contextmanager
def open_run(
    folder: Path,
    fingerprint: str,
    head: Mapping[str, Any],
    *,
    own: bool,
    fresh: bool,
    other: Other = other_config,
    start: Path | None = None,
) -> Iterator[RunDirectory]:
    """Take a folder for one run, and release it afterwards.

    Args:
        folder: run directory, created if it is missing.
        fingerprint: fingerprint of the run.
        head: head of the journal.
        own: whether the user named the folder, so that a run of another fingerprint in it is an error.
        fresh: whether to overwrite such a run, and to begin anew if the run itself could be carried on.
        other: function that describes a folder with a run of another fingerprint.
        start: absolute folder that `folder` is relative to; the working directory by default.

    Raises:
        InputError: the named folder holds another run, or files of the user's.
        Unavailable: another process writes to the folder, or another run took it.
        RunError: the folder cannot be written.
    """
    root = (start or Path.cwd()) / folder
    if own:
        layout.refuse_strangers_folder(root, folder)
    with claimed(root, folder):
        if own:
            layout.refuse_users_files(root, folder)
            layout.refuse_another_run(root, folder, fingerprint, other, fresh=fresh)
        elif reason := layout.obstacle(root, fingerprint, other):
            raise Unavailable(f"another run took {folder} at the same moment; start this one again", reason)
        with disk(folder):
            clear_halves(root)
            before = layout.owned(root)
            run = RunDirectory(folder, fingerprint, fresh=fresh, root=root)
        try:
            if not run.recorded:
                run.append({"kind": journal.KIND_HEAD, "schema": journal.SCHEMA, "fingerprint": fingerprint, **head})
            known = layout.listed(run.recorded)
            if unlisted := {name: mark for name, mark in before.items() if mark not in known.get(name, ())}:
                run.append({"kind": journal.KIND_FILES, "files": unlisted})
            run.flush()
            yield run
            run.flush()
        finally:
            run.close()


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
    free = not os.path.lexists(root / OWNER) or layout.is_internal(root, OWNER)
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


def clear_halves(root: Path) -> None:
    """Delete the temporary files of a run that was killed, if a journal of lrfind's says that there was one."""
    if not any(layout.is_internal(root, name) for name in layout.JOURNALS):
        return
    for name in (*layout.OUTPUTS, *layout.JOURNALS, layout.STATE):
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
    mine = layout.owned(folder)
    for name, content in files.items():
        path = folder / name
        same = layout.is_regular(path) and path.read_bytes() == content
        if os.path.lexists(path) and name not in mine and not same:
            raise InputError(f"{shown / name} cannot be written: it is there, and lrfind did not write it")
    if os.path.lexists(folder / ADDED) and not layout.is_internal(folder, ADDED):
        raise InputError(f"{shown / ADDED} cannot be written: it is there, and is not lrfind's")
    with disk(shown):
        folder.mkdir(parents=True, exist_ok=True)
    listing = journal.read_journal(folder / ADDED)
    if not listing.lines:
        listing = listing.continued(journal.to_line({"kind": journal.KIND_HEAD, "schema": journal.SCHEMA})[0].encode())
    digests = {name: layout.digest(content) for name, content in files.items()}
    line, _ = journal.to_line({"kind": journal.KIND_FILES, "files": digests}, listing.sum)
    write(folder / ADDED, listing.text + line.encode(), shown / ADDED)
    return [write(folder / name, content, shown / name) for name, content in files.items()]
