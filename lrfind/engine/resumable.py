"""A train loop that journals its chunks, and replays them after a kill instead of training them again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, overload

import jax
import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Floats
from lrfind.core.errors import RunError
from lrfind.engine.chunk_record import FIELDS, ReplayLog, from_line, packed, to_line, unpacked
from lrfind.engine.trainer import Chunk, LaneRun, Trainer

Seen = Callable[[Sequence[int], int], Sequence[Mapping[str, Any]]]
"""Function ``(seeds, stop) -> records`` of the seeds' batches before step `stop` that are not journalled yet."""

FIRST_STEPS = 8
"""Steps from a run's start by which it is held to code that no fingerprint covers: the loss after an update is in."""

OnRecompute = Callable[[str, int, int], None]
"""Callback ``(kind, done, total)`` while steps are recomputed."""


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


class Recompute(NamedTuple):
    """Steps ``at .. done - 1`` of a segment to recompute, up to the end of its first `chunks` chunks."""

    segment: Segment
    chunks: int
    at: int
    done: int


class LazyStates(Sequence[Any]):
    """States of lanes after replayed steps, recomputed when first read.

    Args:
        segment: segment of the steps.
        chunks: number of its chunks before the states.
        compute: function that recomputes the states.
    """

    def __init__(self, segment: Segment, chunks: int, compute: Callable[[Segment, int], list[Any]]) -> None:
        self.segment = segment
        self.chunks = chunks
        self._compute = compute
        self._states: list[Any] | None = None

    @property
    def computed(self) -> bool:
        """Whether the states were recomputed."""
        return self._states is not None

    def __len__(self) -> int:
        return int(self.segment.run.rates.shape[1])

    @overload
    def __getitem__(self, lane: int) -> Any: ...

    @overload
    def __getitem__(self, lane: slice) -> Sequence[Any]: ...

    def __getitem__(self, lane: int | slice) -> Any:
        if self._states is None:
            self._states = self._compute(self.segment, self.chunks)
        return self._states[lane]


class ResumableTrainLoop(Trainer):
    """A train loop that replays journalled chunks before it trains new ones.

    Replayed chunks carry `LazyStates`. If they are read, or the journal ends within a run, the steps since the last
    checkpoint are trained again, and must reproduce the journal bit for bit.

    Args:
        train_loop: trainer of the steps that are not journalled.
        log: journal.
        kind: kind of the journal records.
        on_recompute: callback while steps are recomputed; may raise, as for Ctrl-C.
        fields: fields of a chunk that are journalled; the others are NaN when replayed.
        seen: records of batches, journalled before the chunk that was trained on them.
        checked: number of first steps that are trained again even where the journal has them, and must reproduce it.
    """

    def __init__(
        self,
        train_loop: Trainer,
        log: ReplayLog,
        kind: str,
        on_recompute: OnRecompute,
        fields: Sequence[str] = FIELDS,
        seen: Seen = lambda *_: (),
        checked: int = 0,
    ) -> None:
        self.train_loop = train_loop
        self.log = log
        self.kind = kind
        self.on_recompute = on_recompute
        self.fields = fields
        self.seen = seen
        self.checked = checked

    def train(self, run: LaneRun) -> Iterator[Chunk]:
        """Replay and train lanes, as `Trainer.run`; `states` may be `LazyStates`, the label must not change.

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
            journalled = {name: getattr(replayed, name) for name in self.fields}
            for chunk in self.train_loop.train(replace(run, rates=run.rates[:checked])):
                self._compare(journalled, chunk, run.start)

    def _recompute(self, segment: Segment, chunks: int) -> list[Any]:
        """Return the states after the first chunks of a replayed segment.

        Segments that begin where others end make a chain, which is followed back to a checkpoint, or to states that
        are there.

        Raises:
            RunError: the steps do not reproduce the journal.
        """
        parts: list[Recompute] = []
        states: Sequence[Any] | None = None
        while states is None:
            at, restored, initial = 0, None, segment.run.states
            done = sum(chunk.loss.shape[1] for chunk in segment.replayed[:chunks])
            if 0 < segment.saved <= done:
                restored = unpacked(segment.leaves or [], structure(initial))
                at = segment.saved if restored is not None else 0
            parts.append(Recompute(segment, chunks, at, done))
            if restored is not None:
                states = restored
            elif isinstance(initial, LazyStates) and not initial.computed:
                segment, chunks = initial.segment, initial.chunks
            else:
                states = initial
        total, before = sum(part.done - part.at for part in parts), 0
        for part in reversed(parts):
            states = self._recompute_part(part, states, before, total)
            before += part.done - part.at
        return list(states)

    def _recompute_part(self, part: Recompute, states: Sequence[Any], before: int, total: int) -> Sequence[Any]:
        """Return the states after the steps of a part.

        Args:
            part: steps to recompute.
            states: states before them.
            before: number of steps that were recomputed before.
            total: number of steps to recompute in all.
        """
        run = part.segment.run
        if part.at == part.done:
            return states
        replayed = part.segment.replayed[: part.chunks]
        journalled = {
            name: np.concatenate([getattr(chunk, name) for chunk in replayed], axis=1) for name in self.fields
        }
        begin = run.start + part.at
        if before == 0:
            self.on_recompute(self.kind, 0, total)
        rates = run.rates[part.at : part.done]
        for chunk in self.train_loop.train(replace(run, states=states, rates=rates, start=begin)):
            self._compare(journalled, chunk, run.start)
            states = chunk.states
            self.on_recompute(self.kind, before + chunk.stop - begin, total)
        return states

    def _compare(self, journalled: Mapping[str, Floats], chunk: Chunk, start: int) -> None:
        for name, values in journalled.items():
            if not np.array_equal(
                values[:, chunk.start - start : chunk.stop - start], getattr(chunk, name), equal_nan=True
            ):
                raise RunError(
                    f"steps {chunk.start} to {chunk.stop - 1} of the {self.kind} do not come out as the journal has "
                    "them, so the run cannot be carried on; start anew with --fresh (on a GPU, runs "
                    "repeat with XLA_FLAGS=--xla_gpu_deterministic_ops=true)"
                )


def structure(states: Sequence[Any]) -> Any:
    """Return shape and type of each leaf of the lanes' states, without reading `LazyStates`."""
    while isinstance(states, LazyStates):
        states = states.segment.run.states
    return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(np.shape(leaf), np.asarray(leaf).dtype), list(states))
