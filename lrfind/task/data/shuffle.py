"""Random orders of any number of rows, of which any places can be asked for; of many rows in constant memory."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

LISTED = 2**18
"""Rows up to which an order is a list, of 1 MB at most. That of more rows is a cipher's: each place is computed."""

ROUNDS = 8
"""Of the cipher; four are enough for its order not to be told from a random one (Luby & Rackoff 1988)."""


def generator(*entropy: int) -> np.random.Generator:
    """A counter-based generator: the same numbers on every platform."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy)))


def shuffled(rows: int, start: int, stop: int, *entropy: int) -> NDArray[Any]:
    """The rows at places start..stop-1 of a random order of 0..rows-1; as int32 where that is enough, else as int64.

    Args:
        rows: how many there are.
        start: the first place.
        stop: the one behind the last.
        entropy: what the order follows from.
    """
    if rows <= LISTED:
        return permutation(rows, *entropy)[start:stop]
    keys = np.random.SeedSequence(entropy).generate_state(ROUNDS, np.uint64).astype(np.uint64)
    return enciphered(np.arange(start, stop), rows, keys).astype(np.int32 if rows <= 2**31 else np.int64)


@lru_cache(maxsize=64)
def permutation(rows: int, *entropy: int) -> NDArray[np.int32]:
    """A random order, shape (rows,)."""
    return generator(*entropy).permutation(rows).astype(np.int32)


def enciphered(places: NDArray[Any], rows: int, keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Places under a permutation of 0..rows-1: a Feistel cipher of the next power of two, walked along its cycles.

    A place whose cipher is no row is enciphered again until it is one (Black & Rogaway 2002, "Ciphers with arbitrary
    finite domains"): twice at most, in the mean.

    Args:
        places: whole numbers from 0 to rows - 1, shape (places,).
        rows: two or more.
        keys: one of each round.
    """
    bits = (rows - 1).bit_length()
    low = np.uint64(bits // 2)
    found = places.astype(np.uint64)
    walking = np.arange(len(found))
    while len(walking):
        found[walking] = feistel(found[walking], low, np.uint64(bits) - low, keys)
        walking = walking[found[walking] >= rows]
    return found


def feistel(
    values: NDArray[np.uint64], low: np.uint64, high: np.uint64, keys: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """A permutation of the numbers of ``low + high`` bits: either half in turn is mixed with the other's hash."""
    left, right = values >> low, values & ((np.uint64(1) << low) - np.uint64(1))
    for number, key in enumerate(keys):
        if number % 2 == 0:
            left = left ^ (hashed(right, key) >> (np.uint64(64) - high))
        else:
            right = right ^ (hashed(left, key) >> (np.uint64(64) - low))
    return (left << low) | right


def hashed(values: NDArray[np.uint64], key: np.uint64) -> NDArray[np.uint64]:
    """Numbers and a key, mixed to 64 bits by the finalizer of SplitMix64 (Steele, Lea & Flood 2014)."""
    values = values ^ key
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
