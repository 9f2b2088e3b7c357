"""Options of reports."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from lrfind.core.printable import ascii_only


@dataclass(frozen=True)
class Look:
    """Options of a report; each format reads those that it knows.

    Attributes:
        width: columns to wrap text at; None keeps every verdict on one line, and is 80 elsewhere.
        color: whether text has terminal colours.
        unicode: whether text may have more than ASCII.
        draws: whether text has a plot of characters, and a page a figure.
        advice: whether to add settings for other schedules, and common guesses judged.
        files: names of the files written, to list them in text.
        where: file that annotations and test cases are about; empty for none.
        positions: 1-based line and column of the keys of a config, by dotted key.
        fail_on: ids of findings that count as failures.
        title: title of a page, a test suite or a table.
        checkout: folder that the files of GitHub's annotations are relative to; empty for none.
        svg: figure for a page, where it has been drawn before.
        several: whether the document is one of several, which JSON has as an array.
    """

    width: int | None = 80
    color: bool = False
    unicode: bool = True
    draws: bool = True
    advice: bool = False
    files: tuple[str, ...] = ()
    where: str = ""
    positions: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    fail_on: Collection[str] = ()
    title: str = "lrfind"
    checkout: str = ""
    svg: bytes = b""
    several: bool = False

    def shown(self, text: str) -> str:
        """Return text in the characters that the output has."""
        return text if self.unicode else ascii_only(text)
