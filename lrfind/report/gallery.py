"""All schedules side by side: small curves, in the terminal by plotext and as a figure by matplotlib."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Literal

import numpy as np

from lrfind.types import Floats

COLUMN = 26
"""Columns of the terminal that a curve takes at least."""

LINES = 9
"""Lines of the terminal that a row of curves takes."""

MOST_COLUMNS = 4

INK, FRAME = "#1f5fa8", "#8a8a8a"

_FRAME = str.maketrans("┌┐└┘├┤┬┴┼─│", "+++++++++-|")


def terminal(curves: Mapping[str, Floats], width: int, *, color: bool, unicode: bool) -> str:
    """The curves as text of at most `width` columns, in rows of up to four.

    Args:
        curves: rate at peak 1 by name, shape (steps,) each.
        width: columns of the terminal.
        color: whether to use terminal colours.
        unicode: whether the output's encoding has more than ASCII.
    """
    names = list(curves)
    across = max(1, min(MOST_COLUMNS, width // COLUMN))
    rows = []
    for first in range(0, len(names), across):
        parts = [small(name, curves[name], width // across, color, unicode) for name in names[first : first + across]]
        rows += ["".join(line).rstrip() for line in zip(*parts, strict=True)]
    return "\n".join(rows) + "\n"


def small(name: str, curve: Floats, width: int, color: bool, unicode: bool) -> list[str]:
    """One curve, `LINES` lines of exactly `width` columns."""
    import plotext

    plotext.clear_figure()
    try:
        plotext.limit_size(False, False)
        plotext.plot_size(width - 1, LINES)
        for channel in (plotext.canvas_color, plotext.axes_color, plotext.ticks_color):
            channel("default")
        plotext.xlim(0, len(curve))
        plotext.ylim(0, 1)
        plotext.xticks([])
        plotext.yticks([0, 1], ["0", "1"])
        plotext.title(name)
        plotext.plot(list(range(len(curve))), curve.tolist(), marker="braille" if unicode else "*", color="blue+")
        drawn = str(plotext.build())
    finally:
        plotext.clear_figure()
    plain = str(plotext.uncolorize(drawn)).split("\n")
    shown = drawn.split("\n") if color else plain
    if not unicode:
        shown = [line.translate(_FRAME) for line in shown]
    return [line + " " * (width - len(bare)) for line, bare in zip(shown[:LINES], plain[:LINES], strict=True)]


def draw(curves: Mapping[str, Floats], format: Literal["png", "svg", "pdf"]) -> bytes:
    """The curves as a figure: steps from left to right, the rate from 0 to its peak upwards."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = -(-len(curves) // MOST_COLUMNS)
    figure = Figure(figsize=(10, 0.4 + 1.75 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, MOST_COLUMNS, squeeze=False).ravel()
    for axes, (name, curve) in zip(grid, curves.items(), strict=False):
        axes.plot(np.arange(len(curve)), curve, color=INK, linewidth=1.6)
        axes.set_title(name, fontsize=10)
        axes.set_xlim(0, len(curve))
        axes.set_ylim(-0.04, 1.08)
        axes.set_xticks([])
        axes.set_yticks([0, 1], ["0", "peak"], fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(FRAME)
        axes.tick_params(color=FRAME, labelcolor="#444444", length=3)
    for axes in grid[len(curves) :]:
        axes.set_visible(False)
    figure.supxlabel("steps of the training", fontsize=9, color="#444444")
    buffer = io.BytesIO()
    metadata = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[format]
    with rc_context({"svg.hashsalt": "lrfind"}):  # the same bytes every time
        figure.savefig(buffer, format=format, dpi=110, metadata=metadata)
    return buffer.getvalue()
