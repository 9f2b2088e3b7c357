"""A kernel whose chunks are written down as they come, and told again instead of trained again after a kill."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, overload

import jax
import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Floats
from lrfind.core.errors import RunError
from lrfind.engine.chunk_record import FIELDS, ReplayLog, from_line, packed, to_line, unpacked
from lrfind.engine.train_loop import Chunk


class Trainer(Protocol):
    """What trains lanes: a `TrainLoop`, or one that is recorded."""

    def run(
        self,
        states: Sequence[Any],
        rates: Floats,
        *,
        start: int = 0,
        seeds: Sequence[int] | None = None,
        probe_every: int = 0,
        label: Mapping[str, Any] | None = None,
    ) -> Iterator[Chunk]: ...


Seen = Callable[[Sequence[int], int], Sequence[Mapping[str, Any]]]
"""``(seeds, stop) -> lines``: what the record should say of the seeds' batches up to a step, as far as it does not."""

Repeat = Callable[[str, int, int], None]
"""Told while steps are trained again: their kind, how many are, and how many have to be."""


@dataclass
class Segment:
    """One call of `run`, and what is told again of it.

    Attributes:
        states: before it.
        rates: shape (steps, lanes).
        options: the other arguments of `TrainLoop.run`; of these, `start` is its first step's number.
        replayed: chunks that are told again.
        saved: after how many steps there is a saved state.
        leaves: that state.
    """

    states: Sequence[Any]
    rates: Floats
    options: Mapping[str, Any]
    replayed: list[Chunk] = field(default_factory=list)
    saved: int = 0
    leaves: list[NDArray[Any]] | None = None


class Recompute(NamedTuple):
    """Steps of a leg that have to be trained again: those `at` .. `done` - 1, of its first `chunks` chunks."""

    segment: Segment
    chunks: int
    at: int
    done: int


class LazyStates(Sequence[Any]):
    """The states of lanes after steps that are told again; trained again only if someone looks at one.

    Args:
        leg: whose.
        chunks: after how many of its chunks.
        find: trains again.
    """

    def __init__(self, leg: Segment, chunks: int, find: Callable[[Segment, int], list[Any]]) -> None:
        self.leg = leg
        self.chunks = chunks
        self._find = find
        self._found: list[Any] | None = None

    @property
    def kept(self) -> bool:
        """Whether they were trained again already."""
        return self._found is not None

    def __len__(self) -> int:
        return int(self.leg.rates.shape[1])

    @overload
    def __getitem__(self, lane: int) -> Any: ...

    @overload
    def __getitem__(self, lane: slice) -> Sequence[Any]: ...

    def __getitem__(self, lane: int | slice) -> Any:
        if self._found is None:
            self._found = self._find(self.leg, self.chunks)
        return self._found[lane]


class ResumableTrainLoop:
    """A kernel and its record. Whoever asks it to `run` need not know.

    Chunks that the record has come from there at once. Their states are promised; where someone looks at them, or the
    record ends in the middle of a run, the steps since the last saved state are trained again, and must repeat the
    record to the bit.

    Args:
        train_loop: trains what the record does not have.
        notes: the record.
        kind: what these steps are called in it.
        repeat: told while steps are trained again; may raise, as for Ctrl-C.
        fields: what of a chunk is written down; the rest is NaN when it is told again.
        seen: what the record says of batches, before the chunk that was trained on them.
    """

    def __init__(
        self,
        train_loop: Trainer,
        notes: ReplayLog,
        kind: str,
        repeat: Repeat,
        fields: Sequence[str] = FIELDS,
        seen: Seen = lambda *_: (),
    ) -> None:
        self.train_loop = train_loop
        self.notes = notes
        self.kind = kind
        self.repeat = repeat
        self.fields = fields
        self.seen = seen

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
        """Train the lanes, as `TrainLoop.run` does.

        Args:
            states: the state of each lane before step `start`; promised ones are welcome.
            rates: learning rates, shape (steps, lanes).
            start: number of the first step.
            seeds: whose batches and keys each lane takes.
            probe_every: see `TrainLoop.run`.
            label: what the lines say besides, e.g. a `learning_rate` of each lane where the rates of all steps are
                too many; must be the same when the run is told again.

        Raises:
            RunError: the record is of other steps, or does not repeat.
        """
        leg = Segment(states, rates, {"start": start, "seeds": seeds, "probe_every": probe_every})
        done = 0
        while done < len(rates) and (line := self.notes.replay(self.kind)) is not None:
            chunk = self._replayed(leg, line, done, label)
            leg.replayed.append(chunk)
            done += chunk.loss.shape[1]
            if (leaves := self.notes.load_checkpoint(line)) is not None:
                leg.saved, leg.leaves = done, leaves
            yield chunk
        if done == len(rates):
            return
        options = {**leg.options, "start": start + done}
        before = states if done == 0 else leg.replayed[-1].states
        for chunk in self.train_loop.run(before, rates[done:], **options):
            here = slice(chunk.start - start, chunk.start - start + chunk.loss.shape[1])
            leaves = jax.tree.leaves(list(chunk.states))
            for line in self.seen(range(len(states)) if seeds is None else seeds, start + here.stop):
                self.notes.append(line)
            due = self.notes.checkpoint_due(sum(leaf.nbytes for leaf in leaves))
            line = to_line(chunk, self.kind, rates[here], probe_every, label, self.fields)
            self.notes.append(line, [packed(leaf) for leaf in leaves] if due else None)
            yield chunk

    def _replayed(self, leg: Segment, line: Mapping[str, Any], done: int, label: Mapping[str, Any] | None) -> Chunk:
        """A line as the chunk that it was, after so many steps of the leg.

        Raises:
            RunError: it is of another one.
        """
        first = leg.options["start"] + done
        values = from_line(line, self.kind, first, leg.rates[done:], leg.options["probe_every"], label)
        return Chunk(first, **values, states=LazyStates(leg, len(leg.replayed) + 1, self._train_again))

    def _train_again(self, leg: Segment, chunks: int) -> list[Any]:
        """The states after the first chunks of a leg that are told again.

        Legs that begin where others end make a chain; it is followed back to a saved state, or to states that are
        there.

        Raises:
            RunError: the steps come out differently from what was written down.
        """
        parts: list[Recompute] = []
        states: Sequence[Any] | None = None
        while states is None:
            at, restored, begins = 0, None, leg.states
            done = sum(chunk.loss.shape[1] for chunk in leg.replayed[:chunks])
            if 0 < leg.saved <= done:
                restored = unpacked(leg.leaves or [], structure(leg.states))
                at = leg.saved if restored is not None else 0
            parts.append(Recompute(leg, chunks, at, done))
            if restored is not None:
                states = restored
            elif isinstance(begins, LazyStates) and not begins.kept:
                leg, chunks = begins.leg, begins.chunks
            else:
                states = begins
        total, before = sum(part.done - part.at for part in parts), 0
        for part in reversed(parts):
            states = self._repeat_part(part, states, before, total)
            before += part.done - part.at
        return list(states)

    def _repeat_part(self, part: Recompute, states: Sequence[Any], before: int, total: int) -> Sequence[Any]:
        """Train the told steps of a leg again, so many of all having been before; returns the states after them."""
        leg = part.segment
        if part.at == part.done:
            return states
        told = leg.replayed[: part.chunks]
        values = {name: np.concatenate([getattr(chunk, name) for chunk in told], axis=1) for name in self.fields}
        begin = leg.options["start"] + part.at
        if before == 0:
            self.repeat(self.kind, 0, total)
        for chunk in self.train_loop.run(states, leg.rates[part.at : part.done], **{**leg.options, "start": begin}):
            self._compare(values, chunk, leg.options["start"])
            states = chunk.states
            self.repeat(self.kind, before + chunk.start + chunk.loss.shape[1] - begin, total)
        return states

    def _compare(self, told: Mapping[str, Floats], chunk: Chunk, start: int) -> None:
        here = slice(chunk.start - start, chunk.start - start + chunk.loss.shape[1])
        for name, values in told.items():
            if not np.array_equal(values[:, here], getattr(chunk, name), equal_nan=True):
                last = chunk.start + chunk.loss.shape[1] - 1
                raise RunError(
                    f"steps {chunk.start} to {last} of the {self.kind} do not come out as the journal has them, so the "
                    "run cannot be carried on; start anew with --fresh (on a GPU, runs "
                    "repeat with XLA_FLAGS=--xla_gpu_deterministic_ops=true)"
                )


def structure(states: Sequence[Any]) -> Any:
    """A pytree with the shape and type of each leaf of the lanes' states; promised ones are not looked at."""
    while isinstance(states, LazyStates):
        states = states.leg.states
    return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(np.shape(leaf), np.asarray(leaf).dtype), list(states))
