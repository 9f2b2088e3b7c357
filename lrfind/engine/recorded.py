"""A kernel whose chunks are written down as they come, and told again instead of trained again after a kill."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, overload

import jax
import numpy as np
from numpy.typing import NDArray

from lrfind.engine.kernel import Chunk
from lrfind.errors import RunError
from lrfind.types import Floats

FIELDS = ("loss", "gradient_norm", "update_norm", "trust")
"""What a chunk measures."""


class Runs(Protocol):
    """What trains lanes: a `Kernel`, or one that is recorded."""

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


class Notes(Protocol):
    """Where chunks are written down, and told again from: see `lrfind.tape.Tape`."""

    def next(self, kind: str) -> Mapping[str, Any] | None: ...

    def add(self, line: Mapping[str, Any], state: Sequence[NDArray[Any]] | None = None) -> None: ...

    def due(self, size: int) -> bool: ...

    def saved(self, line: Mapping[str, Any]) -> list[NDArray[Any]] | None: ...


Repeat = Callable[[str, int, int], None]
"""Told while steps are trained again: their kind, how many are, and how many have to be."""


@dataclass
class Leg:
    """One call of `run`, and what is told again of it.

    Attributes:
        states: before it.
        rates: shape (steps, lanes).
        options: the other arguments of `Kernel.run`; of these, `start` is its first step's number.
        told: chunks that are told again.
        saved: after how many steps there is a saved state.
        leaves: that state.
    """

    states: Sequence[Any]
    rates: Floats
    options: Mapping[str, Any]
    told: list[Chunk] = field(default_factory=list)
    saved: int = 0
    leaves: list[NDArray[Any]] | None = None


class Promised(Sequence[Any]):
    """The states of lanes after steps that are told again; trained again only if someone looks at one.

    Args:
        leg: whose.
        find: trains again.
    """

    def __init__(self, leg: Leg, find: Callable[[], list[Any]]) -> None:
        self.leg = leg
        self._find = find
        self._found: list[Any] | None = None

    def __len__(self) -> int:
        return int(self.leg.rates.shape[1])

    @overload
    def __getitem__(self, lane: int) -> Any: ...

    @overload
    def __getitem__(self, lane: slice) -> Sequence[Any]: ...

    def __getitem__(self, lane: int | slice) -> Any:
        if self._found is None:
            self._found = self._find()
        return self._found[lane]


class Recorded:
    """A kernel and its record. Whoever asks it to `run` need not know.

    Chunks that the record has come from there at once. Their states are promised; where someone looks at them, or the
    record ends in the middle of a run, the steps since the last saved state are trained again, and must repeat the
    record to the bit.

    Args:
        kernel: trains what the record does not have.
        notes: the record.
        kind: what these steps are called in it.
        repeat: told while steps are trained again; may raise, as for Ctrl-C.
        fields: what of a chunk is written down; the rest is NaN when it is told again.
    """

    def __init__(self, kernel: Runs, notes: Notes, kind: str, repeat: Repeat, fields: Sequence[str] = FIELDS) -> None:
        self.kernel = kernel
        self.notes = notes
        self.kind = kind
        self.repeat = repeat
        self.fields = fields

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
        """Train the lanes, as `Kernel.run` does.

        Args:
            states: the state of each lane before step `start`; promised ones are welcome.
            rates: learning rates, shape (steps, lanes).
            start: number of the first step.
            seeds: whose batches and keys each lane takes.
            probe_every: see `Kernel.run`.
            label: what the lines say besides, e.g. a `learning_rate` of each lane where the rates of all steps are
                too many; must be the same when the run is told again.

        Raises:
            RunError: the record is of other steps, or does not repeat.
        """
        leg = Leg(states, rates, {"start": start, "seeds": seeds, "probe_every": probe_every})
        done = 0
        while done < len(rates) and (line := self.notes.next(self.kind)) is not None:
            chunk = self._told(leg, line, done, label)
            leg.told.append(chunk)
            done += chunk.loss.shape[1]
            if (leaves := self.notes.saved(line)) is not None:
                leg.saved, leg.leaves = done, leaves
            yield chunk
        if done == len(rates):
            return
        options = {**leg.options, "start": start + done}
        before = states if done == 0 else leg.told[-1].states
        for chunk in self.kernel.run(before, rates[done:], **options):
            here = slice(chunk.start - start, chunk.start - start + chunk.loss.shape[1])
            leaves = jax.tree.leaves(list(chunk.states))
            due = self.notes.due(sum(leaf.nbytes for leaf in leaves))
            self.notes.add(self._line(leg, chunk, here, label), [packed(leaf) for leaf in leaves] if due else None)
            yield chunk

    def _line(self, leg: Leg, chunk: Chunk, here: slice, label: Mapping[str, Any] | None) -> dict[str, Any]:
        """What the journal says of a chunk."""
        line = {"kind": self.kind, **labelled(leg.rates[here], label), "start": chunk.start}
        for name in self.fields:
            values: Floats = getattr(chunk, name)
            if name == "trust":
                values = values[:, probed(leg, chunk.start, values.shape[1])]
                if np.isnan(values).all():
                    continue
            line[name] = values.tolist()
        return line

    def _told(self, leg: Leg, line: Mapping[str, Any], done: int, label: Mapping[str, Any] | None) -> Chunk:
        """A line as the chunk that it was.

        Raises:
            RunError: it is of another one.
        """
        first = leg.options["start"] + done
        try:
            loss = np.array(line["loss"], np.float64)
            lanes, steps = loss.shape
            expected = {"start": first, **labelled(leg.rates[done : done + steps], label)}
            if lanes != leg.rates.shape[1] or done + steps > len(leg.rates):
                raise ValueError
            if any(line[key] != value for key, value in expected.items()):
                raise ValueError
            values = {name: np.full(loss.shape, np.nan) for name in FIELDS}
            for name in FIELDS:
                if name in line:
                    where = probed(leg, first, steps) if name == "trust" else np.arange(steps)
                    values[name][:, where] = np.array(line[name], np.float64).reshape(lanes, len(where))
        except (KeyError, ValueError, TypeError) as error:
            raise RunError(
                f"the journal does not fit this run: it goes on with other steps than step {first} of the {self.kind}; "
                "start anew with --fresh"
            ) from error
        count = len(leg.told) + 1
        return Chunk(first, **values, states=Promised(leg, lambda: self._train_again(leg, count)))

    def _train_again(self, leg: Leg, count: int) -> list[Any]:
        """The states after the first chunks of a leg that are told again.

        Raises:
            RunError: the steps come out differently from what was written down.
        """
        told = leg.told[:count]
        done = sum(chunk.loss.shape[1] for chunk in told)
        at, states = 0, leg.states
        if 0 < leg.saved <= done:
            restored = unpacked(leg.leaves or [], structure(leg.states))
            if restored is not None:
                at, states = leg.saved, restored
        if at == done:
            return list(states)
        options = {**leg.options, "start": leg.options["start"] + at}
        before = {name: np.concatenate([getattr(chunk, name) for chunk in told], axis=1) for name in self.fields}
        self.repeat(self.kind, 0, done - at)
        for chunk in self.kernel.run(states, leg.rates[at:done], **options):
            self._compare(before, chunk, leg.options["start"])
            states = chunk.states
            self.repeat(self.kind, chunk.start + chunk.loss.shape[1] - options["start"], done - at)
        return list(states)

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


def labelled(rates: Floats, label: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a line says of its steps' rates: one a step where the lanes share them."""
    if label and "learning_rate" in label:
        return dict(label)
    shared = (rates == rates[:, :1]).all()
    return {**(label or {}), "learning_rate": (rates[:, 0] if shared else rates.T).tolist()}


def probed(leg: Leg, first: int, steps: int) -> NDArray[np.int64]:
    """Which of some steps may have measured their trust-region ratio."""
    every = leg.options["probe_every"]
    numbers = np.arange(first, first + steps)
    return np.flatnonzero(numbers % every == 0) if every else np.empty(0, np.int64)


def structure(states: Sequence[Any]) -> Any:
    """A pytree with the shape and type of each leaf of the lanes' states; promised ones are not looked at."""
    if isinstance(states, Promised):
        return structure(states.leg.states)
    return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(np.shape(leaf), np.asarray(leaf).dtype), list(states))


def packed(leaf: Any) -> NDArray[Any]:
    """A copy of a leaf in a type that numpy writes: a file knows no bfloat16."""
    array = np.array(leaf)
    return array if array.dtype.isbuiltin == 1 else array.view(f"u{array.dtype.itemsize}")


def unpacked(leaves: Sequence[NDArray[Any]], like: Any) -> list[Any] | None:
    """The states whose leaves these are; None where they are not."""
    shapes, form = jax.tree.flatten(like)
    if len(shapes) != len(leaves):
        return None
    for leaf, shape in zip(leaves, shapes, strict=True):
        if leaf.shape != shape.shape or leaf.dtype != packed(np.empty(0, shape.dtype)).dtype:
            return None
    states: list[Any] = jax.tree.unflatten(
        form, [leaf.view(shape.dtype) for leaf, shape in zip(leaves, shapes, strict=True)]
    )
    return states
