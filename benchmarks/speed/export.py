"""Write the rows that lrfind trains on as `inputs` [rows, features] and `targets` to an `.npz` file.

A process of its own, so that the measuring one stays small: a child's peak memory starts at that of its parent.
"""

from __future__ import annotations

import sys

import numpy as np

from lrfind.config.load import load
from lrfind.data.prepare import prepare
from lrfind.registry import DATA


def main(source: str, target: str) -> None:
    """Load and split the data of a config as `lrfind sweep` does."""
    config = load(source).config
    section = config.data
    data = prepare(
        DATA[section.name].load()(section),
        name=section.name,
        loss=config.loss,
        validation_fraction=section.validation_fraction,
        batch_size=section.batch_size,
        seed=config.seed,
    )
    inputs = data.train.inputs.reshape(len(data.train.inputs), -1)
    targets = data.train.targets
    np.savez(target, inputs=inputs, targets=targets.astype(np.int64) if targets.dtype.kind == "i" else targets)


if __name__ == "__main__":
    main(*sys.argv[1:])
