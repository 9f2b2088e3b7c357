"""The real command, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE = 600.0
"""Seconds after which a process counts as hanging."""


@dataclass(frozen=True)
class Ran:
    """What a process left behind."""

    code: int
    out: str
    err: str


def start(folder: Path, *arguments: str, before: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    """Start lrfind in a folder."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": paths, "LRFIND_CACHE_DIR": str(folder / ".programs"), "COLUMNS": "100"}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "lrfind", *arguments],
        cwd=folder,
        env=environment,
        preexec_fn=before,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="surrogateescape",
    )


def end(process: subprocess.Popen[str]) -> Ran:
    """Wait for a process."""
    out, err = process.communicate(timeout=PATIENCE)
    return Ran(process.returncode, out, err)


def run(folder: Path, *arguments: str, before: Callable[[], None] | None = None) -> Ran:
    """lrfind, from beginning to end."""
    return end(start(folder, *arguments, before=before))


def wait_for_lines(process: subprocess.Popen[str], journal: Path, lines: int) -> None:
    """Return once a journal is so long, or the process has ended."""
    while process.poll() is None and count(journal) < lines:
        time.sleep(0.01)


def count(journal: Path) -> int:
    """Whole lines of a file that may not be there."""
    try:
        return journal.read_bytes().count(b"\n")
    except OSError:
        return 0


def outcome(folder: Path) -> tuple[dict[str, Any], bytes] | None:
    """What has to be the same: the result, but for the time it took, and the curve; None where there is none."""
    try:
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        return {key: value for key, value in result.items() if key != "timing"}, (folder / "curve.csv").read_bytes()
    except (OSError, ValueError):
        return None


def leftovers(
    folder: Path, wanted: Sequence[str] = ("result.json", "curve.csv", "journal.jsonl", ".lock")
) -> list[str]:
    """Files of a run directory that should not be there."""
    return sorted(path.name for path in folder.iterdir() if path.name not in wanted)
