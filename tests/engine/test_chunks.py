"""How long a chunk is: what the size of a network says, and what its program says."""

from __future__ import annotations

from typing import Any

import numpy as np
import optax
import pytest

from lrfind.engine.step import GradientStep, start
from lrfind.engine.train_loop import LONGEST, SHORTEST, TOUCH, WORK, TrainLoop, chunk_for
from lrfind.engine.trainer import BatchFeed, LaneRun, StepInputs

SIDE = 1000
"""A product of two squares of this side is two billion operations; with its gradient, a chunk is two of them."""


def squares(params: Any, state: Any, batch: Any, key: Any, train: bool) -> Any:
    """Few weights and one row, and many operations."""
    image = params * batch
    return (image @ image).mean(), (state, {})


def kernel(side: int, platform: str = "cpu", chunk: int = 50) -> TrainLoop:
    def draw(lane: int, begin: int, stop: int) -> StepInputs:
        return StepInputs(np.zeros(stop - begin, np.int32), np.zeros((stop - begin, 2), np.uint32))

    data = np.ones((1, side, side), np.float32)
    return TrainLoop(
        GradientStep(squares, optax.sgd), BatchFeed(data, lambda data, row: data[row], draw), platform, chunk=chunk
    )


def test_by_weights_and_rows() -> None:
    assert chunk_for(1000, 100, 10**6) == LONGEST
    assert chunk_for(10**6, 100, 10**6) == WORK / 10**8
    assert chunk_for(10**9, 100, 10**6) == SHORTEST
    assert chunk_for(10, 10, 77) == 77


@pytest.mark.parametrize(("side", "chunk"), [(4, 50), (300, 6e9 / (3 * 2 * 300**3)), (SIDE, SHORTEST)])
def test_a_program_with_more_work_than_its_size_tells(side: int, chunk: float) -> None:
    assert TOUCH * WORK == 6e9
    found = kernel(side)
    found.compile([start(np.float32(1), (), optax.sgd)])
    assert found.chunk == int(chunk)


def test_a_shorter_chunk_moves_no_bit() -> None:
    begin, rates = [start(np.float32(1), (), optax.sgd)], np.full((80, 1), 1e-4)
    found = kernel(300, chunk=80)
    many = list(found.train(LaneRun(begin, rates)))
    found.chunk = 80  # what its program has room for
    one = list(found.train(LaneRun(begin, rates)))
    assert [chunk.loss.shape[1] for chunk in one] == [80]
    assert [chunk.loss.shape[1] for chunk in many] == [37, 37, 6]
    np.testing.assert_array_equal(one[0].loss, np.concatenate([chunk.loss for chunk in many], axis=1))
