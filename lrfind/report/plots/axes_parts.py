"""What the panels of the figure have in common: their axes, and the mark of the recommended rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from lrfind.core.dataset import Floats
from lrfind.report.plots.axis import Axis
from lrfind.report.plots.label_layout import Spot, beside
from lrfind.report.plots.theme import FAINT, INK, INTERVAL, RATE, SOFT
from lrfind.report.wording import superscript

LEFT, BOTTOM = 0.72, 0.62
"""Margins beside and below the axes, in inches; fixed, so that one drawing is enough and figures of several runs line
up. Only numbers too long for it make the left one wider."""

ACROSS = 0.22
"""Where the label of the loss stands, in inches."""

GAP = 0.06
"""Inches between a point and a label beside it."""


@dataclass(frozen=True)
class Cell:
    """The position of a panel on the figure, in inches.

    Attributes:
        start: left end, its axis labels included.
        end: right end of the axes.
        top: from the figure's upper edge to the axes.
        bottom: from the figure's lower edge to the axes.
    """

    start: float
    end: float
    top: float
    bottom: float = BOTTOM


def add_axes(figure: Figure, cell: Cell, x: Axis, y: Axis, x_name: str, y_name: str, y_labels: Sequence[str]) -> Axes:
    """Add empty axes from 0 to 1, with the ticks of both scales, and return them."""
    width, height = figure.get_size_inches().tolist()
    left = cell.start + max(LEFT, 0.26 + 0.08 * max((len(label) for label in y_labels), default=0))
    frame = (left / width, cell.bottom / height, (cell.end - left) / width, 1 - (cell.bottom + cell.top) / height)
    axes = figure.add_axes(frame, facecolor="none")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    for axis, scale, labels in ((axes.xaxis, x, [superscript(label) for label in x.labels]), (axes.yaxis, y, y_labels)):
        axis.set_ticks(scale.fractions(np.array(scale.ticks)), labels)
        axis.set_ticks(scale.fractions(np.array(scale.minor)), minor=True)
    axes.tick_params(which="major", color=SOFT, labelcolor=INK, length=3.5, width=0.7, labelsize=8.5)
    axes.tick_params(which="minor", color=SOFT, length=2, width=0.5)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(SOFT)
        spine.set_linewidth(0.7)
    axes.set_xlabel(x_name + (" (log scale)" if x.log else ""), color=INK, labelpad=5)
    axes.set_ylabel(y_name, color=INK)
    middle = (cell.bottom + height - cell.top) / 2 / height
    axes.yaxis.set_label_coords((cell.start + ACROSS) / width, middle, transform=figure.transSubfigure)
    return axes


def band(axes: Axes, interval: tuple[float, float]) -> None:
    """Draw the interval of the recommended rate as a band."""
    low, high = interval
    axes.add_patch(Rectangle((low, 0), high - low, 1, fc=INTERVAL, alpha=0.2, lw=0, zorder=0.8))


def rate_line(axes: Axes, x: float) -> None:
    """Draw the recommended rate as a line, a little into the strip above the axes."""
    axes.add_line(Line2D([x, x], [0, 1.025], color=RATE, lw=1.2, zorder=2.8, clip_on=False))


def dot(axes: Axes, point: tuple[float, float], fill: str, edge: str, size: float, width: float, over: float) -> None:
    """Draw a round mark at a point."""
    x, y = point
    axes.add_line(
        Line2D([x], [y], marker="o", ms=size, mfc=fill, mec=edge, mew=width, ls="", zorder=over, clip_on=False)
    )


def label(axes: Axes, x: float, text: str, color: str, weight: str) -> Text:
    """Add a label in the strip above the axes and return it."""
    return axes.text(x, 1.035, text, color=color, weight=weight, size=9, ha="center", va="bottom")


def extent(axes: Axes, text: Text) -> tuple[float, float]:
    """Return width and height of a text, in fractions of the axes."""
    box, frame = text.get_window_extent(), axes.bbox
    return box.width / frame.width, box.height / frame.height


def place_beside(
    axes: Axes, labels: Sequence[tuple[Text, Sequence[Spot]]], curves: Sequence[tuple[Floats, Floats, float]]
) -> None:
    """Move centred texts beside their points, where they hide least; see `beside`."""
    width, height = axes.bbox.width / axes.figure.dpi, axes.bbox.height / axes.figure.dpi
    sized = [(*extent(axes, text), spots) for text, spots in labels]
    for (text, _), centre in zip(labels, beside(sized, curves, (GAP / width, GAP / height)), strict=True):
        text.set_position(centre)
