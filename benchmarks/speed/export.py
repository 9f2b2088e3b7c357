"""Write the rows that lrfind trains on, `inputs` [rows, ...] and `targets`, and their `outputs`, to an `.npz` file.

A process of its own, so that the measuring one stays small: a child's peak memory starts at that of its parent.
"""

from __future__ import annotations

import sys

import numpy as np

from lrfind.config.load import load
from lrfind.task import task


def main(source: str, target: str) -> None:
    """Load and split the data of a config as `lrfind sweep` does."""
    data = task.load(load(source).config)
    inputs, targets = (wide(array) for array in (data.train.inputs, data.train.targets))
    np.savez(target, inputs=inputs, targets=targets, outputs=data.outputs)


def wide(array: np.ndarray) -> np.ndarray:
    """Whole numbers as PyTorch wants labels and tokens."""
    return array.astype(np.int64) if array.dtype.kind in "iu" else array


if __name__ == "__main__":
    main(*sys.argv[1:])
