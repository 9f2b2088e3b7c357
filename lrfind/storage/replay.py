"""What a run has in its journal, told again in order; what comes after it is measured, and written down.

All that a run decides follows from what was measured. So a run that was killed is run again from its start: as long as
the journal has an answer nothing is measured, and from there on everything is as if it had never stopped.
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
    """How far a journal goes.

    Attributes:
        kind: of its last steps: ``"sweep"``, ``"confirm"``.
        step: the number of the next one.
        of: how long the training is, where that is known.
    """

    kind: str
    step: int
    of: int | None


class ReplayJournal:
    """A run's journal, read and written by kind: the order in which kinds alternate is left open, as some are measured
    side by side.

    Args:
        directory: taken for the run.
    """

    def __init__(self, directory: RunDirectory | NullRunDirectory) -> None:
        self._directory = directory
        self._left: dict[str, deque[Line]] = {}
        self._lock = Lock()
        for line in directory.recorded:
            self._left.setdefault(line["kind"], deque()).append(line)

    def replay(self, kind: str) -> Line | None:
        """The next line of a kind that is told again; None where there is none, and it has to be measured."""
        with self._lock:
            left = self._left.get(kind)
            return left.popleft() if left else None

    def append(self, line: Line, state: Sequence[NDArray[Any]] | None = None) -> None:
        """Write down what was measured, and the state after it, if given."""
        with self._lock:
            self._directory.journal(line, state)

    def memoize(self, kind: str, measure: Callable[[], Line]) -> Line:
        """What was measured, or decided by a clock, before; if it never was, it is now, and written down."""
        told = self.replay(kind)
        if told is None:
            told = {"kind": kind, **measure()}
            self.append(told)
        return told

    def checkpoint_due(self, size: int) -> bool:
        """Whether it is time to save a state of so many bytes."""
        return self._directory.checkpoint_due(size)

    def load_checkpoint(self, line: Line) -> list[NDArray[Any]] | None:
        """The state that was saved with a line, if that is the last one that was."""
        return self._directory.load_checkpoint(line)


def position(lines: Sequence[Line]) -> Position | None:
    """How far a journal's lines go; None where nothing was measured yet."""
    for line in reversed(lines):
        if "start" in line and "loss" in line:
            return Position(line["kind"], line["start"] + len(line["loss"][0]), line.get("steps"))
    return None
