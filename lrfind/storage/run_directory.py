"""The run directory: who may write to it, the journal that grows while a run goes, where it stands, and files that are
whole or not there."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any

from numpy.typing import NDArray

from lrfind.core.errors import RunError
from lrfind.storage import checkpoint, ownership
from lrfind.storage import journal as journals
from lrfind.storage.atomic import disk, is_at, staged, write
from lrfind.storage.claim import (
    Unavailable,
    add_files,
    claimed,
    clear_halves,
    owner,
    refuse_another_run,
    refuse_strangers_folder,
    refuse_users_files,
)
from lrfind.storage.journal import KIND_END, KIND_FILES, KIND_HEAD
from lrfind.storage.layout import (
    CHECK,
    CURVE,
    JOURNAL,
    NEXT_JOURNAL,
    PLOT,
    RESULT,
    STATE,
    TRAIN,
    UNFINISHED,
    ending,
    fingerprint,
    fingerprint_of,
    lines_of,
    read_journal,
    status_of,
)
from lrfind.storage.ownership import ADDED, default_folder

__all__ = [
    "CHECK",
    "CURVE",
    "JOURNAL",
    "NEXT_JOURNAL",
    "PLOT",
    "RESULT",
    "STATE",
    "RunDirectory",
    "add_files",
    "default_folder",
    "disk",
    "fingerprint",
    "fingerprint_of",
    "lines_of",
    "open_run",
    "owner",
    "status_of",
    "write",
]

STATE_EVERY = 2.0
"""Seconds between two states, at least."""

STATE_SHARE = 10
"""A state that took so long to write is not written again before so many times as long: a slow disk costs a tenth."""

STATE_LIMIT = 2**28
"""Bytes of a state; a larger one is not saved, and its run is measured again from the start."""

LONG, BREATH = 500, 0.002
"""Steps of a line from which on the writer waits so many seconds first. Numbers are put into words in one go that holds
Python's lock, some milliseconds for a thousand steps, and the caller is just about to start the next ones."""


@contextmanager
def open_run(
    folder: Path,
    fingerprint: str,
    head: Mapping[str, Any],
    *,
    own: bool,
    fresh: bool,
    other: ownership.Other = ownership.other_config,
    result: str = RESULT,
    start: Path | None = None,
) -> Iterator[RunDirectory]:
    """Take a folder for one run, and give it back.

    Args:
        folder: created where it is missing.
        fingerprint: the run's fingerprint.
        head: what the journal begins with.
        own: the user named this folder, so a run of another fingerprint in it is not passed over.
        fresh: overwrite such a run; and begin anew where this one could be carried on.
        other: says what a folder with a run of another fingerprint holds.
        result: the file that says that a run is whole.
        start: the absolute folder that `folder` is relative to; the working directory by default.

    Raises:
        InputError: the named folder holds another run, or files of the user's.
        Unavailable: another process writes to it, or another run took it.
        RunError: the folder cannot be written.
    """
    root = (start or Path.cwd()) / folder
    if own:
        refuse_strangers_folder(root, folder)
    with claimed(root, folder):
        if own:
            refuse_users_files(root, folder)
            refuse_another_run(root, folder, fingerprint, other, fresh=fresh)
        elif reason := ownership.obstacle(root, fingerprint, other):
            raise Unavailable(f"another run took {folder} at the same moment; start this one again", reason)
        with disk(folder):
            clear_halves(root)
            before = ownership.owned(root)
            run = RunDirectory(folder, fingerprint, fresh=fresh, result=result, root=root)
        with run:
            if not run.recorded:
                run.journal({"kind": KIND_HEAD, "schema": journals.SCHEMA, "fingerprint": fingerprint, **head})
            known = ownership.listed(run.recorded)
            if unlisted := {name: each for name, each in before.items() if each not in known.get(name, ())}:
                run.journal({"kind": KIND_FILES, "files": unlisted})
            run.flush()
            yield run


class RunDirectory:
    """A folder taken for one run.

    Args:
        path: the folder, as messages name it.
        fingerprint: the run's fingerprint.
        fresh: do not carry an unfinished run on.
        result: the file that says that a run is whole.
        root: the folder's absolute path, which the user's code cannot move by changing the working directory.

    Attributes:
        passed: why the run did not take the folder of its config's name; empty where it did.
        replaces_finished: there is a result in it; it and its journal stay until the new files are whole.
        finished: that result is of a run that was not interrupted.
        recorded: the lines of the run that is carried on, its head first; none of a new one.
        rejected_lines: lines of its journal that do not belong to it.
    """

    def __init__(
        self, path: Path, fingerprint: str, *, fresh: bool, result: str = RESULT, root: Path | None = None
    ) -> None:
        self.path = path
        self.root = root = root or Path.cwd() / path
        self.passed = ""
        before, renewed = read_journal(root / JOURNAL), read_journal(root / NEXT_JOURNAL)
        whole = any((root / name).exists() for name in {result, RESULT, TRAIN})
        self.finished = whole and ending(before.lines) not in UNFINISHED
        found = journals.Read()
        if not fresh and fingerprint_of(root, NEXT_JOURNAL) == fingerprint:
            self.replaces_finished, found = True, renewed
        elif not fresh and fingerprint_of(root) == fingerprint and not self.finished:
            self.replaces_finished, found = False, before
        else:
            self.replaces_finished = whole
        self._path = root / (NEXT_JOURNAL if self.replaces_finished else JOURNAL)
        self._state = checkpoint.load(root / STATE) if found.lines else None
        found = self._with_line_of_state(found)
        self.recorded, self.rejected_lines, self._sum = found.lines, found.rejected_lines, found.sum
        if found.lines:
            write(self._path, found.text, path / self._path.name)  # Without what does not belong to it, or is torn.
        self._journal: IO[bytes] = self._path.open("ab" if found.lines else "wb")
        self._writer = ThreadPoolExecutor(max_workers=1)
        self._pending: Future[None] | None = None
        self._due = time.monotonic() + STATE_EVERY

    def _with_line_of_state(self, found: journals.Read) -> journals.Read:
        """The journal with the line that its state refers to, which a kill may have kept from it."""
        if self._state is None:
            return found
        line = journals.understood(self._state.line.removesuffix(b"\n"), found.sum)
        if line is None:
            return found
        return journals.Read((*found.lines, line), found.text + self._state.line, found.rejected_lines)

    def __enter__(self) -> RunDirectory:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.flush()
        finally:
            self._writer.shutdown()
            with suppress(OSError):
                self._journal.close()

    def journal(self, line: Mapping[str, Any], state: Sequence[NDArray[Any]] | None = None) -> None:
        """Append one line, while the caller goes on; lines reach the disk in order, a state before its line.

        Raises:
            RunError: the line before this one could not be written.
        """
        self.flush()
        self._pending = self._writer.submit(self._append, line, state)

    def flush(self) -> None:
        """Return when every line is on the disk.

        Raises:
            RunError: one could not be written.
        """
        pending, self._pending = self._pending, None
        if pending:
            pending.result()

    def checkpoint_due(self, size: int) -> bool:
        """Whether it is time to save a state of so many bytes."""
        return size <= STATE_LIMIT and time.monotonic() >= self._due

    def load_checkpoint(self, line: Mapping[str, Any]) -> list[NDArray[Any]] | None:
        """The state that was saved with a line of the journal, if that is the last one that was."""
        if self._state is None or journals.sum_of(self._state.line) != line["sum"]:
            return None
        return self._state.leaves

    def _append(self, line: Mapping[str, Any], state: Sequence[NDArray[Any]] | None) -> None:
        rates = line.get("learning_rate")  # Of every step; of a training's head it is a number.
        if isinstance(rates, list) and len(rates) > LONG:
            time.sleep(BREATH)
        text, self._sum = journals.to_line(line, self._sum)
        if state is not None:
            self._save(text, state)
        with disk(self.path):
            self._journal.write(text.encode())
            self._journal.flush()
            os.fsync(self._journal.fileno())
            if not is_at(self._journal, self._path):
                raise RunError(f"{self.path} was moved or removed while the run wrote to it; start it again")

    def _save(self, text: str, state: Sequence[NDArray[Any]]) -> None:
        """Save a state. One that cannot be written is no reason to fail: the journal alone is enough."""
        begin = time.monotonic()
        target = self.root / STATE
        with suppress(OSError), staged(target, partial(checkpoint.save, line=text, leaves=state)) as temporary:
            os.replace(temporary, target)
        now = time.monotonic()
        self._due = now + max(STATE_EVERY, STATE_SHARE * (now - begin))

    def end(self, status: str) -> None:
        """Write down how the run ended."""
        self.journal({"kind": KIND_END, "status": status})
        self.flush()

    def finish(self, files: Mapping[str, bytes], status: str) -> list[Path]:
        """Write the files of a run, whole or not at all; they and its journal replace what lrfind wrote before.

        That it ended is written down last: until then it is carried on, and its files are written again.
        """
        before = ownership.owned(self.root)
        if name := ownership.users_file(self.root):
            raise RunError(
                f"{self.path / name} was put there while the run went; move it away, and start the run again"
            )
        self.journal(
            {"kind": KIND_FILES, "files": {name: ownership.digest(content) for name, content in files.items()}}
        )
        self.flush()
        with ExitStack() as stack, disk(self.path):
            ready = {name: stack.enter_context(staged(self.root / name, content)) for name, content in files.items()}
            for name, temporary in ready.items():
                os.replace(temporary, self.root / name)
            for name in before.keys() - files.keys():
                (self.root / name).unlink(missing_ok=True)
        self.end(status)
        with disk(self.path):
            self._journal.close()
            if self.replaces_finished:
                os.replace(self._path, self.root / JOURNAL)
            else:
                (self.root / NEXT_JOURNAL).unlink(missing_ok=True)
            if status not in UNFINISHED:
                (self.root / STATE).unlink(missing_ok=True)
            (self.root / ADDED).unlink(missing_ok=True)  # Its files are gone, or in the run's own journal.
        return [self.path / name for name in files]
