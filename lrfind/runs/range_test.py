"""Run the range test, extended upwards or repeated from lower down if needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from lrfind.analysis.range_test.curve import CurveSummary, summarize
from lrfind.analysis.range_test.recommendation import begins_too_high
from lrfind.config.schema import SweepSection
from lrfind.core.dataset import Floats
from lrfind.core.registry import LADDERS, METHODS
from lrfind.engine import learning_rates as ladder

if TYPE_CHECKING:
    from lrfind.engine.trainer import Chunk, Trainer

REACH = 100.0
"""Largest factor by which the range is extended on each side: two decades."""


@dataclass
class SweepPass:
    """One pass of the range test, growing as it is measured.

    Attributes:
        ladder: learning rates of the pass and its extension, shape (steps,).
        chunks: chunks measured so far.
    """

    ladder: Floats
    chunks: list[Chunk] = field(default_factory=list)
    _reading: CurveSummary | None = None

    @property
    def learning_rate(self) -> Floats:
        """Learning rate of each measured step, shape (done,)."""
        return self.ladder[: self.done]

    @property
    def done(self) -> int:
        """Number of measured steps."""
        return self.chunks[-1].start + self.chunks[-1].loss.shape[1] if self.chunks else 0

    @property
    def loss(self) -> Floats:
        """Training loss, shape (seeds, done)."""
        return np.concatenate([chunk.loss for chunk in self.chunks], axis=1)

    @property
    def reading(self) -> CurveSummary:
        """Summary of the curve so far, cached by its length."""
        if self._reading is None or len(self._reading.learning_rate) != self.done:
            self._reading = summarize(self.learning_rate, self.loss)
        return self._reading

    @property
    def gradient_norm(self) -> Floats:
        """Global gradient norm, shape (seeds, done)."""
        return np.concatenate([chunk.gradient_norm for chunk in self.chunks], axis=1)

    @property
    def trust(self) -> Floats:
        """Trust-region ratio, shape (seeds, done); NaN where it was not measured."""
        return np.concatenate([chunk.trust for chunk in self.chunks], axis=1)

    @property
    def update_norm(self) -> Floats:
        """Global update norm, shape (seeds, done)."""
        return np.concatenate([chunk.update_norm for chunk in self.chunks], axis=1)


def range_test(
    train_loop: Trainer,
    states: list[Any],
    section: SweepSection,
    bounds: tuple[float | None, float | None],
    climbs: list[SweepPass],
) -> Iterator[SweepPass]:
    """Run passes of the range test; the second one starts lower if the first began too high.

    Args:
        train_loop: train loop, compiled for the states' lanes.
        states: training state of each seed before the sweep.
        section: section `sweep` of the config.
        bounds: lowest and highest rate that the user allows; None for the limits of the extension.
        climbs: receives each pass, so that an interrupted caller keeps them.

    Yields:
        The current pass after each of its chunks.
    """
    from lrfind.runs.sweep_pass import sweep

    low, high = section.min_lr, section.max_lr
    bottom, top = (low, high) if not section.extend else (low / REACH, high * REACH)
    lowest, highest = bounds
    bottom = bottom if lowest is None else max(bottom, lowest)
    top = top if highest is None else min(top, highest)
    rates: Floats = LADDERS[section.ladder].load()(low, high, section.steps)
    while True:
        beyond = ladder.extend_up(rates, top)
        current = SweepPass(np.concatenate([rates, beyond]))
        climbs.append(current)
        for chunk in sweep(train_loop, states, rates, beyond):
            current.chunks.append(chunk)
            yield current
        if len(climbs) > 1 or not bottom < low:
            return
        if not begins_too_high(current.reading, METHODS[section.method].load()):
            return
        rates = np.concatenate([ladder.extend_down(rates, bottom), rates])
