"""The run directory: one process writes its journal and checkpoints, and its files at the end, whole or not at all."""

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
)
from lrfind.storage.ownership import ADDED

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
    "disk",
    "fingerprint",
    "fingerprint_of",
    "lines_of",
    "open_run",
    "owner",
    "write",
]

STATE_EVERY = 2.0
"""Least time between two checkpoints, in seconds."""

STATE_SHARE = 10
"""Least time between two checkpoints, in multiples of the time that one takes: a slow disk costs a tenth."""

STATE_LIMIT = 2**28
"""Largest size of a checkpoint in bytes; the run of a larger one is measured again from the start."""

LONG, BREATH = 500, 0.002
"""Steps of a long line, and the seconds that the writer waits before it.

Writing numbers as text holds Python's lock for milliseconds, just when the caller starts the next steps.
"""


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
    """Take a folder for one run, and release it afterwards.

    Args:
        folder: run directory, created if it is missing.
        fingerprint: fingerprint of the run.
        head: head of the journal.
        own: whether the user named the folder, so that a run of another fingerprint in it is an error.
        fresh: whether to overwrite such a run, and to begin anew if the run itself could be carried on.
        other: function that describes a folder with a run of another fingerprint.
        result: name of the file that a finished run has.
        start: absolute folder that `folder` is relative to; the working directory by default.

    Raises:
        InputError: the named folder holds another run, or files of the user's.
        Unavailable: another process writes to the folder, or another run took it.
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
            if unlisted := {name: mark for name, mark in before.items() if mark not in known.get(name, ())}:
                run.journal({"kind": KIND_FILES, "files": unlisted})
            run.flush()
            yield run


class RunDirectory:
    """A folder taken for one run.

    Args:
        path: folder, as messages name it.
        fingerprint: fingerprint of the run.
        fresh: whether to begin anew even if an unfinished run could be carried on.
        result: name of the file that a finished run has.
        root: absolute path of the folder, which holds even if the user's code changes the working directory.

    Attributes:
        passed: reason why the run did not take the folder of its config's name; empty if it did.
        replaces_finished: whether the folder has a result, which stays with its journal until the new files are whole.
        finished: whether that result is of a run that was not interrupted.
        recorded: lines of the run that is carried on, its head first; empty for a new run.
        rejected_lines: number of lines of its journal that do not belong to it.
    """

    def __init__(
        self, path: Path, fingerprint: str, *, fresh: bool, result: str = RESULT, root: Path | None = None
    ) -> None:
        self.path = path
        self.root = root = root or Path.cwd() / path
        self.passed = ""
        before, replacing = read_journal(root / JOURNAL), read_journal(root / NEXT_JOURNAL)
        whole = any((root / name).exists() for name in {result, RESULT, TRAIN})
        self.finished = whole and ending(before.lines) not in UNFINISHED
        resumed = journals.Read()
        if not fresh and fingerprint_of(root, NEXT_JOURNAL) == fingerprint:
            self.replaces_finished, resumed = True, replacing
        elif not fresh and fingerprint_of(root) == fingerprint and not self.finished:
            self.replaces_finished, resumed = False, before
        else:
            self.replaces_finished = whole
        self._path = root / (NEXT_JOURNAL if self.replaces_finished else JOURNAL)
        self._checkpoint = checkpoint.load(root / STATE) if resumed.lines else None
        resumed = self._with_line_of_checkpoint(resumed)
        self.recorded, self.rejected_lines, self._sum = resumed.lines, resumed.rejected_lines, resumed.sum
        if resumed.lines:
            write(self._path, resumed.text, path / self._path.name)  # Without what does not belong to it, or is torn.
        self._journal: IO[bytes] = self._path.open("ab" if resumed.lines else "wb")
        self._writer = ThreadPoolExecutor(max_workers=1)
        self._pending: Future[None] | None = None
        self._due = time.monotonic() + STATE_EVERY

    def _with_line_of_checkpoint(self, resumed: journals.Read) -> journals.Read:
        """Return a journal with the line that its checkpoint belongs to, which a kill may have lost."""
        if self._checkpoint is None:
            return resumed
        line = journals.understood(self._checkpoint.line.removesuffix(b"\n"), resumed.sum)
        if line is None:
            return resumed
        return journals.Read((*resumed.lines, line), resumed.text + self._checkpoint.line, resumed.rejected_lines)

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
        """Append a line in the background; lines reach the disk in order, a checkpoint before its line.

        Args:
            line: values of the line by key.
            state: arrays of the training state after it; None to save no checkpoint.

        Raises:
            RunError: the line before this one could not be written.
        """
        self.flush()
        self._pending = self._writer.submit(self._append, line, state)

    def flush(self) -> None:
        """Wait until every line is on the disk.

        Raises:
            RunError: a line could not be written.
        """
        pending, self._pending = self._pending, None
        if pending:
            pending.result()

    def checkpoint_due(self, size: int) -> bool:
        """Return whether a training state of so many bytes is to be saved now."""
        return size <= STATE_LIMIT and time.monotonic() >= self._due

    def load_checkpoint(self, line: Mapping[str, Any]) -> list[NDArray[Any]] | None:
        """Return the training state that was saved with a line; None if it is not the last saved one."""
        if self._checkpoint is None or journals.sum_of(self._checkpoint.line) != line["sum"]:
            return None
        return self._checkpoint.leaves

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
        """Save a checkpoint; one that cannot be written is skipped, as the journal alone is enough."""
        begin = time.monotonic()
        target = self.root / STATE
        with suppress(OSError), staged(target, partial(checkpoint.save, line=text, leaves=state)) as temporary:
            os.replace(temporary, target)
        now = time.monotonic()
        self._due = now + max(STATE_EVERY, STATE_SHARE * (now - begin))

    def end(self, status: str) -> None:
        """Append the status with which the run ended."""
        self.journal({"kind": KIND_END, "status": status})
        self.flush()

    def finish(self, files: Mapping[str, bytes], status: str) -> list[Path]:
        """Write the files of a run, whole or not at all, in place of what lrfind wrote before; return them.

        The status is appended last: a run that is killed before it is carried on, and its files are written again.

        Args:
            files: content by name.
            status: status with which the run ended.

        Raises:
            RunError: a file cannot be written, or the user put one of its name there meanwhile.
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
