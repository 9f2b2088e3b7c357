"""The quadratic's eigenvalues, and the rate at which the engine's training on it stops being stable."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.flatten_util import ravel_pytree

from lrfind.analysis.range_test.curve import divergences
from lrfind.config.schema import Config
from lrfind.core.dataset import Floats
from lrfind.engine.train_loop import TrainLoop
from lrfind.engine.trainer import LaneRun
from lrfind.runs.range_test import run_pass
from lrfind.task.data.loading import Arrays
from lrfind.task.data.sets import quadratic as load
from lrfind.task.task import Task, make

LIMIT = 2 / 2
"""2 over the largest eigenvalue of the Hessian, which is twice that of ``X^T X / rows``."""


def quadratic(rows: int = 64, features: int = 10, condition: float = 100.0) -> Arrays:
    return load(SimpleNamespace(rows=rows, features=features, condition=condition))


@given(features=st.integers(1, 20), more=st.integers(1, 30), condition=st.floats(1, 1e5))
@settings(deadline=None)
def test_the_eigenvalues_are_those_asked_for(features: int, more: int, condition: float) -> None:
    inputs, targets, *_ = quadratic(features + more, features, condition)
    x = inputs.astype(float)
    found = np.sort(np.linalg.eigvalsh(x.T @ x / len(x)))[::-1]
    wanted = condition ** -(np.arange(features) / max(1, features - 1))
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-6)
    solution, *_ = np.linalg.lstsq(x, targets, rcond=None)
    np.testing.assert_allclose(x @ solution, targets, atol=1e-5)


def test_every_eigenvector_has_its_part_in_the_targets() -> None:
    inputs, targets, *_ = quadratic(64, 5, 10.0)
    values, vectors = np.linalg.eigh(inputs.astype(float).T @ inputs / 64)
    gradient = vectors.T @ (inputs.T @ targets / 64).ravel()
    np.testing.assert_allclose(np.abs(gradient), values, rtol=1e-3)


def plan_of(optimizer: dict[str, Any] | None = None, **data: Any) -> Task:
    config = {
        "model": {"name": "linear"},
        "data": {"name": "quadratic", "condition": 10.0, **data},
        "optimizer": optimizer or {"name": "sgd"},
        "sweep": {"seeds": 1},
        "confirm": {"enabled": False},
    }
    return make(Config.model_validate(config))


def losses(task: Task, rate: float, steps: int = 400) -> Floats:
    """The loss before each step of SGD at one rate."""
    train_loop = TrainLoop(task.step, task.batches.feed(), "cpu", chunk=steps, lane_steps=steps)
    (chunk,) = train_loop.train(LaneRun(task.starts("cpu"), np.full((steps, 1), rate)))
    return chunk.loss[0]


def test_the_largest_eigenvalue_of_the_hessian_is_two() -> None:
    task = plan_of()
    params, state = task.objective.initial
    batch = task.batches.dataset.train.inputs, task.batches.dataset.train.targets

    def loss(flat: Any) -> Any:
        return task.objective.model.loss(unravel(flat), state, batch, np.zeros(2, np.uint32), True)[0]

    flat, unravel = ravel_pytree(params)
    eigenvalues = np.linalg.eigvalsh(np.asarray(jax.jit(jax.hessian(loss))(flat), float))
    assert eigenvalues.max() == pytest.approx(2, rel=1e-5)
    assert eigenvalues.min() == pytest.approx(2 / 10, rel=1e-4)


def test_training_is_stable_up_to_the_limit() -> None:
    task = plan_of()
    assert task.batches.dataset.train.rows == task.config.data.batch_size == 64
    below, above = losses(task, 0.98 * LIMIT), losses(task, 1.02 * LIMIT)
    assert below[-1] < 1e-6 * below[0]
    assert (np.diff(below[:50]) < 0).all()
    assert above[-1] > 1e6 * above[0]
    # Along the steepest eigenvector an error is multiplied by 1 - 2 rate at every step, the loss by its square.
    assert above[-1] / above[-2] == pytest.approx((1 - 2 * 1.02) ** 2, rel=1e-3)


def test_the_limit_is_the_same_whatever_the_size() -> None:
    for size in ({"features": 3, "rows": 200, "batch_size": 200}, {"condition": 1.0}, {"condition": 5.0}):
        task = plan_of(**size)
        assert losses(task, 0.98 * LIMIT)[-1] < 1e-6
        assert losses(task, 1.02 * LIMIT)[-1] > 1e6


def test_a_sweep_diverges_above_the_limit_and_the_closer_the_more_steps_it_has() -> None:
    task = plan_of()
    train_loop, starts = TrainLoop(task.step, task.batches.feed(), "cpu", chunk=50, lane_steps=1), task.starts("cpu")
    found = []
    for steps in (400, 800, 1600):
        rates = np.geomspace(1e-2, 10, steps)
        loss = np.concatenate([chunk.loss for chunk in run_pass(train_loop, starts, rates, np.empty(0))], axis=1)
        [at] = divergences(loss)
        assert at is not None
        found.append(rates[at] / LIMIT)
    assert 1.5 > found[0] > found[1] > found[2] > 1


@pytest.mark.parametrize(("factor", "limit"), [(0.5, 2.0), (2.0, 0.5)])
def test_a_rate_of_its_own_moves_the_limit(factor: float, limit: float) -> None:
    task = plan_of(optimizer={"name": "sgd", "groups": {"*": factor}})
    assert losses(task, 0.98 * limit)[-1] < 1e-6
    assert losses(task, 1.02 * limit)[-1] > 1e6
