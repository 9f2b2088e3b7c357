"""What a journal says of a chunk, and a file of a state: chunk -> line, state -> arrays, and back."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import jax
import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Floats
from lrfind.core.errors import RunError
from lrfind.engine.train_loop import Chunk

FIELDS = ("loss", "gradient_norm", "update_norm", "trust")
"""What a chunk measures."""


class ReplayLog(Protocol):
    """Where chunks are written down, and told again from: see `lrfind.storage.replay.ReplayJournal`."""

    def replay(self, kind: str) -> Mapping[str, Any] | None: ...

    def append(self, line: Mapping[str, Any], state: Sequence[NDArray[Any]] | None = None) -> None: ...

    def checkpoint_due(self, size: int) -> bool: ...

    def load_checkpoint(self, line: Mapping[str, Any]) -> list[NDArray[Any]] | None: ...


def to_line(
    chunk: Chunk,
    kind: str,
    rates: Floats,
    probe_every: int,
    label: Mapping[str, Any] | None,
    fields: Sequence[str] = FIELDS,
) -> dict[str, Any]:
    """A chunk as a line.

    Args:
        chunk: what was measured.
        kind: what its steps are called.
        rates: of its steps, shape (steps, lanes).
        probe_every: see `TrainLoop.run`.
        label: what the line says besides.
        fields: what of the chunk is written down.
    """
    line = {"kind": kind, **labelled(rates, label), "start": chunk.start}
    for name in fields:
        values: Floats = getattr(chunk, name)
        if name == "trust":
            values = values[:, probed(chunk.start, values.shape[1], probe_every)]
            if np.isnan(values).all():
                continue
        line[name] = values.tolist()
    return line


def from_line(
    line: Mapping[str, Any],
    kind: str,
    first: int,
    rates: Floats,
    probe_every: int,
    label: Mapping[str, Any] | None,
) -> dict[str, Floats]:
    """What the chunk of a line measured, by field, shape (lanes, steps) each; NaN where that is not written down.

    Args:
        line: as it was written.
        kind: what its steps are called.
        first: number of the step that it has to begin with.
        rates: from that step on, to the end of the run, shape (steps, lanes).
        probe_every: see `TrainLoop.run`.
        label: what the line has to say besides.

    Raises:
        RunError: it is of another chunk.
    """
    try:
        loss = np.array(line["loss"], np.float64)
        lanes, steps = loss.shape
        expected = {"start": first, **labelled(rates[:steps], label)}
        if lanes != rates.shape[1] or steps > len(rates):
            raise ValueError
        if any(line[key] != value for key, value in expected.items()):
            raise ValueError
        values = {name: np.full(loss.shape, np.nan) for name in FIELDS}
        for name in FIELDS:
            if name in line:
                where = probed(first, steps, probe_every) if name == "trust" else np.arange(steps)
                values[name][:, where] = np.array(line[name], np.float64).reshape(lanes, len(where))
    except (KeyError, ValueError, TypeError) as error:
        raise RunError(
            f"the journal does not fit this run: it goes on with other steps than step {first} of the {kind}; "
            "start anew with --fresh"
        ) from error
    return values


def labelled(rates: Floats, label: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a line says of its steps' rates: one a step where the lanes share them."""
    if label and "learning_rate" in label:
        return dict(label)
    shared = (rates == rates[:, :1]).all()
    return {**(label or {}), "learning_rate": (rates[:, 0] if shared else rates.T).tolist()}


def probed(first: int, steps: int, every: int) -> NDArray[np.int64]:
    """Which of some steps may have measured their trust-region ratio."""
    numbers = np.arange(first, first + steps)
    return np.flatnonzero(numbers % every == 0) if every else np.empty(0, np.int64)


def packed(leaf: Any) -> NDArray[Any]:
    """A copy of a leaf in a type that numpy writes: a file knows no bfloat16."""
    array = np.array(leaf)
    return array if array.dtype.isbuiltin == 1 else array.view(f"u{array.dtype.itemsize}")


def checksum(tree: Any) -> int:
    """A checksum of the numbers of a pytree of arrays."""
    found = 0
    for leaf in jax.tree.leaves(tree):
        found = zlib.crc32(np.ascontiguousarray(leaf).reshape(-1).view(np.uint8).data, found)
    return found


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
