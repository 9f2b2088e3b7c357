"""Train lanes on a schedule, known beforehand or dependent on the loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lrfind.analysis.plateau import PlateauTracker
from lrfind.core.dataset import Floats
from lrfind.engine.trainer import LaneRun
from lrfind.task.optim.schedules import UnitSchedule

if TYPE_CHECKING:
    from lrfind.engine.trainer import Chunk, Trainer


class ScheduledChunk(NamedTuple):
    """A chunk of a training with its learning rates.

    Attributes:
        chunk: losses, norms and states of the chunk.
        rates: learning rates of the chunk's steps, shape (lanes, steps).
    """

    chunk: Chunk
    rates: Floats


def train_on_schedule(
    train_loop: Trainer,
    states: Sequence[Any],
    schedule: UnitSchedule,
    peaks: Floats,
    seeds: Sequence[int] | None = None,
    *,
    before: Floats | None = None,
    label: Mapping[str, Any] | None = None,
) -> Iterator[ScheduledChunk]:
    """Train lanes on a schedule, each at its own peak rate.

    If the loss lowers the rate, the lanes run up to the end of the first window after which any lane's rate may drop;
    then each lane's own losses decide. The result is therefore independent of chunk length and of the other lanes.

    Args:
        train_loop: train loop.
        states: training state of each lane.
        schedule: unit schedule of the whole training.
        peaks: peak rate of each lane, shape (lanes,).
        seeds: seed whose batches and keys each lane takes; None for lane i to take seed i.
        before: losses of the finished steps, shape (lanes, done), `states` being those after them; None at the start.
        label: record of the trial for the journal (see `lrfind.engine.resumable`).

    Yields:
        The chunks, in order, computed on demand.
    """
    done = 0 if before is None else before.shape[1]
    planned = schedule.factors[:, None] * peaks
    if schedule.plateau is None:
        for chunk in train_loop.train(LaneRun(states, planned[done:], start=done, seeds=seeds, label=label)):
            yield ScheduledChunk(chunk, planned[chunk.start : chunk.start + chunk.loss.shape[1]].T)
        return
    window, tracker = schedule.plateau.window, PlateauTracker(schedule.plateau, len(peaks))
    loss = np.empty((len(peaks), 0)) if before is None else before
    judged = 0
    while (done := loss.shape[1]) < len(schedule.factors):
        while judged + window <= done:
            tracker.see(loss[:, judged : judged + window])
            judged += window
        stop = min(len(schedule.factors), judged + tracker.surely * window)
        rates = planned[done:stop] * tracker.scale
        for chunk in train_loop.train(LaneRun(states, rates, start=done, seeds=seeds, label=label)):
            states = chunk.states
            loss = np.concatenate([loss, chunk.loss], axis=1)
            yield ScheduledChunk(chunk, rates[chunk.start - done : chunk.start - done + chunk.loss.shape[1]].T)
