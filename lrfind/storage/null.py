"""A run directory that stores nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray


class NullRunDirectory:
    """A run directory that stores nothing, for `lrfind.find`."""

    recorded: Sequence[Mapping[str, Any]] = ()
    finished = False

    def journal(self, line: Mapping[str, Any], state: Sequence[NDArray[Any]] | None = None) -> None:
        """Drop a line."""

    def checkpoint_due(self, size: int) -> bool:
        """Return False: no training state is saved."""
        del size
        return False

    def load_checkpoint(self, line: Mapping[str, Any]) -> list[NDArray[Any]] | None:
        """Return None: no training state was saved."""
        del line
        return None

    def end(self, status: str) -> None:
        """Drop the status."""

    def finish(self, files: Mapping[str, bytes], status: str) -> list[Path]:
        """Drop the files."""
        del files, status
        return []
