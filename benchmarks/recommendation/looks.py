"""The log of looks at the reported half: who looks often ends up tuning on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from score import Row

FILE = Path(__file__).parent / "looks.md"

HEAD = """# Looks at the reported half

Every run that scores a task of the reported half adds a line: when, what, and every finder's median / mean regret.

| UTC | tasks | seeds | finders |
|---|---|---|---|
"""


def record(what: str, tasks: int, seeds: int, rows: Sequence[Row]) -> None:
    """Add a line."""
    if not FILE.exists():
        FILE.write_text(HEAD, encoding="utf-8")
    found = "; ".join(f"{row.finder} {row.median:.3f} / {row.mean:.3f}" for row in rows)
    with FILE.open("a", encoding="utf-8") as file:
        file.write(f"| {datetime.now(UTC):%Y-%m-%d %H:%M} | {what}, {tasks} | {seeds} | {found} |\n")
