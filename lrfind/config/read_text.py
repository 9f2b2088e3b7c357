"""Reading the text of a config, with a sentence for whatever can go wrong."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from lrfind.core.errors import ConfigError, Problem
from lrfind.core.registry import near

MAX_BYTES = 1_000_000


def read_text(source: str | Path) -> str:
    """Read a text file.

    Raises:
        ConfigError: it cannot be read, is no text, or is far too large for a config.
    """
    where = str(source)
    try:
        with open(source, "rb") as file:
            return read_stream(file, where)
    except FileNotFoundError:
        raise _error(where, f"there is no such file{_neighbour(source)}") from None
    except IsADirectoryError:
        raise _error(where, f"is a folder; give the config file in it{_inside(source)}") from None
    except PermissionError:
        raise _error(where, "may not be read: permission denied") from None
    except OSError as error:
        raise _error(where, f"cannot be read: {error.strerror or error}") from None
    except ValueError:
        raise _error(where, "is not a file name") from None


def read_stream(stream: BinaryIO, where: str) -> str:
    """Read an open file or standard input, up to the largest size of a config.

    Raises:
        ConfigError: it cannot be read, is no text, or is far too large for a config.
    """
    try:
        raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise _error(where, f"cannot be read: {error.strerror or error}") from None
    return decode(raw, where)


def decode(raw: bytes, where: str) -> str:
    """Decode UTF-8 without a byte order mark."""
    if len(raw) > MAX_BYTES:
        raise _error(where, f"is larger than {MAX_BYTES:,} bytes; a config is a few lines")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _error(where, "is UTF-16; save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line_start = before.rfind(b"\n") + 1
        column = len(before[line_start:].decode("utf-8", "replace")) + 1
        message = f"is not UTF-8 text: byte 0x{raw[error.start]:02x}"
        raise ConfigError([Problem(message, "", where, before.count(b"\n") + 1, column)]) from None


def _error(where: str, message: str) -> ConfigError:
    return ConfigError([Problem(message, where=where)])


def _neighbour(source: str | Path) -> str:
    path = Path(source)
    try:
        return near(path.name, os.listdir(path.parent))
    except OSError:
        return ""


def _inside(source: str | Path) -> str:
    try:
        configs = sorted(name for name in os.listdir(source) if name.endswith((".yaml", ".yml")))
    except OSError:
        return ""
    return f", such as {configs[0]}" if configs else ""
