"""Tell files of a Python environment from a user's own code."""

from __future__ import annotations

import contextlib
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("site-packages", "dist-packages")
"""Folders of installed packages, by name."""

MARKS = ("pyvenv.cfg", "conda-meta")
"""What lies at the top of a virtual environment, and of one of conda."""

STDLIB = ("os.py", "encodings")
"""What lies at the top of the standard library of any Python."""

PACKAGE = Path(__file__).resolve().parents[2]


def environment(path: Path) -> Path | None:
    """Return the Python environment or installation that a file lies in, symbolic links followed.

    Args:
        path: path of the file, which need not exist.

    Returns:
        The environment's folder: `site-packages`, a folder with `pyvenv.cfg` or `conda-meta`, one into which this very
        file was installed (``pip install --target``), the standard library of any Python, the prefix of the running
        one, or lrfind itself. None for a file in none of them.
    """
    real = path.resolve()
    for folder in real.parents:
        if folder.name in PACKAGES or any((folder / mark).exists() for mark in MARKS):
            return folder
        if all((folder / mark).exists() for mark in STDLIB) or _is_installed(real.relative_to(folder), folder):
            return folder
    return next((folder for folder in _installation() if real.is_relative_to(folder)), None)


def _is_installed(file: Path, folder: Path) -> bool:
    """Return whether a record of an installed package in a folder lists a file, by its path in there."""
    line = f"{file.as_posix()},"
    for record in folder.glob("*.dist-info/RECORD"):
        with contextlib.suppress(OSError):
            if any(entry.startswith(line) for entry in record.read_text("utf-8", "replace").splitlines()):
                return True
    return False


def _installation() -> Iterator[Path]:
    """Yield the folders of the running Python, but no `src` of a prefix such as /usr, where people's projects lie."""
    yield PACKAGE
    for name in ("stdlib", "platstdlib", "purelib", "platlib"):
        yield Path(sysconfig.get_path(name)).resolve()
    for prefix in {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}:
        root = Path(prefix).resolve()
        if root != root.parent and root.is_dir():
            yield from (path for path in root.iterdir() if path.name != "src")
