"""The loss of trained states on fixed rows, against numpy."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from lrfind.core.dataset import Floats
from lrfind.engine.evaluation import LossEvaluator, cut
from lrfind.engine.step import TrainState
from lrfind.engine.trainer import LaneRun
from tests.support.reference import gradient
from tests.support.tasks import INPUTS, LABELS, MLP_LOSS, ROWS, compilations, constant, mlp, mlp_starts

LANES = 3


@pytest.fixture(scope="module")
def states() -> list[TrainState]:
    """Some starts, and where a few steps lead."""
    *_, chunk = mlp().train(LaneRun(mlp_starts(LANES), constant([0.05, 0.1, 0.2], 8)))
    return [*mlp_starts(LANES), *chunk.states]


def expected(rows: slice, found: list[TrainState]) -> Floats:
    def doubles(state: TrainState) -> Any:
        return jax.tree.map(lambda leaf: np.asarray(leaf, float), state.params)

    return np.array([gradient(doubles(state), INPUTS[rows].astype(float), LABELS[rows])[0] for state in found])


@pytest.mark.parametrize(
    ("at_once", "rows", "seen"),
    [
        (1024, 8, ROWS),  # fewer rows than one call takes
        (ROWS, 8, ROWS),
        (10, 8, ROWS),
        (13, 8, 39),  # the last, smaller part is left out
        (4, 16, 32),  # a batch is taken at once in any case
        (4, 100, ROWS),
    ],
)
@pytest.mark.parametrize("ahead", [True, False], ids=["compiled", "not compiled"])
def test_the_mean_over_rows(at_once: int, rows: int, seen: int, ahead: bool, states: list[TrainState]) -> None:
    evaluator = LossEvaluator(MLP_LOSS, cut((INPUTS, LABELS), rows, at_once=at_once))
    if ahead:
        evaluator.compile(states[0], "cpu")
    loss = evaluator(states)
    assert evaluator.rows == seen
    assert (loss.shape, loss.dtype) == ((2 * LANES,), np.float64)
    np.testing.assert_allclose(loss, expected(slice(seen), states), rtol=1e-5)
    assert len(set(loss)) == 2 * LANES


def test_one_compilation_serves_every_part_and_any_number_of_states(states: list[TrainState]) -> None:
    evaluator = LossEvaluator(MLP_LOSS, cut((INPUTS, LABELS), 8, at_once=10))
    with compilations() as first:
        evaluator.compile(states[0], "cpu")
    assert len(first) == 1
    with compilations() as more:
        for count in (0, 1, 2 * LANES):
            assert evaluator(states[:count]).shape == (count,)
    assert more == []


def test_a_state_is_judged_by_itself(states: list[TrainState]) -> None:
    evaluator = LossEvaluator(MLP_LOSS, cut((INPUTS, LABELS), 8))
    whole = evaluator(states)
    for i, state in enumerate(states):
        assert evaluator([state])[0] == whole[i]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_lost_state_is_not_finite_and_takes_none_with_it(value: float) -> None:
    good = mlp_starts(2)
    lost = good[0]._replace(params=jax.tree.map(lambda leaf: np.full_like(leaf, value), good[0].params))
    found = LossEvaluator(MLP_LOSS, cut((INPUTS, LABELS), 8))([lost, good[1]])
    assert np.isfinite(found).tolist() == [False, True]


def test_the_loss_is_that_of_evaluation() -> None:
    """Neither a key nor a training mode: what drops out or averages in training holds still."""
    seen: list[tuple[Any, bool]] = []

    def loss(params: Any, state: Any, batch: Any, key: Any, train: bool) -> Any:
        seen.append((key, train))
        return MLP_LOSS(params, state, batch, key, train)

    LossEvaluator(loss, cut((INPUTS, LABELS), 8))(mlp_starts(1))
    assert seen == [(None, False)]
