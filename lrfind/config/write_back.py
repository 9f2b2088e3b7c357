"""`--write`: the rate goes into the YAML, and not a byte more changes.

The text is edited where the parser says the value stands, rather than written anew: a round trip through a YAML
library keeps comments but not indentation, line ends or spacing. The edited text is read again and compared before it
is written.
"""

from __future__ import annotations

import math
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from lrfind.config import yaml_reader
from lrfind.config.read_text import read_text
from lrfind.core.errors import InputError, RunError

KEY = "optimizer.learning_rate"


def write_rate(path: str | Path, rate: float, *, read: str | None = None, shown: str | Path | None = None) -> None:
    """Set `optimizer.learning_rate` in a config file, to three significant digits.

    The file is replaced as a whole or not at all, and keeps its mode; of a symbolic link, the file behind it.

    Args:
        path: the file.
        rate: the learning rate.
        read: the text that the rate was measured for; None where it does not matter.
        shown: how messages name the file; the path itself by default.

    Raises:
        ConfigError: the file cannot be read.
        InputError: the file cannot be changed there or written; it is as it was.
        RunError: its text is no longer `read`; it is as it was.
    """
    shown = shown or path
    text = read_text(path)
    if read is not None and text != read:
        raise RunError(
            f"{shown} was changed while it was measured, so learning_rate: {short(rate)} was not written into it; that "
            "is the rate of the config as it was"
        )
    number = short(rate)
    changed = with_rate(text, number)
    if changed is None:
        message = f"{shown} cannot be changed without touching more; set learning_rate: {number} yourself"
        raise InputError(message, key=KEY)
    target = Path(path).resolve()
    bom = b"\xef\xbb\xbf" if target.read_bytes().startswith(b"\xef\xbb\xbf") else b""
    try:
        with target.open("r+b"):  # Another file would take the place of one that may not be written.
            pass
        _replace(target, bom + changed.encode("utf-8"))
    except OSError as error:
        raise InputError(f"{shown} cannot be written: {error.strerror or error}", key=KEY) from None


def short(rate: float) -> str:
    """Format a rate with three significant digits, e.g. ``0.0012`` or ``3.2e-05``."""
    if not (math.isfinite(rate) and rate > 0):
        raise ValueError(f"a learning rate is a number above 0; got {rate}")
    return f"{float(f'{rate:.3g}'):g}"


def with_rate(text: str, number: str) -> str | None:
    """Set the rate in the text; return None if that needs any other change."""
    before = yaml_reader.read(text)
    if not before.readable or before.flaws or not isinstance(before.value, dict):
        return None
    optimizer = before.value.get("optimizer")
    if not isinstance(optimizer, dict):
        return None
    pairs = _pairs(text)
    if pairs is None or not pairs.keys() & {"name", "target", "learning_rate"}:
        return None
    start, end, put = _edit(text, pairs, number)
    changed = text[:start] + put + text[end:]
    after = yaml_reader.read(changed)
    optimizer["learning_rate"] = float(number)
    return changed if after.readable and not after.flaws and after.value == before.value else None


def _pairs(text: str) -> dict[str, tuple[Any, Any]] | None:
    """Return the parser's events of each key and plain value in the optimizer section."""
    from ruamel.yaml import YAML

    events = YAML(typ="safe", pure=True).parse(text)
    depth, within, before = 0, False, None
    pairs: dict[str, tuple[Any, Any]] = {}
    for event in events:
        kind = type(event).__name__
        if kind == "MappingStartEvent" and depth == 1 and getattr(before, "value", "") == "optimizer":
            within = True
        if within and depth == 2 and kind == "ScalarEvent":
            value = next(events)
            if type(value).__name__ in ("ScalarEvent", "AliasEvent"):
                pairs[event.value] = (event, value)
                continue
            kind = type(value).__name__
        depth += kind in ("MappingStartEvent", "SequenceStartEvent")
        depth -= kind in ("MappingEndEvent", "SequenceEndEvent")
        if within and depth == 1:
            return pairs
        before = event
    return None


def _edit(text: str, pairs: dict[str, tuple[Any, Any]], number: str) -> tuple[int, int, str]:
    """Return start, end and replacement of the text to change."""
    if "learning_rate" in pairs:
        key, value = pairs["learning_rate"]
        start, end = value.start_mark.index, value.end_mark.index
        if start == end:  # nothing behind the colon
            colon = text.index(":", key.end_mark.index) + 1
            return colon, colon, f" {number}"
        if anchor := re.match(r"&\S+\s+", text[start:end]):
            start += anchor.end()
        return start, end, number
    first = "name" if "name" in pairs else "target"
    key, value = pairs[first]
    name = text[key.start_mark.index : key.end_mark.index].replace(first, "learning_rate")  # quoted where name is
    end = value.end_mark.index
    line_start = text.rfind("\n", 0, key.start_mark.index) + 1
    indent = text[line_start : key.start_mark.index]
    if indent.strip():  # not alone on its line: between braces
        return end, end, f", {name}: {number}"
    newline = "\r\n" if "\r\n" in text else "\n"
    line_end = re.compile(r"\r?\n|\Z").search(text, end)
    assert line_end is not None
    return line_end.start(), line_end.start(), f"{newline}{indent}{name}: {number}"


def _replace(target: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, target.stat().st_mode & 0o7777)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
