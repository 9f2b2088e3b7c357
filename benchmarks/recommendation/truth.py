"""The truth of a task: what every rate of a dense grid is worth, by real trainings; and the file it is kept in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FOLDER = Path(__file__).parent / "truth"

LOW, HIGH = -6.0, 1.5
"""Bounds of the grid, powers of ten."""

PER_DECADE = 8
"""Rates per decade."""

SEEDS = tuple(range(1000, 1008))
"""Seeds of the truth are not those that a finder sees."""

GOOD = 0.05
"""Regret up to which a rate is good."""

DIGITS = 6
"""Significant digits that are kept of a loss."""


def grid(low: float = LOW, high: float = HIGH, per_decade: int = PER_DECADE) -> Floats:
    """The rates, evenly spaced in log rate, both ends included; shape (rates,)."""
    return 10 ** np.linspace(low, high, round((high - low) * per_decade) + 1)


def lost(loss: Floats, untrained: Floats) -> Floats:
    """Regret of every rate: the share of the achievable improvement that is lost at it, in [0, 1]; diverged is 1.

    Args:
        loss: after training, shape (rates, seeds); what is not finite counts as infinitely high.
        untrained: before training, shape (seeds,).
    """
    median = np.median(np.where(np.isfinite(loss), loss, np.inf), axis=1)
    share = (median - median.min()) / (np.median(untrained) - median.min())
    return np.clip(np.where(np.isfinite(share), share, 1.0), 0.0, 1.0)


@dataclass(frozen=True)
class Truth:
    """What every rate of a grid is worth.

    Attributes:
        rates: shape (rates,).
        loss: validation loss after training, shape (rates, seeds); NaN where it is not finite.
        untrained: validation loss before training, shape (seeds,).
        recipe: what was trained, on what, by which versions.
    """

    rates: Floats
    loss: Floats
    untrained: Floats
    recipe: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def regret(self) -> Floats:
        """Regret of every rate of the grid, shape (rates,)."""
        return lost(self.loss, self.untrained)

    def regret_of(self, rate: float | None) -> float:
        """Regret of any rate, between the grid's in log rate; 1 for none, where one with small regret exists."""
        return 1.0 if rate is None else float(np.interp(np.log10(rate), np.log10(self.rates), self.regret))

    @property
    def best(self) -> float:
        """The rate with the lowest loss."""
        return float(self.rates[int(np.argmin(self.regret))])

    @property
    def good(self) -> tuple[float, float]:
        """The lowest and the highest rate of the contiguous range around the best in which every rate is good."""
        best = int(np.argmin(self.regret))
        bad = np.flatnonzero(self.regret > GOOD)
        below, above = bad[bad < best], bad[bad > best]
        low = int(below[-1]) + 1 if len(below) else 0
        high = int(above[0]) - 1 if len(above) else len(self.rates) - 1
        return float(self.rates[low]), float(self.rates[high])

    @property
    def ceiling(self) -> float:
        """What a perfect finder scores for the noise of the truth alone: the best rate by one half of the seeds,
        scored by the other half; mean over both ways."""
        middle = len(self.untrained) // 2
        first, second = (lost(self.loss[:, part], self.untrained[part]) for part in (np.s_[:middle], np.s_[middle:]))
        return float(second[np.argmin(first)] + first[np.argmin(second)]) / 2


def write(name: str, truth: Truth) -> None:
    """Keep a task's truth, a line a rate."""
    rows = ",\n".join("  " + json.dumps([short(value) for value in row]) for row in truth.loss)
    head = {
        "recipe": truth.recipe,
        "rates": {"low": LOW, "high": HIGH, "per_decade": PER_DECADE},
        "untrained": [short(value) for value in truth.untrained],
    }
    lines = [f' "{key}": {json.dumps(value)},' for key, value in head.items()]
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.json"
    part = path.with_suffix(".part")
    part.write_text("\n".join(["{", *lines, ' "loss": [', rows, " ]", "}", ""]), encoding="utf-8")
    part.replace(path)


def read(name: str, config: dict[str, Any]) -> Truth | None:
    """A task's truth; None where none is kept, or only that of another config."""
    try:
        kept = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if kept["recipe"]["config"] != config:
        return None
    loss, untrained = np.array(kept["loss"], np.float64), np.array(kept["untrained"], np.float64)
    return Truth(grid(**kept["rates"]), loss, untrained, kept["recipe"])


def short(value: float) -> float | None:
    """A number to keep; None where it is not finite."""
    return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None
