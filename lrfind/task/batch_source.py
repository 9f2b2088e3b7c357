"""Where batches come from, as a plan sees it: rows in memory here, the user's own in `lrfind.task.user_code`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol

import jax
import numpy as np

from lrfind.core.dataset import Dataset
from lrfind.engine.evaluation import AT_ONCE, cut, rows_in
from lrfind.engine.host_batches import host_feed
from lrfind.engine.lanes import StepInputs
from lrfind.engine.train_loop import BatchFeed
from lrfind.task.data import prepare
from lrfind.task.data.batches import SPLIT_SEED, Batches
from lrfind.task.data.shuffle import shuffled

Tree = Any
"""A pytree of numpy arrays."""

JUDGED = 5
"""The random stream that draws the rows that states are judged on."""

Part = Literal["train", "validation"]


class Source(Protocol):
    """What a model learns from."""

    @property
    def title(self) -> str:
        """How reports call it."""

    @property
    def batch_rows(self) -> int:
        """Rows of one batch."""

    @property
    def batch_bytes(self) -> int:
        """Bytes of one batch that the host hands over; 0 where the rows are on the device."""

    @property
    def nbytes(self) -> int:
        """Bytes that stay in memory."""

    def per_epoch(self) -> int:
        """Batches of one pass."""

    def feed(self, seeds: Sequence[int], batches: Batches) -> BatchFeed:
        """Batches of every seed; keys, and the order of rows that lrfind shuffles, are those of `batches`."""

    def sample(self, part: Part, rows: int, at_once: int = AT_ONCE) -> list[Tree] | None:
        """About so many rows to judge by, as batches of one shape, of `at_once` rows or of a step's where lrfind makes
        them; None where there is no such part."""

    def first(self, rows: int) -> Tree:
        """A batch of so many of the rows to train on, or of as many as a batch has where those come as they are."""

    def digest(self) -> str:
        """A hash of the data; two runs with the same one saw the same."""

    def describe(self) -> str:
        """One line for reports."""

    def seen(self, seeds: Sequence[int] | None, stop: int | None) -> Sequence[Mapping[str, Any]]:
        """Lines for a journal that tell the batches of seeds up to a number, of all seeds and batches that came where
        none are given, from others; those that there were lines of before are left out."""

    def expect(self, line: Mapping[str, Any]) -> None:
        """Hold batches to such a line."""


@dataclass(frozen=True)
class Drawn:
    """Rows of arrays, drawn at random without repetition in an epoch.

    Attributes:
        title: how reports call them.
        train: pytree of arrays with one leading axis: the rows to train on.
        validation: the rows held out, likewise; None where none are.
        batch_rows: rows of a batch.
        whole: judge by batches as large as those of the training; otherwise by larger ones, which is faster.
        data: the data set that they are, where its targets were understood.
    """

    title: str
    train: Tree
    validation: Tree | None
    batch_rows: int
    whole: bool = False
    data: Dataset | None = None

    @property
    def streamed(self) -> bool:
        """Whether the rows stay on the disk."""
        return self.data is not None and self.data.streamed

    @property
    def batch_bytes(self) -> int:
        if not self.streamed:
            return 0
        row = sum(leaf.size // len(leaf) * leaf.dtype.itemsize for leaf in jax.tree.leaves(self.train))
        return int(row * self.batch_rows)

    @property
    def nbytes(self) -> int:
        return sum(int(leaf.nbytes) for leaf in jax.tree.leaves((self.train, self.validation)))

    @cached_property
    def rows(self) -> int:
        """Rows to train on."""
        return rows_in(self.train)

    def per_epoch(self) -> int:
        return self.rows // self.batch_rows

    def feed(self, seeds: Sequence[int], batches: Batches) -> BatchFeed:
        def draw(number: int, begin: int, stop: int) -> StepInputs:
            seed = seeds[number]
            return StepInputs(batches.indices(seed, begin, stop), batches.keys(seed, begin, stop))

        if not self.streamed:
            return BatchFeed(self.train, rows_of, draw)

        def read(number: int, begin: int, stop: int) -> Tree:
            rows = batches.indices(seeds[number], begin, stop)
            return jax.tree.map(lambda leaf: leaf[rows], self.train)

        return host_feed(read, lambda number, *steps: batches.keys(seeds[number], *steps))

    def sample(self, part: Part, rows: int, at_once: int = AT_ONCE) -> list[Tree] | None:
        found = self.train if part == "train" else self.validation
        if found is None:
            return None
        return cut(pick(found, rows), self.batch_rows, at_once=self.batch_rows if self.whole else at_once)

    def first(self, rows: int) -> Tree:
        return jax.tree.map(lambda leaf: leaf[:rows], self.train)

    def digest(self) -> str:
        if self.data is not None:
            return prepare.digest(self.data)
        found = hashlib.blake2b(digest_size=16)
        for part in (self.train, self.validation):
            fingerprint(found, part)
        return found.hexdigest()

    def seen(self, seeds: Sequence[int] | None, stop: int | None) -> Sequence[Mapping[str, Any]]:
        return ()  # The digest is of all rows.

    def expect(self, line: Mapping[str, Any]) -> None: ...

    def describe(self) -> str:
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


def of_dataset(data: Dataset, batch_rows: int, *, whole: bool = False) -> Drawn:
    """The rows of a checked data set, as batches ``(inputs, targets)``."""
    held_out = data.validation and (data.validation.inputs, data.validation.targets)
    return Drawn(data.name, (data.train.inputs, data.train.targets), held_out, batch_rows, whole, data)


def rows_of(data: Any, rows: Any) -> Any:
    """Rows of every array. The numbers come from `Batches` and are in bounds; saying so spares the program the
    check."""
    return jax.tree.map(lambda leaf: leaf.at[rows].get(mode="promise_in_bounds"), data)


def pick(tree: Tree, wanted: int) -> Tree:
    """So many rows, drawn at random: a file may be sorted, and the split keeps its order. They are the same for every
    seed of the run, as the split is: a rate should not change because its judges did."""
    found = rows_in(tree)
    if found <= wanted:
        return jax.tree.map(lambda leaf: leaf[:], tree)
    rows = np.sort(shuffled(found, 0, wanted, SPLIT_SEED, JUDGED))
    return jax.tree.map(lambda leaf: leaf[rows], tree)


def shapes(tree: Tree) -> str:
    """Types and shapes of one row: ``"float32[28,28], int32[]"``."""
    shown = [f"{leaf.dtype}[{','.join(map(str, leaf.shape[1:]))}]" for leaf in jax.tree.leaves(tree)]
    return ", ".join(shown[:4]) + (f" and {len(shown) - 4} more" if len(shown) > 4 else "")


def fingerprint(found: Any, tree: Tree | None) -> None:
    """Feed a tree of arrays to a hash."""
    if tree is None:
        return
    leaves, structure = jax.tree.flatten(tree)
    found.update(str(structure).encode())
    for leaf in leaves:
        found.update(f"{leaf.dtype}{leaf.shape}".encode())
        found.update(np.ascontiguousarray(leaf).reshape(-1).view(np.uint8).data)
