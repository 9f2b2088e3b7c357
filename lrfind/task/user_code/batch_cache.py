"""A checksum of every batch of a stream: a run that is carried on is held to the batches that it began with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import numpy as np

from lrfind.core.errors import InputError, RunError
from lrfind.engine.trainer import checksum
from lrfind.task.user_code.pytrees import Tree, arrays
from lrfind.task.user_code.tracebacks import shape_of, user_call

SIZE = 4
"""Bytes of a checksum."""


class Marks:
    """Checksums of the batches of one stream, in order.

    Args:
        title: name of the data in messages.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._seen = bytearray()
        self._recorded = bytearray()

    def note(self, number: int, batch: Tree) -> None:
        """Add the checksum of a batch; one that came before is not checked again.

        Raises:
            RunError: it is not the recorded one.
        """
        if number * SIZE == len(self._seen):
            self._seen += checksum(batch).to_bytes(SIZE, "big")
            self._compare(number)

    def expect(self, start: int, sums: str) -> None:
        """Hold the batches from a number on to recorded checksums, those that came already at once.

        Raises:
            RunError: one is another.
        """
        self._recorded[start * SIZE :] = bytes.fromhex(sums)
        for number in range(start, min(len(self._seen), len(self._recorded)) // SIZE):
            self._compare(number)

    def unrecorded(self, stop: int | None) -> tuple[int, str] | None:
        """Return number and checksums of the batches up to `stop` that are not recorded yet, and record them.

        Args:
            stop: number of batches; None for all.

        Returns:
            The first batch's number and the checksums in hexadecimal digits; None without any.
        """
        start = len(self._recorded)
        more = self._seen[start : None if stop is None else stop * SIZE]
        self._recorded += more
        return (start // SIZE, more.hex()) if more else None

    def _compare(self, number: int) -> None:
        span = slice(number * SIZE, (number + 1) * SIZE)
        if (recorded := self._recorded[span]) and recorded != self._seen[span]:
            raise RunError(
                f"the batches of {self._title} are not those of the run that is carried on, from batch {number:,} on; "
                "--fresh begins anew"
            )


KEEP_BYTES = 2**28
"""Bytes of batches that all streams of a run keep in memory together."""

MOST = 10**6
"""Batches of one pass beyond which data is taken to have no end."""

Start = Callable[[int], Any]
"""``epoch -> iterable of batches``."""

Fit = Callable[[Tree, str, str], Tree]
"""``(batch, what, key) -> batch``: checks and converts a batch, which messages call `what`."""

Shapes = list[tuple[tuple[int, ...], Any]]
"""Shape and type of each array."""

Template = tuple[Any, Shapes]
"""Structure of a batch, shape and type of each array."""


class MemoryBudget:
    """Memory for batches that several streams share."""

    def __init__(self, limit: int | None = None) -> None:
        self.left = KEEP_BYTES if limit is None else limit

    def take(self, size: int) -> bool:
        """Take bytes of the budget; return whether there was room."""
        if size > self.left:
            return False
        self.left -= size
        return True


class Stream:
    """The batches of one order.

    Args:
        start: function ``epoch -> iterable of batches``.
        title: name of the data in messages.
        room: memory budget of the kept batches.
        key: config key of the reference.
        fits: checks of every batch; may grow.
        like: template of another stream to keep to; None for that of the own first batch.

    Attributes:
        template: structure, shapes and types of all batches; None before the first.
        skipped: number of batches left out, as they are smaller than the first.
        marks: checksums of the batches so far.
        per_pass: number of batches per pass; None before a pass has ended.
    """

    def __init__(
        self,
        start: Start,
        title: str,
        room: MemoryBudget,
        key: str,
        fits: Sequence[Fit] = (),
        like: Template | None = None,
    ) -> None:
        self._start, self._title, self._budget, self._key, self._fits = start, title, room, key, fits
        self._lock = threading.RLock()
        self._kept: list[Tree] = []
        self._keeps_all = True  # All batches so far are kept.
        self._recent: list[tuple[tuple[int, int, int], Tree]] = []
        self._iterator: Iterator[Tree] | None = None
        self._position = 0
        self.marks = Marks(title)
        self.template = like
        self.skipped = 0
        self.per_pass: int | None = None

    def first(self) -> Tree:
        """Return the first batch."""
        with self._lock:
            return next(iter(self._take(0, 1)))

    def stack(self, start: int, stop: int, group: int) -> Tree:
        """Return batches start*group..stop*group-1, stacked: leading axes (stop - start, [group if above 1])."""
        with self._lock:
            asked = (start, stop, group)
            for known, tree in self._recent:
                if known == asked:
                    return tree
            batches = self._take(start * group, stop * group)
            tree = jax.tree.map(lambda *leaves: np.stack(leaves), *batches)
            if group > 1:
                tree = jax.tree.map(lambda leaf: leaf.reshape(stop - start, group, *leaf.shape[1:]), tree)
            self._recent = [*self._recent[-1:], (asked, tree)]
            return tree

    def take(self, wanted: int) -> list[Tree]:
        """Return the first batches, fewer if a pass has fewer."""
        with self._lock:
            if self.per_pass is not None:
                wanted = min(wanted, self.per_pass)
            batches: list[Tree] = []
            for number in range(wanted):
                batches += self._take(number, number + 1)
                if self.per_pass is not None and number + 1 >= self.per_pass:
                    break
            return batches[: self.per_pass]

    def count(self) -> int:
        """Return the number of batches of one pass, all of which are checked."""
        with self._lock:
            number = 0
            while self.per_pass is None:
                if number >= MOST:
                    raise InputError(
                        f"{self._title} gave more than {MOST:,} batches and did not end; give train.steps instead",
                        key="train.epochs",
                    )
                self._take(number, number + 1)
                number += 1
            return self.per_pass

    def _take(self, start: int, stop: int) -> list[Tree]:
        batches = self._kept[start:stop]
        if len(batches) == stop - start:
            return batches
        begin = start + len(batches)
        if self._iterator is None or begin < self._position:
            self._iterator, self._position = self._batches(), 0
        while self._position < stop:
            batch = next(self._iterator)
            if self._position >= begin:
                batches.append(batch)
            self._record(batch)
        return batches

    def _record(self, batch: Tree) -> None:
        """Count a batch, and keep it while there is room."""
        self.marks.note(self._position, batch)
        if self._keeps_all and len(self._kept) == self._position:
            self._keeps_all = self._budget.take(sum(int(leaf.nbytes) for leaf in jax.tree.leaves(batch)))
            if self._keeps_all:
                self._kept.append(batch)
        self._position += 1

    def _batches(self) -> Iterator[Tree]:
        """Yield pass after pass, without end."""
        epoch = 0
        while True:
            number = 0
            skipped = 0
            for batch in self._pass(epoch):
                whole = self._checked(batch, number + skipped, epoch)
                if whole is None:
                    skipped += 1
                    if skipped > max(1, number):
                        raise InputError(
                            f"most batches of {self._title} are smaller than its first; drop or pad them", key=self._key
                        )
                    continue
                number += 1
                yield whole
            if epoch == 0:
                self.per_pass, self.skipped = number, skipped
            if number == 0:
                again = "" if epoch == 0 else " when it was begun again; an iterator that runs once will not do"
                raise InputError(f"{self._title} gave no batch{again}", key=self._key)
            epoch += 1

    def _pass(self, epoch: int) -> Iterator[Any]:
        with user_call(f"{self._title}"):
            iterator = iter(self._start(epoch))
        while True:
            with user_call(f"{self._title}"):
                try:
                    batch = next(iterator)
                except StopIteration:
                    return
            yield batch

    def _checked(self, batch: Any, number: int, epoch: int) -> Tree | None:
        """Return the batch as arrays; None if it is smaller than the first, and otherwise alike."""
        what = f"batch {number}" + (f" of pass {epoch + 1}" if epoch else "") + f" of {self._title}"
        tree = arrays(batch, what, self._key)
        leaves, structure = jax.tree.flatten(tree)
        shapes = [(leaf.shape, leaf.dtype) for leaf in leaves]
        if self.template is None:
            if not any(leaf.ndim for leaf in leaves):
                raise InputError(
                    f"{self._title} gives {shape_of(tree)} for a batch; a batch is arrays with one row per example "
                    "(a list of arrays is read as batches: return a tuple for arrays)",
                    key=self._key,
                )
            if any(leaf.shape[:1] == (0,) for leaf in leaves):
                raise InputError(f"{what} has no rows: {shape_of(tree)}", key=self._key)
            self.template = structure, shapes
        wanted, sizes = self.template
        if structure == wanted and shapes == sizes:
            for fit in self._fits:
                tree = fit(tree, what, self._key)
            return tree
        if structure == wanted and _is_smaller(shapes, sizes):
            return None
        first = jax.tree.unflatten(wanted, [jax.ShapeDtypeStruct(*size) for size in sizes])
        raise InputError(
            f"{what} is {shape_of(tree)}, and the first is {shape_of(first)}; one program serves all batches, so pad "
            "them to one shape",
            key=self._key,
        )


def _is_smaller(shapes: Shapes, first: Shapes) -> bool:
    """Return whether a batch is the first one with fewer rows: arrays with equal rows there have equal rows here."""
    pairs = list(zip(shapes, first, strict=True))
    alike = all(one[1] == other[1] and one[0][1:] == other[0][1:] and one[0] <= other[0] for one, other in pairs)
    rows = {(other[0][:1], one[0][:1]) for one, other in pairs}
    return alike and len(dict(rows)) == len(rows)
