"""Text and tables set by rich, to a console of fixed width."""

from __future__ import annotations

import io

from rich import box
from rich.console import Console
from rich.table import Table

from lrfind.report.wording import Look

ASCII_RULE = box.Box(str(box.SIMPLE_HEAD).replace("─", "-"), ascii=True)
"""A rule under the head and nothing else: cells can be copied without borders."""


def new_console(look: Look) -> Console:
    """Return a console that writes to memory."""
    # an empty environment: the text depends on the arguments alone, not on COLUMNS, TERM or NO_COLOR
    return Console(
        file=io.StringIO(),
        width=max(look.width or 80, 20),
        color_system="standard" if look.color else None,
        force_terminal=look.color,
        force_jupyter=False,
        highlight=False,
        markup=False,
        legacy_windows=False,
        _environ={},
    )


def new_table(look: Look) -> Table:
    """Return an empty table of text in columns."""
    rule = box.SIMPLE_HEAD if look.unicode else ASCII_RULE
    return Table(box=rule, pad_edge=False, show_edge=False, padding=(0, 1))


def written(console: Console) -> str:
    """Return the text that a console of `new_console` has got, without spaces at the ends of lines."""
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().split("\n")).rstrip("\n") + "\n"
