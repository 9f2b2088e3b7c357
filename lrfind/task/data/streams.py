"""Data sets whose rows stay on the disk: the same checks, split and numbers as those in memory, in one pass over the
file and at constant memory."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Dataset, Rows, Split
from lrfind.task.data.arrays import Arrays
from lrfind.task.data.disk import bytes_of
from lrfind.task.data.floats import Floats32, Spread, Unfit, axes_of, kept_of, to_floats, too_far
from lrfind.task.data.rows import Converted, Picked, blocks
from lrfind.task.data.selection import Selection
from lrfind.task.data.targets import Goal

LARGEST = 2**28
"""Bytes, with inputs and targets as numbers of 32 bits, up to which a file's data are held in memory: 268 MB. Larger
ones stay on the disk."""

READERS = 4
"""Blocks that are looked at together, at most: each takes some megabytes."""

T = TypeVar("T")
R = TypeVar("R")


def too_large(numbers: int) -> bool:
    """Whether so many numbers are left on the disk."""
    return 4 * numbers > LARGEST


def streamed(
    arrays: Arrays,
    goal: Goal,
    kept: Selection,
    held_out: Selection,
    *,
    name: str,
    divisor: float,
    standardize: bool,
) -> Dataset:
    """A data set of rows on a disk, checked; they are read and converted when they are asked for.

    Raises:
        InputError: a value that is no float32, or that cannot be standardized.
    """
    seen = survey(arrays, kept, divisor, standardize=standardize)

    def convert(block: NDArray[Any]) -> NDArray[np.float32]:
        found = to_floats(block, divisor)
        if seen.train is None:
            return found
        return ((found - seen.train.mean) * seen.train.scale).astype(np.float32)

    inputs = Converted(arrays.inputs, convert, arrays.inputs.shape[1:], np.float32)
    parts = [Split(Picked(inputs, part), Picked(goal.targets, part)) for part in (kept, held_out)]
    whole = hashlib.blake2b(digest_size=16)
    for array, content in ((arrays.inputs, seen.digest), (arrays.targets, hashed(arrays.targets))):
        whole.update(f"{array.dtype}{array.shape}".encode() + content)
    whole.update(held_out.bits.data)
    return Dataset(
        name, parts[0], parts[1] if held_out.count else None, goal.task, goal.outputs, digest=whole.hexdigest()
    )


class Seen(NamedTuple):
    """What one pass over inputs found.

    Attributes:
        digest: a hash of every row.
        train: how the rows to train on spread; None where nobody asked for it.
    """

    digest: bytes
    train: Spread | None


def survey(arrays: Arrays, kept: Selection, divisor: float, *, standardize: bool) -> Seen:
    """Look at every input once.

    Raises:
        InputError: a value that is no float32, with the number of those and the place of the first; or that is none
            once it is standardized.
    """
    source = arrays.inputs

    def look(part: slice) -> tuple[Unfit, bytes, Spread | None, list[Floats32]]:
        block, unfit = source[part], Unfit()
        unfit.look(block, part.start)
        content = hashlib.sha256(bytes_of(block)).digest()
        if not standardize or unfit.count:
            return unfit, content, None, []
        floats = to_floats(block, divisor)
        ends = [floats.min(axis=axes_of(floats)), floats.max(axis=axes_of(floats))]
        return unfit, content, Spread.of(kept_of(floats, part, kept)), ends

    unfit, content = Unfit(), hashlib.sha256()
    train: Spread | None = None
    ends: list[Floats32] = []
    for bad, digest, own, both in in_turn(look, blocks(source)):
        unfit = unfit + bad
        content.update(digest)
        train = train + own if train and own else train or own
        ends = [np.minimum(ends[0], both[0]), np.maximum(ends[1], both[1])] if ends and both else both or ends
    unfit.refuse(arrays, "inputs")
    if train:
        check_reach(train, ends)
    return Seen(content.digest(), train)


def check_reach(train: Spread, ends: Iterable[Floats32]) -> None:
    """Standardized, every number is a float32 where the lowest and the highest of all rows are.

    Raises:
        InputError: one is not.
    """
    for end in ends:
        with np.errstate(over="ignore"):
            if not np.isfinite(((end - train.mean) * train.scale).astype(np.float32)).all():
                raise too_far()


def hashed(array: Rows) -> bytes:
    """A hash of every row."""
    found = hashlib.sha256()
    for content in in_turn(lambda part: hashlib.sha256(bytes_of(array[part])).digest(), blocks(array)):
        found.update(content)
    return found.digest()


def in_turn(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """``map(function, items)`` in several threads, a few items ahead: numpy, hashing and reading leave Python's
    lock."""
    with ThreadPoolExecutor(max_workers=min(READERS, os.cpu_count() or 1)) as pool:
        waiting: deque[Future[R]] = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > READERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
