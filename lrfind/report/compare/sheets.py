"""The table of any comparison."""

from __future__ import annotations

from lrfind.analysis.comparison import Comparison, TrainingComparison
from lrfind.report.compare import sweep_comparison, training_comparison
from lrfind.report.compare.cells import Sheet


def sheet_of(comparison: Comparison | TrainingComparison) -> Sheet:
    """Return the table of a comparison."""
    if isinstance(comparison, Comparison):
        return sweep_comparison.sheet(comparison)
    return training_comparison.sheet(comparison)
