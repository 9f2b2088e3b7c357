"""The figure of any document that has one."""

from __future__ import annotations

from lrfind.comparison import Comparison, TrainingComparison
from lrfind.formats import FigureFormat
from lrfind.report.plots import comparison_figure, sweep_figure, training_comparison_figure, training_figure
from lrfind.types import Result
from lrfind.types.training import Training


def draw(document: Result | Training | Comparison | TrainingComparison, format: FigureFormat) -> bytes:
    """Return the figure of a document; the same document gives the same bytes."""
    if isinstance(document, Result):
        return sweep_figure.draw(document, format)
    if isinstance(document, Training):
        return training_figure.draw(document, format)
    if isinstance(document, Comparison):
        return comparison_figure.draw(document, format)
    return training_comparison_figure.draw(document, format)
