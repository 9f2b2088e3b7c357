"""What tests read in journals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lrfind.storage.journal import KIND_FILES, read_journal


def journal_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a journal without their checksums and without the lists of files."""
    lines = [line for line in read_journal(path).lines if line.get("kind") != KIND_FILES]
    return [{key: value for key, value in line.items() if key != "sum"} for line in lines]
