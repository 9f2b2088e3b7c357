"""`state.npz`: where a run stands, as plain arrays, so that it need not begin again. No pickle, neither way."""

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
"""What numpy raises for files that are not as they were written."""


class State(NamedTuple):
    """Where a run stands.

    Attributes:
        line: the journal's line that refers to it, its end included.
        leaves: numbers, in the order that whoever saved them gave.
    """

    line: bytes
    leaves: list[NDArray[Any]]


def save(file: IO[bytes], line: str, leaves: Sequence[NDArray[Any]]) -> None:
    """Write a state."""
    named: dict[str, Any] = {f"leaf_{number}": leaf for number, leaf in enumerate(leaves)}
    np.savez(file, line=np.frombuffer(line.encode(), np.uint8), **named)


def load(path: Path) -> State | None:
    """The state in a file; None where there is none, or it is damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            count = len(archive.files) - 1
            return State(archive["line"].tobytes(), [archive[f"leaf_{number}"] for number in range(count)])
    except (*DAMAGE, AttributeError, TypeError, zipfile.BadZipFile, zlib.error):
        return None
