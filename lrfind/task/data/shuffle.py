"""Random orders of rows, of which any part can be computed; orders of many rows take constant memory."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
