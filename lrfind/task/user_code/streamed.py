"""Batches that a user's code makes, as a source."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from lrfind.core.errors import InputError
from lrfind.engine.evaluation import AT_ONCE, cut, rows_in
from lrfind.engine.trainer import BatchFeed, StepInputs
from lrfind.task.batch_source import Part, fingerprint, pick, shapes
from lrfind.task.data.batches import ORDER, Batches, generator
from lrfind.task.user_code.batch_cache import Fit, MemoryBudget, Stream
from lrfind.task.user_code.data import BatchFactory, Pairs, UserArrays, UserData
from lrfind.task.user_code.pytrees import Tree, bytes_of, same_but_rows
from lrfind.task.user_code.tracebacks import shape_of

HELD_OUT = -1
"""Number of the held-out stream, beside those of the seeds."""

DIGESTED = 8
"""Number of batches that stand for all in the fingerprint: reading the rest would be a pass of its own."""


@dataclass(frozen=True)
class Streamed:
    """Source of batches that a user's code makes.

    Attributes:
        title: name in reports.
        made: factory of the batches.
        held_out: held-out batches or arrays; None without any.
        seed: seed of the run.
        fits: checks of every batch; may grow.
    """

    title: str
    made: BatchFactory
    held_out: UserData | None
    seed: int
    fits: list[Fit] = field(default_factory=list)
    _streams: dict[int, Stream] = field(default_factory=dict)
    _budget: MemoryBudget = field(default_factory=MemoryBudget)

    @cached_property
    def example(self) -> Tree:
        """The first batch."""
        return self.stream(0).take(1)[0]

    @property
    def batch_rows(self) -> int:
        """The rows of one batch."""
        return rows_in(self.example)

    @property
    def batch_bytes(self) -> int:
        """The bytes of one batch that are copied to the device."""
        return bytes_of(self.example)

    @property
    def nbytes(self) -> int:
        """The bytes that stay in memory: two batches."""
        return 2 * self.batch_bytes

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know."""
        notes = []
        if not self.made.seeded:
            notes.append(
                f"{self.title} gives every seed the same batches in the same order, so the seeds differ in their "
                "weights alone; give a function with a parameter called seed"
            )
        if skipped := self.stream(0).skipped:
            batches = "batch" if skipped == 1 else "batches"
            notes.append(f"{skipped:,} smaller {batches} of each pass over {self.title} left out")
        return tuple(notes)

    def stream(self, lane_seed: int) -> Stream:
        """Return the stream of a seed; all seeds share one if it makes no difference."""
        own = lane_seed if self.made.seeded else 0
        if own not in self._streams:
            number = int(generator(self.seed, own, ORDER).integers(2**31 - 1))
            like = self._streams[0].like if own and 0 in self._streams else None
            title = self.title if like is None else f"{self.title} for seed {number}"
            start = partial(self.made.start, number)
            self._streams[own] = Stream(start, title, self._budget, "data.target", self.fits, like)
        return self._streams[own]

    def per_epoch(self) -> int:
        """Return the number of batches of one epoch."""
        return self.stream(0).count()

    def feed(self, seeds: Sequence[int], batches: Batches) -> BatchFeed:
        """Return the batches of every seed, with the keys of `batches`."""
        streams = [self.stream(seed) for seed in seeds]

        def draw(number: int, begin: int, stop: int) -> StepInputs:
            made = streams[number].stack(begin, stop, batches.accumulate)
            return StepInputs(made, batches.keys(seeds[number], begin, stop))

        return BatchFeed((), lambda _, batch: batch, draw)

    def sample(self, part: Part, rows: int, at_once: int = AT_ONCE) -> list[Tree] | None:
        """Return rows to evaluate on, as batches of one shape.

        Args:
            part: the rows to draw from.
            rows: about how many rows.
            at_once: unused: the user's code makes the batches.

        Returns:
            The batches; None where there is no such part.
        """
        wanted = max(1, -(-rows // self.batch_rows))
        if part == "train":
            return self.stream(0).take(wanted)
        if self.held_out is None:
            return None
        if isinstance(self.held_out, UserArrays):
            rows_held = pick(self.held_out.train, rows)
            for fit in self.fits:
                rows_held = fit(rows_held, "data.validation", "data.validation")
            return cut(rows_held, self.batch_rows, at_once=self.batch_rows)
        if HELD_OUT not in self._streams:
            start, title = partial(self.held_out.start, 0), "data.validation"
            self._streams[HELD_OUT] = Stream(start, title, MemoryBudget(), title, self.fits)
        return self._streams[HELD_OUT].take(wanted)

    def first(self, rows: int) -> Tree:
        """Return the first batch, whatever its rows."""
        return self.example

    def digest(self) -> str:
        """Return a hash of the first batches of each part."""
        hasher = hashlib.blake2b(digest_size=16)
        for batch in self.stream(0).take(DIGESTED):
            fingerprint(hasher, batch)
        for batch in self.sample("validation", DIGESTED * self.batch_rows) or ():
            fingerprint(hasher, batch)
        return hasher.hexdigest()

    def seen(self, seeds: Sequence[int] | None, stop: int | None) -> Sequence[Mapping[str, Any]]:
        """Return journal lines with the checksums of the batches drawn and not yet recorded.

        Args:
            seeds: the seeds of the batches; None for all.
            stop: number of batches of each seed; None for all that were drawn.
        """
        known = self._streams if seeds is None else {seed if self.made.seeded else 0 for seed in seeds}
        new = {own: self._streams[own].marks.unrecorded(stop) for own in sorted(known)}
        return [
            {"kind": "batches", "seed": own, "start": marks[0], "sums": marks[1]} for own, marks in new.items() if marks
        ]

    def expect(self, line: Mapping[str, Any]) -> None:
        """Require that batches match a line that `seen` returned in an earlier process.

        Raises:
            RunError: one of them is another.
        """
        own = line["seed"]
        if own != HELD_OUT or HELD_OUT in self._streams:
            stream = self._streams[own] if own == HELD_OUT else self.stream(own)
            stream.marks.expect(line["start"], line["sums"])

    def describe(self) -> str:
        """Return one line on the data for reports."""
        passed = self.stream(0).per_pass
        batches = "batches" if passed is None else f"{passed:,} batches"
        held_out = "none held out" if self.held_out is None else "others held out"
        return f"{self.title}: {batches} of {self.batch_rows:,} rows, {held_out}, {shapes(self.example)}"


def streamed(
    made: BatchFactory, held_out: UserData | None, title: str, seed: int, fits: Sequence[Fit] = ()
) -> Streamed:
    """Return the source of a user's batches; takes the first one.

    Args:
        made: factory of the batches.
        held_out: held-out batches or arrays; None without any.
        title: name in reports.
        seed: seed of the run.
        fits: checks of every batch.

    Raises:
        InputError: held-out batches differ in structure, shapes or types from those to train on.
    """
    source = Streamed(title, made, held_out, seed, list(fits))
    example, others = source.example, source.sample("validation", 1)
    batch = others[0] if others else None
    if held_out is not None and not same_but_rows(batch, example, types=True):
        raise InputError(
            f"a batch held out is {shape_of(batch)}, and one of {title} to train on is {shape_of(example)}; they must "
            "agree but for the rows",
            key="data.validation",
        )
    return source


def hold(pairs: Pairs, batches: Streamed, outputs: int) -> None:
    """Hold the user's batches against a network of their own: those that were looked at, and all that come.

    Args:
        pairs: check of the batches.
        batches: the user's batches.
        outputs: number of outputs of the network.

    Raises:
        InputError: one does not fit.
    """
    if pairs.is_labels(batches.example[1]):
        pairs.limit = outputs
    for number, batch in enumerate(batches.stream(0).take(max(1, pairs.counted))):
        pairs(batch, f"batch {number} of {batches.title}", "data.target")
    batches.fits.append(pairs)
