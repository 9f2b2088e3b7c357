"""Batches that the host makes: the same trainings as from data on the device, in as much memory as is allowed."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfind.core.result import Execution
from lrfind.engine.train_loop import IN_FLIGHT, TrainLoop, chunk_for
from lrfind.engine.trainer import BatchFeed, LaneRun, StepInputs
from tests.support.tasks import BATCHES, INPUTS, LABELS, LOOP_EACH, LOOP_VMAP, SCAN_EACH, SCAN_VMAP, walk, walk_starts


def batches(lane: int, begin: int, stop: int) -> Any:
    rows = BATCHES.indices(lane, begin, stop)
    return INPUTS[rows], LABELS[rows]


FEED = BatchFeed((), lambda _, batch: batch, lambda *steps: StepInputs(batches(*steps), BATCHES.keys(*steps)))
RATES = np.repeat(np.geomspace(0.01, 0.1, 23)[:, None], 3, axis=1)


@pytest.mark.parametrize("execution", [SCAN_EACH, SCAN_VMAP, LOOP_EACH, LOOP_VMAP], ids=str)
@pytest.mark.parametrize("platform", ["cpu", "gpu"])
def test_the_same_losses_as_on_the_device(execution: Execution, platform: str) -> None:
    known = walk(execution, chunk=10)
    train_loop = TrainLoop(known._step, FEED, platform, execution, 10)
    found, wanted = (
        np.concatenate([chunk.loss for chunk in each.train(LaneRun(walk_starts(3), RATES))], axis=1)
        for each in (train_loop, known)
    )
    # Not to the bit: where a loss is a sum, the compiler may join it with the selection of rows.
    np.testing.assert_allclose(found, wanted, rtol=2e-6)


def test_elsewhere_than_on_a_cpu_batches_are_sent_ahead() -> None:
    """By the threads that draw them, and the last, shorter chunk in full length, so that it is not brought back."""
    for platform, kind in (("cpu", np.ndarray), ("gpu", jax.Array)):
        train_loop = TrainLoop(walk()._step, FEED, platform, SCAN_VMAP, 10)
        draw = train_loop._draw([0, 1], 20, 23)
        assert isinstance(draw, StepInputs)
        assert all(isinstance(leaf, kind) for leaf in jax.tree.leaves(draw))
        assert len(draw.keys) == (3 if platform == "cpu" else 10)


@given(chunk=st.integers(1, 2000), step_bytes=st.integers(0, 2**40))
def test_as_many_steps_as_memory_allows(chunk: int, step_bytes: int) -> None:
    found = chunk_for(1, 1, chunk, step_bytes)
    assert 1 <= found <= chunk
    assert found == 1 or found * step_bytes <= IN_FLIGHT
    assert found == chunk or (found + 1) * step_bytes > IN_FLIGHT
