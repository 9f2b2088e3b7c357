"""What a run that is carried on has measured: its journal's lines, and its last training state in `state.npz`."""

from __future__ import annotations

import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from tokenize import TokenError
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

DAMAGE = (ValueError, KeyError, OSError, EOFError, RuntimeError, MemoryError, SyntaxError, TokenError)
"""Errors that numpy raises for damaged files."""


class State(NamedTuple):
    """A checkpoint.

    Attributes:
        line: line of the journal that the checkpoint was saved with, its newline included.
        leaves: arrays of the training state, in the order in which they were saved.
    """

    line: bytes
    leaves: list[NDArray[Any]]


def save(file: IO[bytes], line: str, leaves: Sequence[NDArray[Any]]) -> None:
    """Write a checkpoint with the journal's line that it belongs to."""
    named: dict[str, Any] = {f"leaf_{number}": leaf for number, leaf in enumerate(leaves)}
    np.savez(file, line=np.frombuffer(line.encode(), np.uint8), **named)


def load(path: Path) -> State | None:
    """Return the checkpoint in a file; None if there is none, or it is damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            count = len(archive.files) - 1
            return State(archive["line"].tobytes(), [archive[f"leaf_{number}"] for number in range(count)])
    except (*DAMAGE, AttributeError, TypeError, zipfile.BadZipFile, zlib.error):
        return None


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


class ReplayJournal:
    """A journal whose lines are replayed by kind; kinds may alternate, as some are measured side by side.

    New lines are dropped, as of `lrfind.find`; `RunDirectory` keeps them.

    Args:
        lines: lines of the journal, in order.
    """

    def __init__(self, lines: Sequence[Line] = ()) -> None:
        self._left: dict[str, deque[Line]] = {}
        self._lock = Lock()
        for line in lines:
            self._left.setdefault(line["kind"], deque()).append(line)

    def replay(self, kind: str) -> Line | None:
        """Return the next line of a kind; None if there is none left, so that it has to be measured."""
        with self._lock:
            left = self._left.get(kind)
            return left.popleft() if left else None

    def rest(self, kind: str) -> list[Line]:
        """Return the lines of a kind that are left."""
        return list(self._left.pop(kind, ()))

    def memoize(self, kind: str, compute: Callable[[], Line]) -> Line:
        """Return the next journalled line of a kind; if there is none, compute it, append it and return it."""
        line = self.replay(kind)
        if line is None:
            line = {"kind": kind, **compute()}
            self.append(line)
        return line

    def append(self, line: Line, state: Sequence[NDArray[Any]] | None = None) -> None:
        """Append a line, and save the training state after it if one is given."""

    def checkpoint_due(self, size: int) -> bool:
        """Return whether a training state of so many bytes is to be saved now."""
        return False

    def load_checkpoint(self, line: Line) -> list[NDArray[Any]] | None:
        """Return the training state that was saved with a line; None if it is not the last saved one."""
        return None


def position(lines: Sequence[Line]) -> Position | None:
    """Return the last measured step of a journal's lines; None if nothing was measured."""
    for line in reversed(lines):
        if "start" in line and "loss" in line:
            return Position(line["kind"], line["start"] + len(line["loss"][0]), line.get("steps"))
    return None
