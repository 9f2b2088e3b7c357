"""Run the range test: one training per seed while the learning rate rises, extended or repeated if needed.

Reference:
    Smith 2015, "Cyclical learning rates for training neural networks", arXiv:1506.01186.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lrfind.analysis.range_test.curve import combine, divergence
from lrfind.analysis.range_test.recommendation import begins_too_high
from lrfind.analysis.range_test.sweep_curve import SweepCurve, hopeless
from lrfind.config.schema import SweepSection
from lrfind.core.dataset import Floats
from lrfind.core.registry import LADDERS, METHODS
from lrfind.engine.trainer import Chunk, LaneRun, Trainer

PROBE_EVERY = 6
"""Steps between two measurements of the trust-region ratio.

They cost an eighteenth more work and give two points per decade of the default ladder.
"""

REACH = 100.0
"""Largest factor by which the range is extended on each side: two decades."""

Bounds = tuple[float | None, float | None]
"""Lowest and highest rate that the user allows; None for the limits of the extension."""


@dataclass
class SweepPass:
    """One pass of the range test, growing as it is measured.

    Attributes:
        ladder: learning rates of the pass and its extension, shape (steps,).
        chunks: chunks measured so far.
    """

    ladder: Floats
    chunks: list[Chunk] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Number of measured steps."""
        return self.chunks[-1].stop if self.chunks else 0

    @property
    def last_loss(self) -> float:
        """Loss of the last measured step, median over the seeds."""
        return float(np.median(self.chunks[-1].loss[:, -1]))

    @property
    def curve(self) -> SweepCurve:
        """Curve so far."""
        names = ("loss", "gradient_norm", "update_norm", "trust")
        columns = (np.concatenate([getattr(chunk, name) for chunk in self.chunks], axis=1) for name in names)
        return SweepCurve(self.ladder[: self.done], *columns)


def range_test(
    train_loop: Trainer, states: list[Any], section: SweepSection, bounds: Bounds, passes: list[SweepPass]
) -> Iterator[SweepPass]:
    """Run passes of the range test; the second one starts lower if the first began too high.

    Args:
        train_loop: train loop, compiled for the states' lanes.
        states: training state of each seed before the sweep.
        section: section `sweep` of the config.
        bounds: lowest and highest rate that the user allows.
        passes: receives each pass, so that an interrupted caller keeps them.

    Yields:
        The current pass after each of its chunks.
    """
    reach = REACH if section.extend else 1.0
    lowest, highest = bounds
    bottom = max(section.min_lr / reach, lowest or 0.0)
    top = min(section.max_lr * reach, highest or math.inf)
    rates: Floats = LADDERS[section.ladder].load()(section.min_lr, section.max_lr, section.steps)
    while True:
        extension = extend_up(rates, top)
        current = SweepPass(np.concatenate([rates, extension]))
        passes.append(current)
        for chunk in run_pass(train_loop, states, rates, extension):
            current.chunks.append(chunk)
            yield current
        if len(passes) > 1 or not bottom < section.min_lr:
            return
        if not begins_too_high(current.curve.summary, METHODS[section.method].load()):
            return
        rates = np.concatenate([extend_down(rates, bottom), rates])


def run_pass(train_loop: Trainer, states: Sequence[Any], ladder: Floats, extension: Floats) -> Iterator[Chunk]:
    """Train over a ladder of rates, and over its extension if the loss has not diverged.

    The pass ends early once no seed can recover, and on the extension as soon as the loss has diverged.

    Args:
        train_loop: train loop, compiled for the lanes.
        states: initial training state of each seed.
        ladder: learning rates, shape (steps,).
        extension: further learning rates, which continue the training; empty for none.

    Yields:
        The chunks, in order.
    """
    losses: list[Floats] = []
    for part, start in ((ladder, 0), (extension, len(ladder))):
        rates = np.repeat(part[:, None], len(states), axis=1)
        for chunk in train_loop.train(LaneRun(states, rates, start=start, probe_every=PROBE_EVERY)):
            losses.append(chunk.loss)
            states = chunk.states
            yield chunk
            loss = np.concatenate(losses, axis=1)
            if hopeless(loss) or (start and divergence(combine(loss)) is not None):
                return
        if divergence(combine(np.concatenate(losses, axis=1))) is not None:
            return


LONGER = 10
"""Largest length of an extension, in multiples of the ladder's steps.

It bounds ladders that hardly rise; a linear one needs 4.6 times its steps for two decades.
"""


def extend_up(ladder: Floats, high: float) -> Floats:
    """Extend a ladder upwards by its last step in log rate, up to `high` included.

    Args:
        ladder: rates so far, shape (steps,), increasing.
        high: last rate of the extension.

    Returns:
        Rates above the ladder's last, evenly spaced in log rate, at most `LONGER` times as many; empty if `high` is not
        above it.
    """
    last = ladder[-1]
    if high <= last:
        return np.empty(0)
    rise = float(np.log(high / last))
    step = max(float(np.log(last / ladder[-2])), rise / (LONGER * len(ladder)))
    steps = max(1, round(rise / step))
    return np.geomspace(last, high, steps + 1)[1:]


def extend_down(ladder: Floats, low: float) -> Floats:
    """Extend a ladder downwards by its first step in log rate, from `low` included.

    Args:
        ladder: rates so far, shape (steps,), increasing.
        low: first rate of the extension.

    Returns:
        Rates below the ladder's first, evenly spaced in log rate; empty if `low` is not below it.
    """
    first = ladder[0]
    if low >= first:
        return np.empty(0)
    # A linear ladder's first step may span decades; fifty steps a decade at most, five at least.
    step = np.clip(np.log10(ladder[1] / first), 1 / 50, 1 / 5)
    return np.geomspace(low, first, max(1, round(float(np.log10(first / low) / step))) + 1)[:-1]
