"""Row numbers, random orders and keys of training steps: functions of seed and step, so drawn in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

ORDER, KEYS, WEIGHTS = 1, 2, 3
"""Independent random streams of a seed: more steps or another batch size do not change the weights."""

SPLIT_SEED = 0
"""Seed of the validation split and of the rows evaluated on: the same in every run, so that runs can be compared."""

KEY_BLOCK = 1024
"""Random keys that are drawn together."""


def weight_key(seed: int, lane_seed: int) -> NDArray[np.uint32]:
    """Return the raw JAX key of a seed's initial weights, shape (2,)."""
    return generator(seed, lane_seed, WEIGHTS).integers(0, 2**32, 2, dtype=np.uint32)


@dataclass(frozen=True)
class Batches:
    """Batches of rows that are shuffled anew each epoch; the rows after an epoch's last whole step are left out.

    A step of several micro-batches has the rows of a step of one batch as large, in the same order. Where a step has
    more rows than the data set, it takes several epochs, and an epoch leaves out its last partial micro-batch.

    Attributes:
        rows: rows of the data set.
        batch_size: rows of one micro-batch.
        accumulate: micro-batches to one optimiser step.
        seed: seed of the run.
    """

    rows: int
    batch_size: int
    accumulate: int
    seed: int

    def indices(self, lane_seed: int, start: int, stop: int) -> NDArray[Any]:
        """Return row numbers of steps start..stop-1, shape (steps, [accumulate if above 1,] batch_size)."""
        step = self.accumulate * self.batch_size
        unit = step if step <= self.rows else self.batch_size
        per_epoch = self.rows // unit
        first, last = start * step // unit, stop * step // unit
        drawn = []
        for epoch in range(first // per_epoch, (last - 1) // per_epoch + 1):
            begin, end = max(0, first - epoch * per_epoch), min(per_epoch, last - epoch * per_epoch)
            drawn.append(shuffled(self.rows, begin * unit, end * unit, self.seed, lane_seed, ORDER, epoch))
        axes = (self.accumulate,) if self.accumulate > 1 else ()
        return np.concatenate(drawn).reshape(stop - start, *axes, self.batch_size)

    def keys(self, lane_seed: int, start: int, stop: int) -> NDArray[np.uint32]:
        """Return raw JAX keys of steps start..stop-1, shape (steps, 2)."""
        blocks = range(start // KEY_BLOCK, (stop - 1) // KEY_BLOCK + 1)
        drawn = [
            generator(self.seed, lane_seed, KEYS, block).integers(0, 2**32, (KEY_BLOCK, 2), dtype=np.uint32)
            for block in blocks
        ]
        first = start - blocks[0] * KEY_BLOCK
        return np.concatenate(drawn)[first : first + stop - start]


LISTED = 2**18
"""Rows up to which an order is stored, in 1 MB at most; of more rows, each place is computed by a cipher."""

ROUNDS = 8
"""Rounds of the cipher. Four make a pseudorandom permutation (Luby and Rackoff 1988)."""


def generator(*entropy: int) -> np.random.Generator:
    """Return a counter-based generator, which draws the same numbers on every platform."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy)))


def shuffled(rows: int, start: int, stop: int, *entropy: int) -> NDArray[Any]:
    """Return the rows at places start..stop-1 of a random order of 0..rows-1; int32 where that is enough, else int64.

    Args:
        rows: number of rows.
        start: the first place.
        stop: one more than the last place.
        entropy: seeds of the order.
    """
    if rows <= LISTED:
        return permutation(rows, *entropy)[start:stop]
    keys = np.random.SeedSequence(entropy).generate_state(ROUNDS, np.uint64).astype(np.uint64)
    return enciphered(np.arange(start, stop), rows, keys).astype(np.int32 if rows <= 2**31 else np.int64)


@lru_cache(maxsize=64)
def permutation(rows: int, *entropy: int) -> NDArray[np.int32]:
    """Return a random order of all rows, shape (rows,)."""
    return generator(*entropy).permutation(rows).astype(np.int32)


def enciphered(numbers: NDArray[Any], rows: int, keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return row numbers under a pseudorandom permutation of 0..rows-1: a Feistel cipher with cycle walking.

    The cipher permutes the next power of two; a value that is no row is enciphered again, less than once in the mean.

    Args:
        numbers: whole numbers from 0 to rows - 1, shape (n,).
        rows: number of rows, two or more.
        keys: one key for each round.

    Reference: Black and Rogaway 2002, "Ciphers with arbitrary finite domains".
    """
    bits = (rows - 1).bit_length()
    low = np.uint64(bits // 2)
    rows_at = numbers.astype(np.uint64)
    walking = np.arange(len(rows_at))
    while len(walking):
        rows_at[walking] = feistel(rows_at[walking], low, np.uint64(bits) - low, keys)
        walking = walking[rows_at[walking] >= rows]
    return rows_at


def feistel(
    values: NDArray[np.uint64], low: np.uint64, high: np.uint64, keys: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """Permute the numbers of ``low + high`` bits: each half in turn is xored with a hash of the other."""
    left, right = values >> low, values & ((np.uint64(1) << low) - np.uint64(1))
    for number, key in enumerate(keys):
        if number % 2 == 0:
            left = left ^ (hashed(right, key) >> (np.uint64(64) - high))
        else:
            right = right ^ (hashed(left, key) >> (np.uint64(64) - low))
    return (left << low) | right


def hashed(values: NDArray[np.uint64], key: np.uint64) -> NDArray[np.uint64]:
    """Hash numbers with a key to 64 bits.

    Reference: the finalizer of SplitMix64, Steele, Lea and Flood 2014.
    """
    values = values ^ key
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


PERMUTED = 7
"""Seed of the permutation; the same in every run, as the rows evaluated on are."""


def permuted_labels(batches: Sequence[Any]) -> list[Any] | None:
    """Return the batches with their labels permuted among all rows.

    A permutation keeps the frequency of each label, so a network that ignores its inputs has the same loss on both.

    Args:
        batches: batches of one shape.

    Returns:
        The batches; None where they are no pairs ``(inputs, labels)`` with one whole number a row, or all labels are
        equal.

    Reference: Ojala and Garriga 2010, "Permutation tests for studying classifier performance".
    """
    if not batches or not all(paired(batch) for batch in batches):
        return None
    labels = np.concatenate([np.asarray(batch[1]) for batch in batches])
    if (labels == labels[0]).all():
        return None
    permuted = np.random.default_rng(PERMUTED).permutation(labels).reshape(len(batches), -1)
    return [type(batch)((batch[0], row_labels)) for batch, row_labels in zip(batches, permuted, strict=True)]


def paired(batch: Any) -> bool:
    """Return whether a batch is a pair of one array and a whole number for each of its rows."""
    if type(batch) not in (tuple, list) or len(batch) != 2:
        return False
    inputs, labels = batch
    if not (hasattr(inputs, "shape") and hasattr(labels, "dtype")):
        return False
    return bool(np.ndim(labels) == 1 and labels.dtype.kind in "iu" and np.shape(inputs)[:1] == labels.shape)
