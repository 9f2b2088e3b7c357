"""Characters that no terminal and no report may get from a name, a key or a cell."""

from __future__ import annotations

import re

UNPRINTABLE = r"\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff"
"""Control characters, changes of text direction, invisible and surrogate characters; a character class without the
line feed."""

_RUNS = re.compile(rf"[\n{UNPRINTABLE}]+")
_SINGLE = re.compile(f"[{UNPRINTABLE}]")


def clean(text: str) -> str:
    """Return the text on one line, each run of unprintable characters replaced by a space."""
    return _RUNS.sub(" ", text).strip()


def harmless(text: str) -> str:
    """Return the text, its lines kept, with unprintable characters as Python escapes: ``"\\x1b"``."""
    return _SINGLE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)
