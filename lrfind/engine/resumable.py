"""A train loop that journals its chunks, and replays them after a kill instead of training them again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from lrfind.core.errors import RunError
from lrfind.engine.trainer import FIELDS, Chunk, LaneRun, ReplayLog, Trainer, from_line, packed, to_line, unpacked

FIRST_STEPS = 8
"""Steps from a run's start by which it is held to code that no fingerprint covers: the loss after an update is in."""


@dataclass
class Segment:
    """One call of `ResumableTrainLoop.train`, and its replayed part.

    Attributes:
        run: arguments of the call.
        replayed: replayed chunks.
        saved: number of steps before the last checkpoint; 0 for none.
        leaves: leaves of the checkpoint's states.
    """

    run: LaneRun
    replayed: list[Chunk] = field(default_factory=list)
    saved: int = 0
    leaves: list[NDArray[Any]] | None = None


@dataclass(eq=False)
class LazyStates(Sequence[Any]):
    """States of lanes after replayed steps, recomputed when first read.

    Attributes:
        segment: segment of the steps.
        chunks: number of its chunks before the states.
        compute: function that recomputes the states.
        states: the states, once they were recomputed.
    """

    segment: Segment
    chunks: int
    compute: Callable[[Segment, int], list[Any]]
    states: list[Any] | None = None

    def __len__(self) -> int:
        return int(self.segment.run.rates.shape[1])

    def __getitem__(self, lane: Any) -> Any:
        if self.states is None:
            self.states = self.compute(self.segment, self.chunks)
        return self.states[lane]


@dataclass
class ResumableTrainLoop(Trainer):
    """A train loop that replays journalled chunks before it trains new ones.

    Replayed chunks carry `LazyStates`. If they are read, or the journal ends within a run, the steps since the last
    checkpoint are trained again, and must reproduce the journal bit for bit.

    Attributes:
        train_loop: trainer of the steps that are not journalled.
        log: journal.
        kind: kind of the journal records.
        on_recompute: callback ``(kind, done, total)`` while steps are recomputed; may raise, as for Ctrl-C.
        fields: fields of a chunk that are journalled; the others are NaN when replayed.
        seen: function ``(seeds, stop) -> records`` of the seeds' batches before step `stop` that are not journalled,
            which they are before the chunk that was trained on them.
        checked: number of first steps that are trained again even where the journal has them, and must reproduce it.
    """

    train_loop: Trainer
    log: ReplayLog
    kind: str
    on_recompute: Callable[[str, int, int], None]
    fields: Sequence[str] = FIELDS
    seen: Callable[[Sequence[int], int], Sequence[Mapping[str, Any]]] = lambda *_: ()
    checked: int = 0

    def train(self, run: LaneRun) -> Iterator[Chunk]:
        """Replay and train lanes; `states` may be `LazyStates`, the label must not change.

        Raises:
            RunError: the journal is of other steps, or they do not reproduce it.
        """
        segment, done = Segment(run), 0
        while done < len(run.rates) and (line := self.log.replay(self.kind)) is not None:
            states = LazyStates(segment, len(segment.replayed) + 1, self._recompute)
            chunk = Chunk(run.start + done, **from_line(line, run, done, self.kind), states=states)
            self._check_first_steps(run, chunk)
            segment.replayed.append(chunk)
            done += chunk.loss.shape[1]
            if (leaves := self.log.load_checkpoint(line)) is not None:
                segment.saved, segment.leaves = done, leaves
            yield chunk
        if done == len(run.rates):
            return
        before = run.states if done == 0 else segment.replayed[-1].states
        for chunk in self.train_loop.train(replace(run, states=before, rates=run.rates[done:], start=run.start + done)):
            leaves = jax.tree.leaves(list(chunk.states))
            for record in self.seen(run.lane_seeds, chunk.stop):
                self.log.append(record)
            due = self.log.checkpoint_due(sum(leaf.nbytes for leaf in leaves))
            line = to_line(chunk, run, self.kind, self.fields)
            self.log.append(line, [packed(leaf) for leaf in leaves] if due else None)
            yield chunk

    def _check_first_steps(self, run: LaneRun, replayed: Chunk) -> None:
        """Train the first steps of the first replayed chunk again, and compare them with it.

        Raises:
            RunError: they do not reproduce the journal.
        """
        checked, self.checked = min(self.checked, replayed.loss.shape[1]), 0
        if checked:
            for chunk in self.train_loop.train(replace(run, rates=run.rates[:checked])):
                self._compare(replayed, chunk)

    def _recompute(self, segment: Segment, chunks: int) -> list[Any]:
        """Return the states after the first chunks of a replayed segment.

        Segments that begin where others end make a chain, which is followed back to a checkpoint, or to states that
        are there.

        Raises:
            RunError: the steps do not reproduce the journal.
        """
        parts: list[tuple[LaneRun, Chunk]] = []
        while True:
            run, replayed = segment.run, joined(segment.replayed[:chunks])
            at, states, done = 0, run.states, replayed.loss.shape[1]
            if 0 < segment.saved <= done:
                restored = unpacked(segment.leaves or [], structure(states))
                at, states = (0, states) if restored is None else (segment.saved, restored)
            if at < done:
                parts.append((replace(run, rates=run.rates[at:done], start=run.start + at), replayed))
            if not isinstance(states, LazyStates) or states.states is not None:
                break
            segment, chunks = states.segment, states.chunks
        total, before = sum(len(run.rates) for run, _ in parts), 0
        if parts:
            self.on_recompute(self.kind, 0, total)
        for run, replayed in reversed(parts):
            for chunk in self.train_loop.train(replace(run, states=states)):
                self._compare(replayed, chunk)
                states = chunk.states
                self.on_recompute(self.kind, before + chunk.stop - run.start, total)
            before += len(run.rates)
        return list(states)

    def _compare(self, replayed: Chunk, chunk: Chunk) -> None:
        for name in self.fields:
            journalled = getattr(replayed, name)[:, chunk.start - replayed.start : chunk.stop - replayed.start]
            if not np.array_equal(journalled, getattr(chunk, name), equal_nan=True):
                raise RunError(
                    f"steps {chunk.start} to {chunk.stop - 1} of the {self.kind} do not come out as the journal has "
                    "them, so the run cannot be carried on; start anew with --fresh (on a GPU, runs "
                    "repeat with XLA_FLAGS=--xla_gpu_deterministic_ops=true)"
                )


def joined(chunks: Sequence[Chunk]) -> Chunk:
    """Return consecutive chunks as one."""
    values = {name: np.concatenate([getattr(chunk, name) for chunk in chunks], axis=1) for name in FIELDS}
    return Chunk(chunks[0].start, **values, states=chunks[-1].states)


def structure(states: Sequence[Any]) -> Any:
    """Return shape and type of each leaf of the lanes' states, without reading `LazyStates`."""
    while isinstance(states, LazyStates):
        states = states.segment.run.states
    return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(np.shape(leaf), np.asarray(leaf).dtype), list(states))
