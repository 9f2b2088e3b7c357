"""The batches of a task's seeds and steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lrfind.config.schema import Config
from lrfind.core.dataset import Dataset
from lrfind.engine.train_loop import BatchFeed
from lrfind.task.batch_source import Drawn, Source
from lrfind.task.data.batches import Batches


@dataclass(frozen=True)
class TaskBatches:
    """Batches of a source, for every seed and step.

    Attributes:
        config: resolved config.
        source: source of the batches.
    """

    config: Config
    source: Source

    @property
    def dataset(self) -> Dataset | None:
        """Data set; None if its targets were not interpreted."""
        return self.source.data if isinstance(self.source, Drawn) else None

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seed of each lane of a sweep."""
        return tuple(range(self.config.sweep.seeds))

    @cached_property
    def order(self) -> Batches:
        """Row numbers and random keys of every seed and step."""
        rows = self.source.rows if isinstance(self.source, Drawn) else self.source.batch_rows
        return Batches(rows, self.source.batch_rows, self.config.optimizer.accumulate, self.config.seed)

    @property
    def rows_per_step(self) -> int:
        """Rows of data per optimiser step."""
        return self.source.batch_rows * self.config.optimizer.accumulate

    @property
    def bytes_per_step(self) -> int:
        """Bytes of batches that a step of all lanes copies to the device; 0 for data that stay there."""
        return self.source.batch_bytes * self.config.optimizer.accumulate * len(self.seeds)

    def feed(self) -> BatchFeed:
        """Return the batches of all seeds for a train loop."""
        return self.source.feed(self.seeds, self.order)

    def seen(self, seeds: Sequence[int], stop: int) -> Sequence[Mapping[str, Any]]:
        """Return journal records of the seeds' batches before step `stop`; see `Source.seen`."""
        return self.source.seen(seeds, stop * self.config.optimizer.accumulate)
