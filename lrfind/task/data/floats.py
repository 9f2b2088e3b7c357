"""Numbers of any kind -> float32, block by block: what is on a disk is never in memory as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Rows
from lrfind.core.errors import InputError
from lrfind.task.data.arrays import Arrays
from lrfind.task.data.rows import blocks
from lrfind.task.data.selection import Selection

Floats32 = NDArray[np.float32]


@dataclass
class Unfit:
    """Values that are no float32.

    Attributes:
        count: how many there are.
        first: where the first one stands, None where there is none.
        value: that one.
    """

    count: int = 0
    first: tuple[int, ...] | None = None
    value: Any = None

    def look(self, block: NDArray[Any], start: int) -> None:
        """See the rows that begin with number `start`; those before it were seen."""
        if block.dtype.kind in "biu":
            return
        with np.errstate(over="ignore"):
            bad = ~np.isfinite(block.astype(np.float32, copy=False))
        count = int(np.count_nonzero(bad))
        if count and self.first is None:
            row, *rest = (int(place) for place in np.argwhere(bad)[0])
            self.first, self.value = (start + row, *rest), block[(row, *rest)]
        self.count += count

    def __add__(self, later: Unfit) -> Unfit:
        """Those of both, where the other's rows come later."""
        first = later if self.first is None else self
        return Unfit(self.count + later.count, first.first, first.value)

    def refuse(self, arrays: Arrays, role: str) -> None:
        """
        Raises:
            InputError: there are some; with their number and the place of the first.
        """
        if self.first is None:
            return
        if np.isfinite(self.value):
            what, remedy = "too large for float32", "scale them down"
        else:
            what, remedy = "not finite", "leave such rows out, or fill in a number"
        which = "a value that is" if self.count == 1 else f"{self.count:,} values that are"
        start = ":" if self.count == 1 else ", the first"
        raise InputError(
            f"{role} has {which} {what}{start} {self.value} in {arrays.place(role, self.first)}; {remedy}",
            key=f"data.{role}",
        )


def check_finite(arrays: Arrays, role: str) -> None:
    """Every value of the inputs, or of the targets, is a float32.

    Raises:
        InputError: with the number of those that are not, and the place of the first.
    """
    array: Rows = getattr(arrays, role)
    unfit = Unfit()
    for part in blocks(array) if array.dtype.kind == "f" else ():
        unfit.look(array[part], part.start)
    unfit.refuse(arrays, role)


def to_floats(array: NDArray[Any], divisor: float = 1) -> Floats32:
    """float32, over a divisor; the array itself where it is just that."""
    found = array.astype(np.float32, copy=False)
    return found if divisor == 1 else found / np.float32(divisor)


def take(array: NDArray[Any], rows: NDArray[np.int64], divisor: float = 1) -> Floats32:
    """Rows of an array over a divisor, as float32; the array itself where it is just that.

    Args:
        array: checked by `check_finite`.
        rows: row numbers, rising.
        divisor: what every value is divided by.
    """
    if len(rows) == len(array) and array.dtype == np.float32 and divisor == 1:
        return array
    found = np.empty((len(rows), *array.shape[1:]), np.float32)
    for part in blocks(found):
        found[part] = to_floats(array[rows[part]], divisor)
    return found


def axes_of(rows: Rows) -> tuple[int, ...]:
    """The axes that one feature's, or one channel's, numbers lie along."""
    return {2: (0,), 3: (0, 1, 2)}.get(rows.ndim, tuple(range(rows.ndim - 1)))


@dataclass(frozen=True)
class Spread:
    """How numbers spread, of every feature where rows are flat; of every channel where they are images: the last of
    four axes, or the only channel of three. Shape (features,), (channels,) or () each.

    Attributes:
        count: numbers.
        mean: theirs.
        squares: sum of their squared distances from it.
        low: the lowest.
        high: the highest.
    """

    count: int
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]
    low: Floats32
    high: Floats32

    @classmethod
    def of(cls, rows: Floats32) -> Spread | None:
        """That of some rows; None where there are none."""
        if not len(rows):
            return None
        axes = axes_of(rows)
        mean = rows.mean(axis=axes, dtype=np.float64)
        squares = ((rows - mean) ** 2).sum(axis=axes)
        return cls(rows.size // mean.size, mean, squares, rows.min(axis=axes), rows.max(axis=axes))

    def __add__(self, other: Spread) -> Spread:
        """That of both together (Chan, Golub & LeVeque 1983)."""
        count = self.count + other.count
        apart = other.mean - self.mean
        return Spread(
            count,
            self.mean + apart * (other.count / count),
            self.squares + other.squares + apart**2 * (self.count * other.count / count),
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
        )

    @property
    def scale(self) -> NDArray[np.float64]:
        """One over the standard deviation, or 0 where every number is the same."""
        varies = self.low < self.high
        return varies / np.sqrt(np.where(varies, self.squares / self.count, 1))


def moments(
    array: Rows, kept: Selection | None = None, divisor: float = 1
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and `Spread.scale` of the rows that are kept, over a divisor."""
    spreads = (Spread.of(to_floats(kept_of(array[part], part, kept), divisor)) for part in blocks(array))
    whole = reduce(Spread.__add__, filter(None, spreads))
    return whole.mean, whole.scale


def kept_of(block: NDArray[Any], part: slice, kept: Selection | None) -> NDArray[Any]:
    """Of consecutive rows those that are kept."""
    return block if kept is None else block[kept.within(part)]


def too_far() -> InputError:
    """That a held-out value cannot be standardized."""
    return InputError(
        "a held-out value is too far from all rows to train on to be standardized; leave its row out, or its column, "
        "which hardly varies",
        key="data.standardize",
    )


def standardized(array: Floats32, mean: NDArray[np.float64], scale: NDArray[np.float64]) -> Floats32:
    """``(array - mean) * scale``, what does not vary being 0.

    Raises:
        InputError: a value so far from all those that mean and scale were taken from that float32 does not hold it.
    """
    found = np.empty_like(array)
    for part in blocks(array):
        with np.errstate(over="ignore"):
            found[part] = (array[part] - mean) * scale
        if not np.isfinite(found[part]).all():
            raise too_far()
    return found
