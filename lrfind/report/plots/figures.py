"""The figure of any document that has one, and of all schedules, for a paper or a browser: PNG, SVG or PDF.

Matplotlib is used through `Figure`, never pyplot: no backend is chosen and no state outlives a call. Positions come
from the views, shared with the terminal's plots, as fractions of linear axes: several times faster than matplotlib's
log scales with their locators and formatters, and they cannot overflow.
"""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from lrfind.analysis.comparison import Comparison, TrainingComparison
from lrfind.core.dataset import Floats
from lrfind.core.formats import FigureFormat
from lrfind.core.result import Result
from lrfind.core.training import Training
from lrfind.report.plots import comparison_figure, sweep_figure, training_figure
from lrfind.report.plots.theme import CURVE, SOFT, canvas, styled, to_bytes

Drawn = Result | Training | Comparison | TrainingComparison
"""Documents that have a figure."""


def draw(document: Drawn, format: FigureFormat) -> bytes:
    """Return the figure of a document; the same document gives the same bytes, whatever the user's settings."""
    return to_bytes(lambda: _build(document), format)


def figure(document: Drawn) -> Figure:
    """Return the figure of a document for a notebook, or to draw on."""
    with styled():
        return _build(document)


def _build(document: Drawn) -> Figure:
    if isinstance(document, Result):
        return sweep_figure.build(document)
    if isinstance(document, Training):
        return training_figure.build(document)
    return comparison_figure.build(document)


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
