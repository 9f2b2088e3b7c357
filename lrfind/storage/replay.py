"""Replay a journal: a run that is carried on reads its measurements from there before it measures any more.

All that a run decides follows from its measurements. A killed run therefore starts again from the beginning, and as
long as the journal has the next measurement nothing is computed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any, NamedTuple

from numpy.typing import NDArray

from lrfind.storage.null import NullRunDirectory
from lrfind.storage.run_directory import RunDirectory

Line = Mapping[str, Any]


class Position(NamedTuple):
    """The last measured step of a journal.

    Attributes:
        kind: kind of the last chunk: ``"sweep"``, ``"confirm"`` or ``"train"``.
        step: number of the next step.
        of: length of the training; None if it is unknown.
    """

    kind: str
    step: int
    of: int | None


class JournalReader:
    """Reader of a journal's lines by kind; kinds may alternate in any order, as some are measured side by side.

    Args:
        lines: lines of the journal, in order.
    """

    def __init__(self, lines: Sequence[Line]) -> None:
        self._left: dict[str, deque[Line]] = {}
        for line in lines:
            self._left.setdefault(line["kind"], deque()).append(line)

    def replay(self, kind: str) -> Line | None:
        """Return the next line of a kind; None if there is none left."""
        left = self._left.get(kind)
        return left.popleft() if left else None

    def rest(self, kind: str) -> list[Line]:
        """Return the lines of a kind that are left."""
        return list(self._left.pop(kind, ()))


class ReplayJournal(JournalReader):
    """The journal of a run: its lines are replayed by kind, and new ones are appended.

    Args:
        directory: run directory, taken for the run.
    """

    def __init__(self, directory: RunDirectory | NullRunDirectory) -> None:
        super().__init__(directory.recorded)
        self._directory = directory
        self._lock = Lock()

    def replay(self, kind: str) -> Line | None:
        """Return the next line of a kind; None if there is none left, so that it has to be measured."""
        with self._lock:
            return super().replay(kind)

    def append(self, line: Line, state: Sequence[NDArray[Any]] | None = None) -> None:
        """Append a line, and save the training state after it if one is given."""
        with self._lock:
            self._directory.journal(line, state)

    def memoize(self, kind: str, compute: Callable[[], Line]) -> Line:
        """Return the next journalled line of a kind; if there is none, compute it, append it and return it."""
        line = self.replay(kind)
        if line is None:
            line = {"kind": kind, **compute()}
            self.append(line)
        return line

    def checkpoint_due(self, size: int) -> bool:
        """Return whether a training state of so many bytes is to be saved now."""
        return self._directory.checkpoint_due(size)

    def load_checkpoint(self, line: Line) -> list[NDArray[Any]] | None:
        """Return the training state that was saved with a line; None if it is not the last saved one."""
        return self._directory.load_checkpoint(line)


def position(lines: Sequence[Line]) -> Position | None:
    """Return the last measured step of a journal's lines; None if nothing was measured."""
    for line in reversed(lines):
        if "start" in line and "loss" in line:
            return Position(line["kind"], line["start"] + len(line["loss"][0]), line.get("steps"))
    return None
