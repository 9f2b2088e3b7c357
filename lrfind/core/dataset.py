"""Arrays, and the data sets made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
else:
    Floats = np.ndarray  # numpy.typing takes a sixth as long to import as all of numpy


class Rows(Protocol):
    """Rows of numbers: an array, or what reads from a disk the rows that it is asked for."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def ndim(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    def __len__(self) -> int: ...
    def __getitem__(self, key: Any, /) -> Any: ...


@dataclass(frozen=True)
class Split:
    """Rows of a data set.

    Attributes:
        inputs: shape (rows, ...).
        targets: shape (rows,) integer labels, or (rows, outputs) floats, which are 0 or 1 where the task is binary; of
            text the token after each of the inputs' tokens, shape (rows, tokens), both bytes.
    """

    inputs: Rows
    targets: Rows

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.inputs)


@dataclass(frozen=True)
class Dataset:
    """A data set, split and checked.

    Attributes:
        name: how reports call it.
        train: the rows to train on.
        validation: the rows held out; None where validation_fraction is 0.
        kind: what the targets ask for.
        outputs: numbers the network must put out: classes, target columns, or for each token different tokens.
        digest: a hash of every row and of the split, where the rows stay on the disk; else None.
    """

    name: str
    train: Split
    validation: Split | None
    kind: Literal["classification", "binary", "regression", "text"]
    outputs: int
    digest: str | None = None

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one row of inputs."""
        return self.train.inputs.shape[1:]

    @property
    def streamed(self) -> bool:
        """Whether the rows stay on disk."""
        return self.digest is not None
