"""A panel of a figure: axes from 0 to 1 with the ticks of two scales, the mark of a rate, and names beside lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from lrfind.report.plots.axis import Axis
from lrfind.report.plots.theme import DPI, INTERVAL, LEFT, PAPER, RATE, SOFT
from lrfind.report.wording import superscript

ACROSS = 0.22
"""Where the label of the loss stands, in inches."""

LEGEND = 0.36
"""Inches from the axes up to a legend; the strip between them is for names of what is marked."""


@dataclass(frozen=True)
class Cell:
    """The position of a panel on the figure, in inches.

    The margins are fixed, so that one drawing is enough and figures of several runs line up; only numbers too long for
    it make the left one wider.

    Attributes:
        start: left end, its axis labels included.
        end: right end of the axes.
        top: from the figure's upper edge to the axes.
        bottom: from the figure's lower edge to the axes.
    """

    start: float
    end: float
    top: float
    bottom: float = 0.62


def add_axes(figure: Figure, cell: Cell, x: Axis, y: Axis, names: tuple[str, str], labels: Sequence[str] = ()) -> Axes:
    """Add empty axes from 0 to 1 with the ticks of both scales, and return them.

    Args:
        figure: that they are added to.
        cell: their position.
        x: horizontal scale.
        y: vertical scale.
        names: of both.
        labels: of the vertical scale; by default its own.
    """
    width, height = figure.get_size_inches().tolist()
    labels = labels or [superscript(label) for label in y.labels]
    left = cell.start + max(LEFT, 0.26 + 0.08 * max((len(label) for label in labels), default=0))
    frame = (left / width, cell.bottom / height, (cell.end - left) / width, 1 - (cell.bottom + cell.top) / height)
    axes = figure.add_axes(frame, xlim=(0, 1), ylim=(0, 1))
    for axis, scale, texts in ((axes.xaxis, x, [superscript(label) for label in x.labels]), (axes.yaxis, y, labels)):
        axis.set_ticks(scale.fractions(np.array(scale.ticks)), texts)
        axis.set_ticks(scale.fractions(np.array(scale.minor)), minor=True)
    axes.set_xlabel(names[0] + (" (log scale)" if x.log else ""))
    axes.set_ylabel(names[1])
    middle = (cell.bottom + height - cell.top) / 2 / height
    axes.yaxis.set_label_coords((cell.start + ACROSS) / width, middle, transform=figure.transSubfigure)
    return axes


def add_legend(axes: Axes, gap: float = LEGEND) -> None:
    """Add the legend of what has a label in one row, so many inches above the axes."""
    height = axes.bbox.height / DPI
    handles, _ = axes.get_legend_handles_labels()
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1 + gap / height), ncols=max(1, len(handles)))


def mark_rate(axes: Axes, x: float | None, interval: tuple[float, float] | None) -> None:
    """Draw the recommended rate as a line, a little into the strip above the axes, and its interval as a band."""
    if interval is not None:
        axes.axvspan(*interval, color=INTERVAL, alpha=0.2, lw=0, zorder=0.8)
    if x is not None:
        axes.axvline(x, 0, 1.025, color=RATE, lw=1.2, zorder=2.8, clip_on=False)


def dot(axes: Axes, point: tuple[float, float], fill: str = PAPER, edge: str = SOFT, label: str | None = None) -> None:
    """Draw a round mark at a point: a ring, or a dot with an edge of paper."""
    size, width, over = (7.5, 1.3, 5) if edge == PAPER else (6, 1.3, 4)
    axes.plot(*point, "o", ms=size, mfc=fill, mec=edge, mew=width, zorder=over, clip_on=False, label=label)


def above(axes: Axes, names: Sequence[tuple[float, str, str]]) -> None:
    """Write names ``(x, text, color)`` into the strip above the axes, side by side."""
    texts = [axes.text(x, 1.035, name, color=color, size=9, ha="center", va="bottom") for x, name, color in names]
    for text, (_, _, color) in zip(texts, names, strict=True):
        text.set_fontweight("bold" if color == RATE else "normal")
    widths = [extent(axes, text)[0] for text in texts]
    for text, x in zip(texts, spread([x for x, _, _ in names], widths, gap=0.02), strict=True):
        text.set_x(x)


def extent(axes: Axes, text: Text) -> tuple[float, float]:
    """Return width and height of a text, in fractions of the axes."""
    box, frame = text.get_window_extent(), axes.bbox
    return box.width / frame.width, box.height / frame.height


def spread(anchors: Sequence[float], sizes: Sequence[float], gap: float = 0.0) -> list[float]:
    """Return centres of labels in one row or column, as near to their anchors as the others and the ends allow.

    Anchors may come in any order; the ends are 0 and 1.
    """
    order = sorted(range(len(anchors)), key=lambda i: anchors[i])
    centres = list(anchors)
    start = 0.0
    for i in order:  # from the start: no label over the one before
        centres[i] = max(anchors[i], start + sizes[i] / 2)
        start = centres[i] + sizes[i] / 2 + gap
    end = 1.0
    for i in reversed(order):  # back from the end: no label beyond it
        centres[i] = min(centres[i], end - sizes[i] / 2)
        end = centres[i] - sizes[i] / 2 - gap
    return centres
