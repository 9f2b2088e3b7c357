"""The rates of a training, step by step: a schedule that depends on the step alone is known beforehand, one that waits
for the loss to stall is found out on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lrfind import schedules
from lrfind.analysis.plateau import Plateau, Waiting
from lrfind.types import Floats

if TYPE_CHECKING:
    from lrfind.engine.kernel import Chunk
    from lrfind.engine.recorded import Runs


@dataclass(frozen=True)
class Course:
    """A schedule for a training of so many steps.

    Attributes:
        rise: the rate at peak 1, shape (steps,); under `plateau`, what holds while the loss improves.
        plateau: when the loss lowers the rate; None where it never does.
    """

    rise: Floats
    plateau: Plateau | None = None

    @property
    def steps(self) -> int:
        return len(self.rise)


class Paced(NamedTuple):
    """A chunk of a training, and the rates that were used.

    Attributes:
        chunk: what was measured.
        rates: of the chunk's steps, shape (lanes, steps).
    """

    chunk: Chunk
    rates: Floats


def course(name: str, steps: int, **options: Any) -> Course:
    """The schedule of a name and its keywords; see `lrfind.schedules.call`."""
    return _course(name, steps, tuple(sorted(options.items())))


@lru_cache(maxsize=64)
def _course(name: str, steps: int, options: tuple[tuple[str, Any], ...]) -> Course:
    """Kept: every evaluation compiles the schedule, and trainings of one length share it."""
    keywords = dict(options)
    rise = schedules.unit(name, steps, **keywords)
    return Course(rise, Plateau.of(**keywords) if name == "reduce_on_plateau" else None)


def paced(
    kernel: Runs,
    states: Sequence[Any],
    along: Course,
    peaks: Floats,
    seeds: Sequence[int] | None = None,
    *,
    before: Floats | None = None,
    label: Mapping[str, Any] | None = None,
) -> Iterator[Paced]:
    """Train lanes along a course, each at a peak of its own.

    Where the loss lowers the rate, the lanes run up to the end of the first window that may lower it, of whichever
    lane; then each lane's own losses decide. So neither the kernel's chunks nor the other lanes move a bit.

    Args:
        kernel: of the training.
        states: the state of each lane.
        along: the course, for the whole training.
        peaks: highest rate of each lane, shape (lanes,).
        seeds: whose batches and keys each lane takes; left out: lane by lane, one each.
        before: the losses of the steps that are done already, shape (lanes, done); the states are those after them.
            Left out: the training begins.
        label: see `lrfind.engine.recorded`.

    Yields:
        The chunks, in order. Stop asking, and nothing more is computed.
    """
    done = 0 if before is None else before.shape[1]
    rise = along.rise[:, None] * peaks
    if along.plateau is None:
        for chunk in kernel.run(states, rise[done:], start=done, seeds=seeds, label=label):
            yield Paced(chunk, rise[chunk.start : chunk.start + chunk.loss.shape[1]].T)
        return
    window, waiting = along.plateau.window, Waiting(along.plateau, len(peaks))
    loss = np.empty((len(peaks), 0)) if before is None else before
    seen = 0
    while (done := loss.shape[1]) < along.steps:
        while seen + window <= done:
            waiting.see(loss[:, seen : seen + window])
            seen += window
        stop = min(along.steps, seen + waiting.surely * window)
        rates = rise[done:stop] * waiting.scale
        for chunk in kernel.run(states, rates, start=done, seeds=seeds, label=label):
            states = chunk.states
            loss = np.concatenate([loss, chunk.loss], axis=1)
            yield Paced(chunk, rates[chunk.start - done : chunk.start - done + chunk.loss.shape[1]].T)
