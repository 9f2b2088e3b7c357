"""The figure of any document that has one."""

from __future__ import annotations

from lrfind.analysis.comparison import Comparison, TrainingComparison
from lrfind.core.formats import FigureFormat
from lrfind.core.result import Result
from lrfind.core.training import Training
from lrfind.report.plots import comparison_figure, sweep_figure, training_comparison_figure, training_figure


def draw(document: Result | Training | Comparison | TrainingComparison, format: FigureFormat) -> bytes:
    """Return the figure of a document; the same document gives the same bytes."""
    if isinstance(document, Result):
        return sweep_figure.draw(document, format)
    if isinstance(document, Training):
        return training_figure.draw(document, format)
    if isinstance(document, Comparison):
        return comparison_figure.draw(document, format)
    return training_comparison_figure.draw(document, format)
