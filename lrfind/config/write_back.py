"""The rate goes into the YAML of a config, and not a byte more changes.

The text is edited where the parser says the value stands, rather than written anew: a round trip through a YAML
library keeps comments but not indentation, line ends or spacing. The edited text is read again and compared before it
is handed out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from lrfind.config import yaml_reader


def short(rate: float) -> str:
    """Format a rate with three significant digits, e.g. ``0.0012`` or ``3.2e-05``."""
    if not (math.isfinite(rate) and rate > 0):
        raise ValueError(f"a learning rate is a number above 0; got {rate}")
    return f"{float(f'{rate:.3g}'):g}"


def with_rate(text: str, number: str) -> str | None:
    """Set `optimizer.learning_rate` in the text of a config; return None if that needs any other change."""
    before = yaml_reader.read(text)
    pairs = {path[1]: events for path, events in before.pairs.items() if path[0] == "optimizer" and len(path) == 2}
    if before.flaws or not pairs.keys() & {"name", "target", "learning_rate"}:
        return None
    start, end, put = _edit(text, pairs, number)
    changed = text[:start] + put + text[end:]
    after = yaml_reader.read(changed)
    before.value["optimizer"]["learning_rate"] = float(number)
    return changed if after.readable and not after.flaws and after.value == before.value else None


def _edit(text: str, pairs: Mapping[Any, tuple[Any, Any]], number: str) -> tuple[int, int, str]:
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
