"""Text and tables set by rich, to a console of fixed width."""

from __future__ import annotations

import io

from rich import box
from rich.console import Console

UNICODE_RULE = box.SIMPLE_HEAD
ASCII_RULE = box.Box(str(box.SIMPLE_HEAD).replace("─", "-"), ascii=True)
"""A rule under the head and nothing else: cells can be copied without borders."""


def new_console(width: int, *, color: bool) -> Console:
    """Return a console that writes to memory.

    Args:
        width: columns.
        color: whether to write terminal colours.
    """
    # an empty environment: the text depends on the arguments alone, not on COLUMNS, TERM or NO_COLOR
    return Console(
        file=io.StringIO(),
        width=max(width, 20),
        color_system="standard" if color else None,
        force_terminal=color,
        force_jupyter=False,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )


def written(console: Console) -> str:
    """Return the text that a console of `new_console` has got, without spaces at the ends of lines."""
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().split("\n")).rstrip("\n") + "\n"
