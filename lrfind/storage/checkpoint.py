"""Checkpoints: the training state of a run as plain arrays in `state.npz`, without pickle."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
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
