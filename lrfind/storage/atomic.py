"""Files that are whole or not there, reads that have a limit, and the system's refusals as sentences."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from lrfind.core.errors import NO_PATH, InputError, RunError

LARGEST = 2**28
"""Bytes of a result or a log beyond which it is refused rather than read into memory."""

LONGEST_NAME = 50
"""Characters of a file's name that the name of its temporary copy has: names are limited to 255 bytes."""

DESCRIPTOR = re.compile(rf"/(?:dev|proc/(?:self|thread-self|{os.getpid()}))/fd/(\d{{1,9}})")


def write(path: Path, content: bytes, shown: Path | None = None) -> Path:
    """Write a file, whole or not at all; the file behind a symbolic link.

    A file that is replaced keeps its mode. What is no regular file, as a pipe or a device, is written to as it is, and
    so is an open descriptor (`/dev/fd/3`).

    Args:
        path: the file.
        content: its bytes.
        shown: how an error names it; the path itself by default.

    Returns:
        The path.

    Raises:
        RunError: the disk is full, or the place cannot be written.
    """
    with disk(shown or path):
        number = descriptor(path)
        if number is not None or is_special(path):
            with suppress(BrokenPipeError), open(path if number is None else os.dup(number), "wb") as file:
                file.write(content)
            return path
        target = path.resolve()
        with staged(target, content) as temporary:
            os.replace(temporary, target)
    return path


def read(path: Path, most: int = LARGEST) -> bytes:
    """Read a whole regular file, or what comes through an open descriptor as of a shell's ``<(command)``.

    Raises:
        InputError: it is a device or a named pipe, larger than `most` bytes, or no path that a file could have.
        OSError: it cannot be read.
    """
    try:
        path.stat()
    except OSError as error:
        if error.errno in NO_PATH:
            raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if is_special(path) and not (descriptor(path) is not None and stat.S_ISFIFO(path.stat().st_mode)):
        raise InputError(f"{path} is no regular file")
    with path.open("rb") as file:
        content = file.read(most + 1) if os.fstat(file.fileno()).st_size <= most else b" " * (most + 1)
    if len(content) > most:
        raise InputError(f"{path} is larger than {most >> 20} MB; lrfind writes no such file")
    return content


def is_special(path: Path) -> bool:
    """Return whether something is there that is neither a regular file nor a folder: a pipe, a device, a socket."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def descriptor(path: Path) -> int | None:
    """Return the number of the open file that a path such as ``/dev/fd/3`` or ``/dev/stderr`` names; else None."""
    name = os.path.abspath(path)
    for _ in range(8):  # Links, which may go round in a circle.
        if match := DESCRIPTOR.fullmatch(name):
            return int(match[1])
        try:
            name = os.path.normpath(os.path.join(os.path.dirname(name), os.readlink(name)))
        except OSError:
            return None
    return None


@contextmanager
def staged(target: Path, content: bytes | Callable[[IO[bytes]], object]) -> Iterator[Path]:
    """A file beside another, written and on the disk; gone afterwards, unless it took the other's place.

    Args:
        target: the other; its mode is kept.
        content: its bytes, or what writes them.

    Raises:
        OSError: it cannot be written.
    """
    temporary = target.with_name(f".{target.name[:LONGEST_NAME]}.{os.getpid()}")
    try:
        mode = stat.S_IMODE(target.stat().st_mode)
    except OSError:
        mode = None
    temporary.unlink(missing_ok=True)  # Of a killed process that had the same number.
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with open(os.open(temporary, flags, 0o666 if mode is None else mode & 0o600), "wb") as file:
            if mode is not None:
                os.chmod(temporary, mode)
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


def is_at(file: IO[bytes], path: Path) -> bool:
    """Whether an open file is still the one of a path."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False
