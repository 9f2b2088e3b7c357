"""The interface of all that trains lanes, and the learning rates of a range test."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lrfind.core.dataset import Floats

LONGER = 10
"""Largest length of an extension, in multiples of the ladder's steps.

It bounds ladders that hardly rise; a linear one needs 4.6 times its steps for two decades.
"""


def exponential(low: float, high: float, steps: int) -> Floats:
    """Return ``low (high / low)^(i / (steps - 1))``, even in log rate, shape (steps,)."""
    return np.geomspace(low, high, steps)


def linear(low: float, high: float, steps: int) -> Floats:
    """Return rates evenly spaced, ``low + (high - low) i / (steps - 1)``, shape (steps,)."""
    return np.linspace(low, high, steps)


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


@dataclass(frozen=True)
class Chunk:
    """Outcome of consecutive steps.

    Attributes:
        start: number of the first step.
        loss: training loss, shape (lanes, steps).
        gradient_norm: global gradient norm, shape (lanes, steps).
        update_norm: global update norm, shape (lanes, steps).
        trust: trust-region ratio, shape (lanes, steps); NaN where it was not measured.
        states: states of the lanes after the chunk, valid until the next chunk is requested.
    """

    start: int
    loss: Floats
    gradient_norm: Floats
    update_norm: Floats
    trust: Floats
    states: Sequence[Any]

    @property
    def stop(self) -> int:
        """Number of the step after the last one."""
        return self.start + int(self.loss.shape[1])


@dataclass(frozen=True)
class LaneRun:
    """Steps of lanes to train; see `Trainer.run` for the attributes."""

    states: Sequence[Any]
    rates: Floats
    start: int = 0
    seeds: Sequence[int] | None = None
    probe_every: int = 0
    label: Mapping[str, Any] | None = None

    @property
    def lane_seeds(self) -> Sequence[int]:
        """Seed of each lane."""
        return range(len(self.states)) if self.seeds is None else self.seeds


class Trainer(ABC):
    """Interface of all that trains lanes."""

    def run(
        self,
        states: Sequence[Any],
        rates: Floats,
        *,
        start: int = 0,
        seeds: Sequence[int] | None = None,
        probe_every: int = 0,
        label: Mapping[str, Any] | None = None,
    ) -> Iterator[Chunk]:
        """Train lanes.

        Args:
            states: training state of each lane before step `start`.
            rates: learning rates, shape (steps, lanes).
            start: number of the first step, which selects batches and keys.
            seeds: seed whose batches and keys each lane takes; None for lane i to take seed i.
            probe_every: measure the trust-region ratio at multiples of this step number; 0 for never. Only a
                `TrustRatioStep` step measures it.
            label: fields of the run's journal records, e.g. the `learning_rate` of each lane if the rates of all steps
                are too many.

        Yields:
            The chunks, in order, computed on demand.
        """
        return self.train(LaneRun(states, rates, start, seeds, probe_every, label))

    @abstractmethod
    def train(self, run: LaneRun) -> Iterator[Chunk]:
        """Train lanes, as `run`."""
