"""What is like a run directory, and keeps nothing: for a run whose caller wants the result alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray


class NullRunDirectory:
    """A journal without lines."""

    recorded: Sequence[Mapping[str, Any]] = ()
    finished = False

    def journal(self, line: Mapping[str, Any], state: Sequence[NDArray[Any]] | None = None) -> None:
        """Forget a line."""

    def checkpoint_due(self, size: int) -> bool:
        """It is never time to save a state."""
        del size
        return False

    def load_checkpoint(self, line: Mapping[str, Any]) -> list[NDArray[Any]] | None:
        """No state was saved."""
        del line
        return None

    def end(self, status: str) -> None:
        """Nothing ends here."""

    def finish(self, files: Mapping[str, bytes], status: str) -> list[Path]:
        """Forget the files."""
        del files, status
        return []
