"""Numbers of any type -> float32, checked and scaled block by block."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Rows
from lrfind.core.errors import InputError
from lrfind.task.data.arrays import Arrays
from lrfind.task.data.row_split import RowSplit
from lrfind.task.data.rows import blocks, map_ahead

Floats32 = NDArray[np.float32]


@dataclass
class InvalidValues:
    """The number of invalid values in an array that is looked at block by block, and the first of them.

    Attributes:
        count: number of invalid values.
        index: index of the first one.
        value: the first one.
    """

    count: int = 0
    index: tuple[int, ...] = ()
    value: Any = None

    def add(self, block: NDArray[Any], invalid: NDArray[np.bool_], start: int) -> None:
        """Add those of a block of rows.

        Args:
            block: rows that follow those added before.
            invalid: whether each value is invalid; of the block's shape.
            start: number of the block's first row.
        """
        count = int(np.count_nonzero(invalid))
        if count and not self.count:
            row, *rest = (int(number) for number in np.unravel_index(np.argmax(invalid), invalid.shape))
            self.index, self.value = (start + row, *rest), block[(row, *rest)]
        self.count += count

    def first(self, arrays: Arrays, role: str) -> str:
        """Return the first one's value and position, as the rest of a sentence on all of them."""
        start = ":" if self.count == 1 else ", the first"
        return f"{start} {self.value} in {arrays.place(role, self.index)}"


def not_float32(block: NDArray[Any]) -> NDArray[np.bool_]:
    """Return whether each value is infinite or NaN, or so as float32."""
    with np.errstate(over="ignore"):
        return ~np.isfinite(block.astype(np.float32, copy=False))


def refuse_not_finite(invalid: InvalidValues, arrays: Arrays, role: str) -> None:
    """Refuse values that `not_float32` found, if there are any.

    Raises:
        InputError: there are; with their number and the position of the first.
    """
    if not invalid.count:
        return
    what, remedy = "not finite", "leave such rows out, or fill in a number"
    if np.isfinite(invalid.value):
        what, remedy = "too large for float32", "scale them down"
    which = "a value that is" if invalid.count == 1 else f"{invalid.count:,} values that are"
    raise InputError(f"{role} has {which} {what}{invalid.first(arrays, role)}; {remedy}", key=f"data.{role}")


def check_finite(arrays: Arrays, role: str, digest: Any = None) -> None:
    """Check that float32 holds every value of the inputs or of the targets.

    Args:
        arrays: inputs and targets.
        role: ``"inputs"`` or ``"targets"``.
        digest: a hash to update with all rows; None to hash nothing.

    Raises:
        InputError: with the number of the values that it does not hold, and the position of the first.
    """
    array: Rows = getattr(arrays, role)
    if digest is None and array.dtype.kind != "f":
        return

    def read(part: slice) -> tuple[int, NDArray[Any], bytes]:
        block = np.asarray(array[part])
        return part.start, block, b"" if digest is None else hashlib.sha256(np.ascontiguousarray(block).data).digest()

    invalid = InvalidValues()
    for start, block, content in map_ahead(read, blocks(array)):
        if digest is not None:
            digest.update(content)
        if block.dtype.kind == "f":
            invalid.add(block, not_float32(block), start)
    refuse_not_finite(invalid, arrays, role)


@dataclass(frozen=True)
class Spread:
    """Statistics of numbers: for each feature of flat rows, for each channel of images.

    Channels are the last of four axes; three axes are one channel. Shape (features,), (channels,) or ().

    Attributes:
        count: numbers of a feature or channel.
        mean: mean.
        squares: sum of squared distances from the mean.
        low: minimum; infinity of no rows.
        high: maximum; minus infinity of no rows.
    """

    count: int
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]
    low: Floats32
    high: Floats32

    @classmethod
    def of(cls, rows: Floats32) -> Spread:
        """Return the statistics of some rows."""
        axes = {2: (0,), 3: (0, 1, 2)}.get(rows.ndim, tuple(range(rows.ndim - 1)))
        total = rows.sum(axis=axes, dtype=np.float64)
        count = rows.size // max(1, total.size)
        mean = total / max(1, count)
        squares = ((rows - mean) ** 2).sum(axis=axes)
        return cls(count, mean, squares, rows.min(axis=axes, initial=np.inf), rows.max(axis=axes, initial=-np.inf))

    def __add__(self, other: Spread) -> Spread:
        """Return the statistics of both together.

        Reference: Chan, Golub and LeVeque 1983, "Algorithms for computing the sample variance".
        """
        count = self.count + other.count
        distance = other.mean - self.mean
        return Spread(
            count,
            self.mean + distance * (other.count / max(1, count)),
            self.squares + other.squares + distance**2 * (self.count * other.count / max(1, count)),
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
        )

    @property
    def scale(self) -> NDArray[np.float64]:
        """One over the standard deviation; 0 where all numbers are equal."""
        varies = self.low < self.high
        return varies / np.sqrt(np.where(varies, self.squares / max(1, self.count), 1))


class Scaling(NamedTuple):
    """The map ``(inputs / divisor - mean) * scale`` to float32.

    Attributes:
        divisor: number that every input is divided by.
        mean: subtracted mean of each feature or channel; None to leave inputs unstandardized.
        scale: factor of each feature or channel.
    """

    divisor: float = 1
    mean: NDArray[np.float64] | float | None = None
    scale: NDArray[np.float64] | float = 1

    def __call__(self, inputs: NDArray[Any]) -> Floats32:
        """Return scaled inputs; the array itself where it is float32 already and nothing is scaled."""
        floats = inputs.astype(np.float32, copy=False)
        if self.divisor != 1:
            floats = floats / np.float32(self.divisor)
        return floats if self.mean is None else ((floats - self.mean) * self.scale).astype(np.float32)


def standardization(inputs: Rows, split: RowSplit, divisor: float = 1) -> Scaling:
    """Return the scaling that brings the rows to train on to mean 0 and standard deviation 1.

    Args:
        inputs: all rows, checked by `check_finite`.
        split: the rows to train on and those held out.
        divisor: number that every input is divided by before.

    Raises:
        InputError: a held-out value is so far from the others that float32 does not hold it standardized.
    """
    scaling = Scaling(divisor)

    def spreads(part: slice) -> tuple[Spread, Spread]:
        block, is_train = scaling(inputs[part]), split.is_train(part)
        return Spread.of(block[is_train]), Spread.of(block[~is_train])

    train, held_out = reduce(
        lambda before, block: (before[0] + block[0], before[1] + block[1]), map_ahead(spreads, blocks(inputs))
    )
    if held_out.count:
        with np.errstate(over="ignore"):
            ends = Scaling(1, train.mean, train.scale)(np.stack([held_out.low, held_out.high]))
        if not np.isfinite(ends).all():
            raise InputError(
                "a held-out value is too far from all rows to train on to be standardized; leave its row out, or its "
                "column, which hardly varies",
                key="data.standardize",
            )
    return Scaling(divisor, train.mean, train.scale)
