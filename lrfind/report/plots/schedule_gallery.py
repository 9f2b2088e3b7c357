"""All schedules side by side as a figure."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lrfind.core.dataset import Floats
from lrfind.core.formats import FigureFormat

COLUMNS = 4

INK, FRAME = "#1f5fa8", "#8a8a8a"


def draw(curves: Mapping[str, Floats], format: FigureFormat) -> bytes:
    """Return the figure of schedules: steps from left to right, the rate from 0 to its peak upwards.

    Args:
        curves: rate at peak 1 by name, shape (steps,) each.
        format: format of the figure.
    """
    rows = -(-len(curves) // COLUMNS)
    figure = Figure(figsize=(10, 0.4 + 1.75 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
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
