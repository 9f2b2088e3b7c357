"""What every figure is drawn on, and how it becomes bytes."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, Literal, get_args

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch

from lrfind.report.style import DPI, PAPER, SOFT, STYLE

Format = Literal["png", "svg", "pdf"]
Corner = Literal["lower left", "lower right"]

RIGHT = 0.26
"""Margin at the right, in inches."""


def rendered(draw: Callable[[], Figure], format: Format) -> bytes:
    """A figure as bytes. The same figure gives the same bytes, whatever the user's matplotlib settings are."""
    if format not in get_args(Format):
        raise ValueError(f"format is {format!r}, expected one of {', '.join(get_args(Format))}")
    settings: dict[Any, Any] = {**matplotlib.rcParamsDefault, **STYLE}
    settings = {key: value for key, value in settings.items() if not key.startswith("backend")}
    with matplotlib.rc_context(settings):
        figure = draw()
        buffer = io.BytesIO()
        metadata: dict[str, Any] = {
            "png": {"Software": None},
            "svg": {"Date": None, "Creator": None},
            "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
        }[format]
        # Two thirds of the time that packing the pixels takes by default, for a file a twelfth larger.
        packing: dict[str, Any] = {"pil_kwargs": {"compress_level": 3}} if format == "png" else {}
        figure.savefig(buffer, format=format, dpi=DPI, metadata=metadata, facecolor="none", edgecolor="none", **packing)
    return buffer.getvalue()


def card(width: float, height: float) -> Figure:
    """An empty figure: a card with round corners.

    On a white page only the plot is seen, on a dark one it looks like a picture, and every colour stands on the paper
    it was chosen for.
    """
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="none")
    FigureCanvasAgg(figure)
    card = FancyBboxPatch(
        (0, 0), width, height, boxstyle="round,pad=0,rounding_size=0.12", fc=PAPER, ec="none", lw=0, zorder=-1
    )
    card.set_transform(figure.dpi_scale_trans)
    figure.patches.append(card)
    card.set_figure(figure)
    return figure


def key(figure: Figure, lines: list[Line2D], names: list[str], corner: Corner, x: float, down: float) -> None:
    """What the marks of a panel are, with a lower corner at x and so many inches from the top."""
    figure.legend(
        lines,
        names,
        loc=corner,
        bbox_to_anchor=(x, 1 - down / figure.get_figheight()),
        ncols=len(names),
        frameon=False,
        fontsize=8,
        labelcolor=SOFT,
        handlelength=1.6,
        columnspacing=1.2,
        handletextpad=0.5,
        borderpad=0,
        borderaxespad=0,
    )
