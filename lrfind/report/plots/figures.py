"""The figure of any document that has one, for a paper, a README or a browser: PNG, SVG or PDF.

Matplotlib is used through `Figure`, never pyplot: no backend is chosen and no state outlives a call. Positions come
from the views, shared with the terminal's plots, as fractions of linear axes: several times faster than matplotlib's
log scales with their locators and formatters, and they cannot overflow.
"""

from __future__ import annotations

from matplotlib.figure import Figure

from lrfind.analysis.comparison import Comparison, TrainingComparison
from lrfind.core.formats import FigureFormat
from lrfind.core.result import Result
from lrfind.core.training import Training
from lrfind.report.plots import comparison_figure, sweep_figure, training_figure
from lrfind.report.plots.theme import styled, to_bytes

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
