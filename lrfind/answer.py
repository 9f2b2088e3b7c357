"""The answer of `lrfind.find`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lrfind.core.result import Result, Suggestion
from lrfind.storage.atomic import disk, write
from lrfind.storage.layout import CURVE, PLOT, RESULT

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False)
class Answer:
    """Answer of `lrfind.find`: the rate, and how sure it is.

    Attributes:
        result: all of it, as ``result.json`` has it.
    """

    result: Result

    @property
    def learning_rate(self) -> float | None:
        """The one rate, or None; `reason` says why."""
        return self.result.recommendation.learning_rate

    @property
    def interval(self) -> tuple[float, float] | None:
        """Lowest and highest rate that will do; None where that is not known."""
        low, high = self.result.recommendation.low, self.result.recommendation.high
        return None if low is None or high is None else (low, high)

    @property
    def confirmed(self) -> bool:
        """Whether short real trainings checked the rate."""
        return self.result.recommendation.confirmed

    @property
    def reason(self) -> str:
        """Sentence that says why this rate, or why none."""
        return self.result.recommendation.reason

    @property
    def suggestions(self) -> dict[str, Suggestion]:
        """Suggestion of each method, the configured one first."""
        return dict(self.result.suggestions)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences to know before trusting the rate."""
        return self.result.warnings

    def figure(self) -> Figure:
        """Return the plot as a matplotlib figure, without pyplot."""
        from lrfind.report.plots.figures import figure

        return figure(self.result)

    def save(self, folder: str | Path) -> list[Path]:
        """Write result.json, curve.csv and plot.png, each whole or not at all; returns their paths.

        Raises:
            RunError: the folder cannot be written.
        """
        from lrfind.report.plots.figures import draw
        from lrfind.report.sweep.result_json import to_csv, to_json

        directory = Path(folder)
        with disk(directory):
            directory.mkdir(parents=True, exist_ok=True)
        files = {
            CURVE: to_csv(self.result).encode(),
            PLOT: draw(self.result, "png"),
            RESULT: to_json(self.result).encode(),
        }
        return [write(directory / name, content) for name, content in files.items()]

    def __repr__(self) -> str:
        from lrfind.report.wording import headline

        lines = [", ".join(headline(self.result)), self.reason]
        lines += [f"warning: {warning}" for warning in self.warnings]
        return f"<lrfind: {(chr(10) + '  ').join(lines)}>"
