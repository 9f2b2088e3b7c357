"""Documents as strict JSON text in ASCII: null for what is not finite, and a line break at the end."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """Return a value as JSON has it: arrays and tuples as lists, numpy numbers as Python's, null for NaN and inf."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def indented(document: Mapping[str, Any]) -> str:
    """Return a document as indented JSON, an item a line."""
    return json.dumps(plain(document), indent=2, allow_nan=False) + "\n"


def with_rows(document: Mapping[str, Any]) -> str:
    """Return a document as indented JSON, each row of numbers on one line.

    Floats have the shortest form that reads back as the same number.
    """
    return "".join(_pieces(plain(document), "\n")) + "\n"


def _pieces(value: Any, line: str) -> Iterator[str]:
    """Yield the JSON text of a plain value; `line` is the line break with the current indent."""
    inner = line + "  "
    if isinstance(value, dict) and value:
        for i, (key, item) in enumerate(value.items()):
            yield f"{',' if i else '{'}{inner}{json.dumps(key)}: "
            yield from _pieces(item, inner)
        yield f"{line}}}"
    elif isinstance(value, list) and any(isinstance(item, list | dict | str) for item in value):
        for i, item in enumerate(value):
            yield f"{',' if i else '['}{inner}"
            yield from _pieces(item, inner)
        yield f"{line}]"
    else:
        yield json.dumps(value, allow_nan=False)
