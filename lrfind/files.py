"""Files that are whole or not there, and the system's refusals as sentences."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from lrfind.errors import RunError


def write(path: Path, content: bytes) -> Path:
    """Write a file, whole or not at all; of a symbolic link, the file behind it. What is no file, as a pipe, is written
    to as it is.

    Raises:
        RunError: the disk is full, or the place cannot be written.
    """
    with disk(path):
        target = path.resolve()
        if target.exists() and not target.is_file():
            target.write_bytes(content)
            return path
        with staged(target, content) as temporary:
            os.replace(temporary, target)
    return path


@contextmanager
def staged(target: Path, content: bytes | Callable[[IO[bytes]], object]) -> Iterator[Path]:
    """A file beside another, written and on the disk; gone afterwards, unless it took the other's place.

    Args:
        target: the other.
        content: its bytes, or what writes them.

    Raises:
        OSError: it cannot be written.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(content) if isinstance(content, bytes) else content(file)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def disk(path: Path) -> Iterator[None]:
    """Turn the system's refusal to write into a sentence."""
    try:
        yield
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror or error}") from error
