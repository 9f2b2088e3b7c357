"""The run directory: one process writes its journal and checkpoints, and its files at the end, whole or not at all."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from lrfind.core.errors import RunError
from lrfind.storage import journal, layout, replay
from lrfind.storage.atomic import disk, is_at, staged, write
from lrfind.storage.journal import JOURNAL, NEXT_JOURNAL, UNFINISHED
from lrfind.storage.layout import RESULT, STATE, TRAIN

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


class RunDirectory(replay.ReplayJournal):
    """A folder taken for one run, whose journal is replayed and continued.

    Args:
        path: folder, as messages name it.
        fingerprint: fingerprint of the run.
        fresh: whether to begin anew even if an unfinished run could be carried on.
        root: absolute path of the folder, which holds even if the user's code changes the working directory.

    Attributes:
        passed: reason why the run did not take the folder of its config's name; empty if it did.
        replaces_finished: whether the folder has a result, which stays with its journal until the new files are whole.
        finished: whether that result is of a run that was not interrupted.
        recorded: lines of the run that is carried on, its head first; empty for a new run.
        rejected_lines: number of lines of its journal that do not belong to it.
    """

    def __init__(self, path: Path, fingerprint: str, *, fresh: bool, root: Path) -> None:
        self.path = path
        self.root = root
        self.passed = ""
        before, replacing = (journal.read_journal(root / name) for name in (JOURNAL, NEXT_JOURNAL))
        whole = any((root / name).exists() for name in (RESULT, TRAIN))
        self.finished = whole and journal.ending(before.lines) not in UNFINISHED
        resumed = journal.Read()
        if not fresh and journal.fingerprint_of(root, NEXT_JOURNAL) == fingerprint:
            self.replaces_finished, resumed = True, replacing
        elif not fresh and journal.fingerprint_of(root) == fingerprint and not self.finished:
            self.replaces_finished, resumed = False, before
        else:
            self.replaces_finished = whole
        self._path = root / (NEXT_JOURNAL if self.replaces_finished else JOURNAL)
        self._checkpoint = replay.load(root / STATE) if resumed.lines else None
        if self._checkpoint is not None:
            resumed = resumed.continued(self._checkpoint.line)  # A kill may have lost it.
        self.recorded, self.rejected_lines, self._sum = resumed.lines, resumed.rejected_lines, resumed.sum
        super().__init__(resumed.lines)
        if resumed.lines:
            write(self._path, resumed.text, path / self._path.name)  # Without what does not belong to it, or is torn.
        self._file = self._path.open("ab" if resumed.lines else "wb")
        self._writer = ThreadPoolExecutor(max_workers=1)
        self._pending: Future[None] | None = None
        self._due = time.monotonic() + STATE_EVERY

    def close(self) -> None:
        """Wait for the lines that are on their way, and close the journal."""
        self._writer.shutdown()
        with suppress(OSError):
            self._file.close()

    def append(self, line: Mapping[str, Any], state: Sequence[NDArray[Any]] | None = None) -> None:
        """Append a line in the background; lines reach the disk in order, a checkpoint before its line.

        Args:
            line: values of the line by key.
            state: arrays of the training state after it; None to save no checkpoint.

        Raises:
            RunError: the line before this one could not be written.
        """
        with self._lock:
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
        if self._checkpoint is None or journal.sum_of(self._checkpoint.line) != line["sum"]:
            return None
        return self._checkpoint.leaves

    def _append(self, line: Mapping[str, Any], state: Sequence[NDArray[Any]] | None) -> None:
        rates = line.get("learning_rate")  # Of every step; of a training's head it is a number.
        if isinstance(rates, list) and len(rates) > LONG:
            time.sleep(BREATH)
        text, self._sum = journal.to_line(line, self._sum)
        if state is not None:
            self._save(text, state)
        with disk(self.path):
            self._file.write(text.encode())
            self._file.flush()
            os.fsync(self._file.fileno())
            if not is_at(self._file, self._path):
                raise RunError(f"{self.path} was moved or removed while the run wrote to it; start it again")

    def _save(self, text: str, state: Sequence[NDArray[Any]]) -> None:
        """Save a checkpoint; one that cannot be written is skipped, as the journal alone is enough."""
        begin = time.monotonic()
        target = self.root / STATE
        with suppress(OSError), staged(target, partial(replay.save, line=text, leaves=state)) as temporary:
            os.replace(temporary, target)
        now = time.monotonic()
        self._due = now + max(STATE_EVERY, STATE_SHARE * (now - begin))

    def finish(self, files: Mapping[str, bytes], status: str) -> list[Path]:
        """Write the files of a run, whole or not at all, in place of what lrfind wrote before; return them.

        The status is appended last: a run that is killed before it is carried on, and its files are written again. An
        interrupted run writes nothing but its status if the folder has a finished one.

        Args:
            files: content by name.
            status: status with which the run ended.

        Raises:
            RunError: a file cannot be written, or the user put one of its name there meanwhile.
        """
        if self.finished and status in UNFINISHED:
            self._end(status)
            return []
        before = layout.owned(self.root)
        if name := layout.users_file(self.root):
            raise RunError(
                f"{self.path / name} was put there while the run went; move it away, and start the run again"
            )
        digests = {name: layout.digest(content) for name, content in files.items()}
        self.append({"kind": journal.KIND_FILES, "files": digests})
        self.flush()
        with ExitStack() as stack, disk(self.path):
            ready = {name: stack.enter_context(staged(self.root / name, content)) for name, content in files.items()}
            for name, temporary in ready.items():
                os.replace(temporary, self.root / name)
            for name in before.keys() - files.keys():
                (self.root / name).unlink(missing_ok=True)
        self._end(status)
        with disk(self.path):
            self._file.close()
            if self.replaces_finished:
                os.replace(self._path, self.root / JOURNAL)
            else:
                (self.root / NEXT_JOURNAL).unlink(missing_ok=True)
            if status not in UNFINISHED:
                (self.root / STATE).unlink(missing_ok=True)
            (self.root / layout.ADDED).unlink(missing_ok=True)  # Its files are gone, or in the run's own journal.
        return [self.path / name for name in files]

    def _end(self, status: str) -> None:
        self.append({"kind": journal.KIND_END, "status": status})
        self.flush()
