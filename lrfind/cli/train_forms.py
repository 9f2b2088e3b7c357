"""A training in every form, for the command that ran it and for the one that renders it again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lrfind.cli.options import Format
from lrfind.cli.screen import results, screen

if TYPE_CHECKING:
    from lrfind.trace import Training

TITLE = "lrfind train"

CURVE_HEIGHT = 16
"""Lines of the curve in the terminal."""


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
    match form:
        case Format.json:
            from lrfind.report import train_records

            return train_records.to_json(training)
        case Format.markdown:
            from lrfind.report import train_text

            return train_text.markdown(training)
        case Format.junit | Format.github:
            from lrfind.cli.forms import for_ci
            from lrfind.report.outcome import of_training

            return for_ci([of_training(training, where, places, wanted)], form, TITLE)
        case Format.html:
            from lrfind.report.html import page
            from lrfind.report.html_sections import of_training as section

            svg = b""
            if draws:
                from lrfind.report.train_figure import draw

                svg = draw(training, "svg")
            return page([section(training, svg)], TITLE)
    from lrfind.report import train_text

    look = screen(results(), color=color)
    colored, unicode = look.color and not to_file, look.unicode or to_file
    names = [str(path) for path in files]
    text = train_text.text(training, width=look.width, color=colored, unicode=unicode, files=names)
    if not draws:
        return text
    from lrfind.report.train_terminal import plot

    curve = plot(training, look.width, CURVE_HEIGHT, color=colored, unicode=unicode)
    return f"{curve}\n{text}" if curve else text
