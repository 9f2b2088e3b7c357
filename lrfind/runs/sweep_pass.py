"""Run one pass of the range test: one training per seed while the learning rate rises.

Reference:
    Smith 2015, "Cyclical learning rates for training neural networks", arXiv:1506.01186.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from lrfind.analysis.range_test.curve import combine, divergence
from lrfind.analysis.range_test.early_stop import hopeless
from lrfind.core.dataset import Floats
from lrfind.engine.trainer import Chunk, Trainer

PROBE_EVERY = 6
"""Steps between two measurements of the trust-region ratio.

They cost an eighteenth more work and give two points per decade of the default ladder.
"""


def sweep(train_loop: Trainer, states: Sequence[Any], ladder: Floats, beyond: Floats) -> Iterator[Chunk]:
    """Train over a ladder of rates, and over its extension if the loss has not diverged.

    It ends early once no seed can recover, and on the extension as soon as the loss has diverged.

    Args:
        train_loop: train loop, compiled for the lanes.
        states: initial training state of each seed.
        ladder: learning rates, shape (steps,).
        beyond: learning rates of the extension, which continues the training; empty for none.

    Yields:
        The chunks, in order.
    """
    lanes = len(states)
    losses: list[Floats] = []
    for part, start in ((ladder, 0), (beyond, len(ladder))):
        rates = np.repeat(part[:, None], lanes, axis=1)
        for chunk in train_loop.run(states, rates, start=start, probe_every=PROBE_EVERY):
            losses.append(chunk.loss)
            states = chunk.states
            yield chunk
            loss = np.concatenate(losses, axis=1)
            if hopeless(loss) or (start and divergence(combine(loss)) is not None):
                return
        if divergence(combine(np.concatenate(losses, axis=1))) is not None:
            return
