"""The interface of all that trains lanes: its batches, its chunks, and their journal records."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import jax
import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Floats
from lrfind.core.errors import RunError


@dataclass(frozen=True)
class Chunk:
    """Outcome of consecutive steps.

    Attributes:
        start: number of the first step.
        loss: training loss, shape (lanes, steps).
        gradient_norm: global gradient norm, shape (lanes, steps).
        update_norm: global update norm, shape (lanes, steps).
        trust: trust-region ratio, shape (lanes, steps); NaN where it was not measured.
        states: states of the lanes after the chunk, valid until the next chunk is requested.
    """

    start: int
    loss: Floats
    gradient_norm: Floats
    update_norm: Floats
    trust: Floats
    states: Sequence[Any]

    @property
    def stop(self) -> int:
        """Number of the step after the last one."""
        return self.start + int(self.loss.shape[1])


@dataclass(frozen=True)
class LaneRun:
    """Steps of lanes to train.

    Attributes:
        states: training state of each lane before step `start`.
        rates: learning rates, shape (steps, lanes).
        start: number of the first step, which selects batches and keys.
        seeds: seed whose batches and keys each lane takes; None for lane i to take seed i.
        probe_every: measure the trust-region ratio at multiples of this step number; 0 for never. Only a step that
            probes measures it.
        label: fields of the run's journal records, e.g. the `learning_rate` of each lane if the rates of all steps are
            too many.
    """

    states: Sequence[Any]
    rates: Floats
    start: int = 0
    seeds: Sequence[int] | None = None
    probe_every: int = 0
    label: Mapping[str, Any] | None = None

    @property
    def lane_seeds(self) -> Sequence[int]:
        """Seed of each lane."""
        return range(len(self.states)) if self.seeds is None else self.seeds


class StepInputs(NamedTuple):
    """Inputs of steps that a seed determines.

    Attributes:
        rows: pytree of arrays, leading axis steps, from which `BatchFeed.select` makes batches.
        keys: raw keys, shape (steps, 2).
    """

    rows: Any
    keys: NDArray[np.uint32]


@dataclass(frozen=True)
class BatchFeed:
    """Source of batches.

    Attributes:
        data: pytree of arrays that stay on the device; empty for batches that the host makes whole.
        select: pure function ``(data, row) -> batch``, part of the compiled program.
        draw: function ``(seed, start, stop) -> StepInputs`` of rows and keys of a seed's steps; the seed is its index
            in the run. Called from several threads, for the steps of a training in their order.
    """

    data: Any
    select: Callable[[Any, Any], Any]
    draw: Callable[[int, int, int], StepInputs]


class Trainer(Protocol):
    """Interface of all that trains lanes."""

    def train(self, run: LaneRun) -> Iterator[Chunk]:
        """Train lanes, and yield the chunks in order, computed on demand."""


FIELDS = ("loss", "gradient_norm", "update_norm", "trust")
"""Fields of a chunk that may be journalled."""


class ReplayLog(Protocol):
    """Journal of chunks; see `lrfind.storage.replay.ReplayJournal`."""

    def replay(self, kind: str) -> Mapping[str, Any] | None: ...

    def append(self, line: Mapping[str, Any], state: Sequence[NDArray[Any]] | None = None) -> None: ...

    def checkpoint_due(self, size: int) -> bool: ...

    def load_checkpoint(self, line: Mapping[str, Any]) -> list[NDArray[Any]] | None: ...


def to_line(chunk: Chunk, run: LaneRun, kind: str, fields: Sequence[str] = FIELDS) -> dict[str, Any]:
    """Return the journal record of a chunk.

    Args:
        chunk: chunk to record.
        run: run that the chunk is of.
        kind: kind of the record.
        fields: fields of the chunk to record.
    """
    rates = run.rates[chunk.start - run.start : chunk.stop - run.start]
    line = {"kind": kind, **labelled(rates, run.label), "start": chunk.start}
    for name in fields:
        values: Floats = getattr(chunk, name)
        if name == "trust":
            values = values[:, probed(chunk.start, values.shape[1], run.probe_every)]
            if np.isnan(values).all():
                continue
        line[name] = values.tolist()
    return line


def from_line(line: Mapping[str, Any], run: LaneRun, done: int, kind: str) -> dict[str, Floats]:
    """Return the fields of a recorded chunk, shape (lanes, steps) each; NaN if not recorded.

    Args:
        line: journal record.
        run: run that the chunk is of.
        done: number of steps of the run before the chunk.
        kind: kind of the record.

    Raises:
        RunError: the record is of another chunk.
    """
    first, rates = run.start + done, run.rates[done:]
    try:
        loss = np.array(line["loss"], np.float64)
        lanes, steps = loss.shape
        expected = {"start": first, **labelled(rates[:steps], run.label)}
        fits = lanes == rates.shape[1] and steps <= len(rates)
        if not fits or any(line[key] != value for key, value in expected.items()):
            raise ValueError
        values = {name: np.full(loss.shape, np.nan) for name in FIELDS}
        for name in FIELDS:
            if name in line:
                columns = probed(first, steps, run.probe_every) if name == "trust" else np.arange(steps)
                values[name][:, columns] = np.array(line[name], np.float64).reshape(lanes, len(columns))
    except (KeyError, ValueError, TypeError) as error:
        raise RunError(
            f"the journal does not fit this run: it goes on with other steps than step {first} of the {kind}; "
            "start anew with --fresh"
        ) from error
    return values


def labelled(rates: Floats, label: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a record's label and learning rates, one per step if the lanes share them."""
    if label and "learning_rate" in label:
        return dict(label)
    shared = (rates == rates[:, :1]).all()
    return {**(label or {}), "learning_rate": (rates[:, 0] if shared else rates.T).tolist()}


def probed(first: int, steps: int, every: int) -> NDArray[np.int64]:
    """Return the indices of the steps that may have measured the trust-region ratio."""
    numbers = np.arange(first, first + steps)
    return np.flatnonzero(numbers % every == 0) if every else np.empty(0, np.int64)


def packed(leaf: Any) -> NDArray[Any]:
    """Return a copy of a leaf in a type that numpy writes, which bfloat16 is not."""
    array = np.array(leaf)
    return array if array.dtype.isbuiltin == 1 else array.view(f"u{array.dtype.itemsize}")


def checksum(tree: Any) -> int:
    """Return the CRC-32 of a pytree of arrays."""
    crc = 0
    for leaf in jax.tree.leaves(tree):
        crc = zlib.crc32(np.ascontiguousarray(leaf).reshape(-1).view(np.uint8).data, crc)
    return crc


def unpacked(leaves: Sequence[NDArray[Any]], like: Any) -> list[Any] | None:
    """Return the states of packed leaves; None if shapes or types differ.

    Args:
        leaves: packed leaves.
        like: states with the shapes and types to expect.
    """
    shapes, form = jax.tree.flatten(like)
    expected = [(shape.shape, packed(np.empty(0, shape.dtype)).dtype) for shape in shapes]
    if [(leaf.shape, leaf.dtype) for leaf in leaves] != expected:
        return None
    return list(jax.tree.unflatten(form, [leaf.view(shape.dtype) for leaf, shape in zip(leaves, shapes, strict=True)]))
