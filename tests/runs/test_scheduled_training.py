"""A training whose rate its losses decide: the same bits however it is cut into pieces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from lrfind.analysis.plateau import factors
from lrfind.config.schema import Config
from lrfind.core.dataset import Floats
from lrfind.core.result import Execution
from lrfind.engine.train_loop import TrainLoop
from lrfind.engine.trainer import LaneRun
from lrfind.runs.training import train_on_schedule
from lrfind.task.optim.schedules import unit_schedule
from lrfind.task.task import Task, make

STEPS = 60
PEAKS = np.array([3.0, 0.03, 30.0])
WAITS: dict[str, Any] = {"name": "reduce_on_plateau", "window": 3, "patience": 6, "factor": 0.5, "threshold": 0.02}
CONFIG: dict[str, Any] = {
    "model": {"name": "linear"},
    "data": {"name": "digits", "batch_size": 16},
    "optimizer": {"name": "sgd"},
    "train": {"steps": STEPS, "schedule": WAITS | {"warmup_steps": 2}},
    "sweep": {"seeds": 3},
    "confirm": {"enabled": False},
}


class Training:
    """Three lanes that a kernel can train, and what they are along."""

    def __init__(self) -> None:
        self.task: Task = make(Config.model_validate(CONFIG))
        self.starts = self.task.starts("cpu")
        section = self.task.config.train.schedule
        self.along = unit_schedule(section.name, STEPS, **section.keywords(STEPS))
        self.kernels: dict[int, TrainLoop] = {}

    def kernel(self, chunk: int) -> TrainLoop:
        """Compiled once for each length of its chunks."""
        fresh = TrainLoop(
            self.task.step, self.task.batches.feed(), "cpu", Execution("scan", "each", "quick"), chunk=chunk
        )
        return self.kernels.setdefault(chunk, fresh)


@pytest.fixture(scope="module")
def training() -> Training:
    return Training()


def joined(found: Iterator[tuple[Any, Floats]]) -> tuple[Floats, Floats]:
    """Losses and rates of all steps, shape (lanes, steps)."""
    losses, rates, at = [], [], 0
    for chunk, used in found:
        assert (chunk.start, used.shape) == (at, chunk.loss.shape)
        at += used.shape[1]
        losses.append(chunk.loss)
        rates.append(used)
    return np.concatenate(losses, axis=1), np.concatenate(rates, axis=1)


@pytest.fixture(scope="module")
def whole(training: Training) -> tuple[Floats, Floats]:
    return joined(train_on_schedule(training.kernel(STEPS), training.starts, training.along, PEAKS))


def test_the_rates_follow_from_the_losses(training: Training, whole: tuple[Floats, Floats]) -> None:
    loss, rates = whole
    assert training.along.plateau is not None
    held = factors(training.along.plateau, loss)
    np.testing.assert_array_equal(rates, training.along.factors * PEAKS[:, None] * held)
    assert rates[:, 0].tolist() == [0, 0, 0]  # warm-up
    assert len({tuple(row) for row in held}) == 3  # each lane has its own drops
    assert held.min() < 0.5


@pytest.mark.parametrize("chunk", [7, 20])
def test_chunks_move_no_bit(training: Training, whole: tuple[Floats, Floats], chunk: int) -> None:
    loss, rates = joined(train_on_schedule(training.kernel(chunk), training.starts, training.along, PEAKS))
    np.testing.assert_array_equal(loss, whole[0])
    np.testing.assert_array_equal(rates, whole[1])


def test_other_lanes_move_no_bit(training: Training, whole: tuple[Floats, Floats]) -> None:
    kernel = training.kernel(20)
    for lane in range(3):
        start, peak = [training.starts[lane]], PEAKS[lane : lane + 1]
        loss, rates = joined(train_on_schedule(kernel, start, training.along, peak, [lane]))
        np.testing.assert_array_equal(loss[0], whole[0][lane])
        np.testing.assert_array_equal(rates[0], whole[1][lane])


def test_a_schedule_of_the_step_alone_is_one_run(training: Training) -> None:
    along = unit_schedule("cosine", STEPS, warmup_steps=5, end_factor=0.0)
    assert along.plateau is None
    kernel = training.kernel(20)
    found = list(train_on_schedule(kernel, training.starts, along, PEAKS))
    assert [chunk.start for chunk, _ in found] == [0, 20, 40]
    np.testing.assert_array_equal(np.concatenate([rates for _, rates in found], axis=1), along.factors * PEAKS[:, None])
    plain = kernel.train(LaneRun(training.starts, along.factors[:, None] * PEAKS))
    for (scheduled, _), chunk in zip(found, plain, strict=True):
        np.testing.assert_array_equal(scheduled.loss, chunk.loss)


def test_a_course_is_compiled_once() -> None:
    assert unit_schedule("linear", 17, warmup_steps=0, end_factor=0.1) is unit_schedule(
        "linear", 17, warmup_steps=0, end_factor=0.1
    )
