"""Journal records of chunks and leaves of states, and back."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import jax
import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Floats
from lrfind.core.errors import RunError
from lrfind.engine.trainer import Chunk, LaneRun

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
        if lanes != rates.shape[1] or steps > len(rates):
            raise ValueError
        if any(line[key] != value for key, value in expected.items()):
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
    if len(shapes) != len(leaves):
        return None
    for leaf, shape in zip(leaves, shapes, strict=True):
        if leaf.shape != shape.shape or leaf.dtype != packed(np.empty(0, shape.dtype)).dtype:
            return None
    states: list[Any] = jax.tree.unflatten(
        form, [leaf.view(shape.dtype) for leaf, shape in zip(leaves, shapes, strict=True)]
    )
    return states
