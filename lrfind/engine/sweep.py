"""The range test: one training per seed while the rate climbs the ladder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from lrfind.analysis.curve import combine, divergence
from lrfind.analysis.stop import hopeless
from lrfind.engine.kernel import Chunk
from lrfind.engine.recorded import Runs
from lrfind.types import Floats

PROBE_EVERY = 6
"""Steps between two measurements of the trust-region ratio, by steps that can: an eighteenth more work, and two points
to a decade of the default ladder."""


def sweep(kernel: Runs, states: Sequence[Any], ladder: Floats, beyond: Floats) -> Iterator[Chunk]:
    """Climb the ladder, and go on beyond it where the loss has not diverged by its end.

    Ends early where coming back is out of the question, and on the extension as soon as the loss has diverged.

    Args:
        kernel: compiled for the lanes.
        states: starting state of each seed.
        ladder: rates, shape (steps,).
        beyond: rates of a possible extension, which continues the same run; empty for none.

    Yields:
        The chunks, in order.
    """
    lanes = len(states)
    seen: list[Floats] = []
    for part, start in ((ladder, 0), (beyond, len(ladder))):
        rates = np.repeat(part[:, None], lanes, axis=1)
        for chunk in kernel.run(states, rates, start=start, probe_every=PROBE_EVERY):
            seen.append(chunk.loss)
            states = chunk.states
            yield chunk
            loss = np.concatenate(seen, axis=1)
            if hopeless(loss) or (start and divergence(combine(loss)) is not None):
                return
        if divergence(combine(np.concatenate(seen, axis=1))) is not None:
            return
