"""The batches of a task's seeds and steps."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import jax
import numpy as np

from lrfind.config.schema import Config
from lrfind.core.dataset import Dataset
from lrfind.engine.evaluation import AT_ONCE, cut, rows_in
from lrfind.engine.trainer import BatchFeed, StepInputs
from lrfind.task.data import prepare
from lrfind.task.data.batches import SPLIT_SEED, Batches, shuffled

if TYPE_CHECKING:
    from lrfind.task.user_code.streamed import Streamed


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
        """Return journal records of the seeds' batches before step `stop`; see `Streamed.seen`."""
        return self.source.seen(seeds, stop * self.config.optimizer.accumulate)


Tree = Any
"""A pytree of numpy arrays."""

EVALUATED = 5
"""The random stream that draws the rows to evaluate on."""

Part = Literal["train", "validation"]


@dataclass(frozen=True)
class Drawn:
    """Batches of rows of arrays, drawn at random without replacement in an epoch.

    Attributes:
        title: the arrays' name in reports.
        train: pytree of arrays with one leading axis: the rows to train on.
        validation: pytree of the rows held out; None where none are.
        batch_rows: rows of a batch.
        whole: whether to evaluate on batches as large as those of the training; larger ones are faster.
        data: the data set of these arrays; None where its targets were not checked.
    """

    title: str
    train: Tree
    validation: Tree | None
    batch_rows: int
    whole: bool = False
    data: Dataset | None = None

    @property
    def streamed(self) -> bool:
        """Whether rows are read from the disk batch by batch."""
        return self.data is not None and self.data.streamed

    @property
    def batch_bytes(self) -> int:
        """The bytes of one batch that are copied to the device; 0 where the rows are there."""
        if not self.streamed:
            return 0
        row = sum(leaf.size // len(leaf) * leaf.dtype.itemsize for leaf in jax.tree.leaves(self.train))
        return int(row * self.batch_rows)

    @property
    def nbytes(self) -> int:
        """The bytes that stay in memory."""
        return sum(int(leaf.nbytes) for leaf in jax.tree.leaves((self.train, self.validation)))

    @cached_property
    def rows(self) -> int:
        """The number of rows to train on."""
        return rows_in(self.train)

    def per_epoch(self) -> int:
        """Return the number of batches of one epoch."""
        return self.rows // self.batch_rows

    def feed(self, seeds: Sequence[int], batches: Batches) -> BatchFeed:
        """Return the batches of every seed, with the keys and the row order of `batches`."""

        def draw(number: int, begin: int, stop: int) -> StepInputs:
            rows: Any = batches.indices(seeds[number], begin, stop)
            if self.streamed:
                rows = jax.tree.map(lambda leaf: leaf[rows], self.train)
            return StepInputs(rows, batches.keys(seeds[number], begin, stop))

        if self.streamed:
            return BatchFeed((), lambda _, batch: batch, draw)
        return BatchFeed(self.train, rows_of, draw)

    def sample(self, part: Part, rows: int, at_once: int = AT_ONCE) -> list[Tree] | None:
        """Return rows to evaluate on, as batches of one shape.

        Args:
            part: the rows to draw from.
            rows: about how many rows.
            at_once: rows of one batch, if more than `batch_rows`; unused if `whole`.

        Returns:
            The batches; None where there is no such part.
        """
        tree = self.train if part == "train" else self.validation
        if tree is None:
            return None
        return cut(pick(tree, rows), self.batch_rows, at_once=self.batch_rows if self.whole else at_once)

    def first(self, rows: int) -> Tree:
        """Return the first rows to train on."""
        return jax.tree.map(lambda leaf: leaf[:rows], self.train)

    def digest(self) -> str:
        """Return a hash of all rows."""
        if self.data is not None:
            return prepare.digest(self.data)
        content = hashlib.blake2b(digest_size=16)
        for part in (self.train, self.validation):
            fingerprint(content, part)
        return content.hexdigest()

    def seen(self, seeds: Sequence[int] | None, stop: int | None) -> Sequence[Mapping[str, Any]]:
        """Return no lines: the digest is of all rows."""
        return ()

    def expect(self, line: Mapping[str, Any]) -> None:
        """Accept any line: the digest is of all rows."""

    def describe(self) -> str:
        """Return one line on the data for reports."""
        held_out = 0 if self.validation is None else rows_in(self.validation)
        rows = f"{self.rows:,} rows to train on, {held_out:,} held out"
        if self.data is None:
            return f"{self.title}: {rows}, {shapes(self.train)}"
        if self.data.kind == "text":
            windows = f"{self.rows:,} windows of {self.data.input_shape[0]:,} to train on, {held_out:,} held out"
            return f"{self.title}: {windows}, {self.data.outputs} tokens"
        noun = "classes" if self.data.kind == "classification" else "target" if self.data.outputs == 1 else "targets"
        shape = "x".join(map(str, self.data.input_shape))
        where = ", read from the disk batch by batch" if self.streamed else ""
        return f"{self.title}: {rows}, inputs {shape}, {self.data.outputs} {noun}{where}"


Source: TypeAlias = "Drawn | Streamed"
"""A source of training and validation batches."""


def of_dataset(data: Dataset, batch_rows: int, *, whole: bool = False) -> Drawn:
    """Return the rows of a checked data set as a source of batches ``(inputs, targets)``."""
    held_out = data.validation and (data.validation.inputs, data.validation.targets)
    return Drawn(data.name, (data.train.inputs, data.train.targets), held_out, batch_rows, whole, data)


def rows_of(data: Any, rows: Any) -> Any:
    """Return rows of every array; their numbers come from `Batches`, so the program need not check bounds."""
    return jax.tree.map(lambda leaf: leaf.at[rows].get(mode="promise_in_bounds"), data)


def pick(tree: Tree, wanted: int) -> Tree:
    """Return some rows, drawn at random because files may be sorted; the same for every seed of the run.

    Args:
        tree: pytree of arrays with one leading axis.
        wanted: number of rows; all are returned where there are fewer.
    """
    count = rows_in(tree)
    if count <= wanted:
        return jax.tree.map(lambda leaf: leaf[:], tree)
    rows = np.sort(shuffled(count, 0, wanted, SPLIT_SEED, EVALUATED))
    return jax.tree.map(lambda leaf: leaf[rows], tree)


def shapes(tree: Tree) -> str:
    """Return types and shapes of one row, e.g. ``"float32[28,28], int32[]"``."""
    shown = [f"{leaf.dtype}[{','.join(map(str, leaf.shape[1:]))}]" for leaf in jax.tree.leaves(tree)]
    return ", ".join(shown[:4]) + (f" and {len(shown) - 4} more" if len(shown) > 4 else "")


def fingerprint(content: Any, tree: Tree | None) -> None:
    """Update a hash with a pytree of arrays."""
    if tree is None:
        return
    leaves, structure = jax.tree.flatten(tree)
    content.update(str(structure).encode())
    for leaf in leaves:
        content.update(f"{leaf.dtype}{leaf.shape}".encode())
        content.update(np.ascontiguousarray(leaf).reshape(-1).view(np.uint8).data)
