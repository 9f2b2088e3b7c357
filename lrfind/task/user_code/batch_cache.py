"""The batches of a user's code by number, each with a checksum.

A run that is carried on is held to the batches that it began with.
"""

from __future__ import annotations

import itertools
import threading
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import numpy as np

from lrfind.core.errors import InputError, RunError
from lrfind.engine.trainer import checksum
from lrfind.task.user_code.pytrees import Tree, arrays, bytes_of, same_but_rows
from lrfind.task.user_code.tracebacks import shape_of, user_call

BYTES = ">u4"
"""Type of a checksum in the journal, where it is written in hexadecimal digits."""


class Marks:
    """Checksums of the batches of one stream, in order.

    Args:
        title: name of the data in messages.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._seen = array("I")
        self._recorded = array("I")

    def note(self, number: int, batch: Tree) -> None:
        """Add the checksum of a batch; one that came before is not checked again.

        Raises:
            RunError: it is not the recorded one.
        """
        if number == len(self._seen):
            self._seen.append(checksum(batch))
            self._compare(number)

    def expect(self, start: int, sums: str) -> None:
        """Hold the batches from a number on to recorded checksums, those that came already at once.

        Raises:
            RunError: one is another.
        """
        self._recorded[start:] = array("I", np.frombuffer(bytes.fromhex(sums), BYTES).tolist())
        self._compare(start)

    def unrecorded(self, stop: int | None) -> tuple[int, str] | None:
        """Return number and checksums of the batches up to `stop` that are not recorded yet, and record them.

        Args:
            stop: number of batches; None for all.

        Returns:
            The first batch's number and the checksums in hexadecimal digits; None without any.
        """
        start = len(self._recorded)
        more = self._seen[start:stop]
        self._recorded += more
        return (start, np.array(more, BYTES).tobytes().hex()) if more else None

    def _compare(self, start: int) -> None:
        """Compare the batches from a number on with the recorded ones."""
        for number in range(start, min(len(self._seen), len(self._recorded))):
            if self._seen[number] != self._recorded[number]:
                raise RunError(
                    f"the batches of {self._title} are not those of the run that is carried on, from batch "
                    f"{number:,} on; --fresh begins anew"
                )


KEEP_BYTES = 2**28
"""Bytes of batches that all streams of a run keep in memory together."""

MOST = 10**6
"""Batches of one pass beyond which data is taken to have no end."""

Fit = Callable[[Tree, str, str], Tree]
"""``(batch, what, key) -> batch``: checks and converts a batch, which messages call `what`."""


@dataclass
class MemoryBudget:
    """Memory for batches that several streams share.

    Attributes:
        left: bytes that are left.
    """

    left: int = KEEP_BYTES

    def take(self, size: int) -> bool:
        """Take bytes of the budget; return whether there was room."""
        has_room = size <= self.left
        self.left -= size if has_room else 0
        return has_room


@dataclass
class Stream:
    """The batches of one order.

    Attributes:
        start: function ``epoch -> iterable of batches``.
        title: name of the data in messages.
        room: memory budget of the kept batches.
        key: config key of the reference.
        fits: checks of every batch; may grow.
        like: batch whose structure, shapes and types all batches must have; None for those of the first.
        skipped: number of batches left out, as they are smaller than the first.
        per_pass: number of batches per pass; None before a pass has ended.
        marks: checksums of the batches so far.
    """

    start: Callable[[int], Any]
    title: str
    room: MemoryBudget
    key: str
    fits: Sequence[Fit] = ()
    like: Tree | None = None
    skipped: int = 0
    per_pass: int | None = None

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._kept: list[Tree] = []
        self._iterator = self._batches()
        self._position = 0
        # Lanes side by side ask for the same batches, of this chunk and the next.
        self._stacked = lru_cache(maxsize=2)(self._stack)
        self.marks = Marks(self.title)

    def stack(self, start: int, stop: int, group: int) -> Tree:
        """Return batches start*group..stop*group-1, stacked: leading axes (stop - start, [group if above 1])."""
        with self._lock:
            return self._stacked(start, stop, group)

    def take(self, wanted: int) -> list[Tree]:
        """Return the first batches, fewer if a pass has fewer."""
        with self._lock:
            return list(itertools.islice(self._first_pass(), wanted))

    def count(self) -> int:
        """Return the number of batches of one pass, all of which are checked."""
        with self._lock:
            if self.per_pass is None:
                for _ in itertools.islice(self._first_pass(), MOST):
                    pass
            if self.per_pass is None:
                raise InputError(
                    f"{self.title} gave more than {MOST:,} batches and did not end; give train.steps instead",
                    key="train.epochs",
                )
            return self.per_pass

    def _stack(self, start: int, stop: int, group: int) -> Tree:
        tree = jax.tree.map(lambda *leaves: np.stack(leaves), *self._take(start * group, stop * group))
        if group > 1:
            tree = jax.tree.map(lambda leaf: leaf.reshape(stop - start, group, *leaf.shape[1:]), tree)
        return tree

    def _first_pass(self) -> Iterator[Tree]:
        """Yield the batches of the first pass, none before it is asked for."""
        number = 0
        while self.per_pass is None or number < self.per_pass:
            batches = self._take(number, number + 1)
            if number != self.per_pass:  # As that one is of the next pass.
                yield from batches
            number += 1

    def _take(self, start: int, stop: int) -> list[Tree]:
        """Return batches by number, and keep all from the first on while there is room."""
        batches = self._kept[start:stop]
        begin = start + len(batches)
        if begin == stop:
            return batches
        if begin < self._position:
            self._iterator, self._position = self._batches(), 0
        while self._position < stop:
            batch = next(self._iterator)
            if self._position >= begin:
                batches.append(batch)
            self.marks.note(self._position, batch)
            if len(self._kept) == self._position and self.room.take(bytes_of(batch)):
                self._kept.append(batch)
            self._position += 1
        return batches

    def _batches(self) -> Iterator[Tree]:
        """Yield pass after pass, without end."""
        for epoch in itertools.count():
            number = skipped = 0
            for batch in self._pass(epoch):
                whole = self._checked(batch, number + skipped, epoch)
                if whole is None:
                    skipped += 1
                    if skipped > max(1, number):
                        raise InputError(
                            f"most batches of {self.title} are smaller than its first; drop or pad them", key=self.key
                        )
                    continue
                number += 1
                yield whole
            if epoch == 0:
                self.per_pass, self.skipped = number, skipped
            if number == 0:
                again = "" if epoch == 0 else " when it was begun again; an iterator that runs once will not do"
                raise InputError(f"{self.title} gave no batch{again}", key=self.key)

    def _pass(self, epoch: int) -> Iterator[Any]:
        with user_call(self.title):
            iterator = iter(self.start(epoch))
        while True:
            with user_call(self.title):
                try:
                    batch = next(iterator)
                except StopIteration:
                    return
            yield batch

    def _checked(self, batch: Any, number: int, epoch: int) -> Tree | None:
        """Return the batch as arrays; None if it is smaller than the first, and otherwise alike."""
        what = f"batch {number}" + (f" of pass {epoch + 1}" if epoch else "") + f" of {self.title}"
        tree = arrays(batch, what, self.key)
        if self.like is None:
            leaves = jax.tree.leaves(tree)
            if not any(leaf.ndim for leaf in leaves):
                raise InputError(
                    f"{self.title} gives {shape_of(tree)} for a batch; a batch is arrays with one row per example "
                    "(a list of arrays is read as batches: return a tuple for arrays)",
                    key=self.key,
                )
            if any(leaf.shape[:1] == (0,) for leaf in leaves):
                raise InputError(f"{what} has no rows: {shape_of(tree)}", key=self.key)
            self.like = tree
        if same_but_rows(tree, self.like, types=True):
            pairs = zip(jax.tree.leaves(self.like), jax.tree.leaves(tree), strict=True)
            rows = {(first.shape[:1], leaf.shape[:1]) for first, leaf in pairs}
            if all(now == first for first, now in rows):
                for fit in self.fits:
                    tree = fit(tree, what, self.key)
                return tree
            # Arrays with equal rows in the first have equal rows in a smaller one.
            if all(now <= first for first, now in rows) and len(dict(rows)) == len(rows):
                return None
        raise InputError(
            f"{what} is {shape_of(tree)}, and the first is {shape_of(self.like)}; one program serves all batches, so "
            "pad them to one shape",
            key=self.key,
        )
