"""Characters that no terminal and no report may get from a name, a key or a cell."""

from __future__ import annotations

import re

_INVISIBLE = r"\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"

INVISIBLE = re.compile(f"[{_INVISIBLE}]")
"""Marks that cannot be seen, or turn the direction of text."""

UNPRINTABLE = rf"\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff{_INVISIBLE}"
"""Control, surrogate and invisible characters; a character class without the line feed."""

_RUNS = re.compile(rf"[\n{UNPRINTABLE}]+")
_SINGLE = re.compile(f"[{UNPRINTABLE}]")
_ASCII = str.maketrans(
    {"–": "-", "—": "-", "−": "-", "×": "x", "·": "*", "•": "*", "…": "~", "‘": "'", "’": "'", "“": '"', "”": '"'}
    | {"µ": "u", "μ": "u", "≈": "~", "≤": "<", "≥": ">", "→": ">", "\xa0": " "}
)
_COMMAND = re.compile(r":(?=:)|##(?=\[)")
"""How a command begins that GitHub obeys: ``::`` at the start of a line, ``##[`` anywhere."""


def one_line(text: str) -> str:
    """Return the text on one line, each run of unprintable characters replaced by a space."""
    return _RUNS.sub(" ", text).strip()


def clean(text: str) -> str:
    """Return the text on one line, with a space in what GitHub's log would take for a command."""
    return _COMMAND.sub(r"\g<0> ", one_line(text))


def harmless(text: str) -> str:
    """Return the text, its lines kept, with unprintable characters as Python's backslash escapes."""
    return _SINGLE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def ascii_only(text: str) -> str:
    """Return the nearest ASCII text of the same length."""
    return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
