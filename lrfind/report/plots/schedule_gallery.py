"""All schedules side by side as a figure."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from lrfind.core.dataset import Floats
from lrfind.core.formats import FigureFormat
from lrfind.report.plots.theme import CURVE, SOFT, canvas, to_bytes

COLUMNS = 4


def draw_schedules(curves: Mapping[str, Floats], format: FigureFormat) -> bytes:
    """Return the figure of schedules: steps from left to right, the rate from 0 to its peak upwards.

    Args:
        curves: rate at peak 1 by name, shape (steps,) each.
        format: format of the figure.
    """
    return to_bytes(lambda: _schedules(curves), format)


def _schedules(curves: Mapping[str, Floats]) -> Figure:
    rows = -(-len(curves) // COLUMNS)
    figure = canvas(10, 0.4 + 1.75 * rows)
    figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.1)
    grid = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for axes, (name, curve) in zip(grid, curves.items(), strict=False):
        axes.plot(curve, color=CURVE, linewidth=1.6)
        axes.set_title(name, fontsize=10)
        axes.set(xlim=(0, len(curve)), ylim=(-0.04, 1.08), xticks=[])
        axes.set_yticks([0, 1], ["0", "peak"])
        axes.grid(visible=False)
    for axes in grid[len(curves) :]:
        axes.set_visible(False)
    figure.supxlabel("steps of the training", fontsize=9, color=SOFT)
    return figure
