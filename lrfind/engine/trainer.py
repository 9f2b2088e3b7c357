"""The interface of all that trains lanes: states and rates in, chunks out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lrfind.core.dataset import Floats


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
