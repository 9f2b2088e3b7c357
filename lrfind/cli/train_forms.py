"""A training in every form, for the command that ran it and for the one that renders it again."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lrfind.cli.forms import checkout
from lrfind.cli.options import Format
from lrfind.cli.screen import screen

if TYPE_CHECKING:
    from lrfind.types.training import Training

TITLE = "lrfind train"


def rendered(
    training: Training,
    form: Format,
    where: str,
    places: Mapping[str, tuple[int, int]],
    files: Sequence[Path],
    wanted: Collection[str],
    *,
    color: bool,
    draws: bool,
    to_file: bool,
) -> str:
    """A training in one form.

    Args:
        training: what to render.
        form: which form.
        where: what annotations are about: the config's file; empty for none.
        places: line and column of its keys.
        files: to list in the text.
        wanted: findings that `--fail-on` names.
        color: whether colours are allowed.
        draws: whether the text has the curve, and a page the figure.
        to_file: the text goes to a file, not to a screen.
    """
    from lrfind.report.look import Look
    from lrfind.report.render import render

    shows = screen(sys.stdout, color=color)
    look = Look(
        width=shows.width,
        color=shows.color and not to_file,
        unicode=shows.unicode or to_file,
        draws=draws,
        files=tuple(map(str, files)),
        where=where,
        positions=places,
        fail_on=wanted,
        title=TITLE,
        checkout=checkout(),
    )
    return render(training, form, look)
