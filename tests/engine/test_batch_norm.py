"""Running statistics made anew: of known running means, of other conventions, and of a network in a short run."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lrfind.engine.evaluation import BatchNormRecalibration, LossEvaluator, cut
from lrfind.engine.step import GradientStep, start
from lrfind.engine.train_loop import TrainLoop
from lrfind.engine.trainer import BatchFeed, LaneRun
from lrfind.task.models.contract import cross_entropy, supervised
from lrfind.task.models.convolutional import Cnn
from lrfind.task.models.mlp import Mlp
from tests.support.tasks import OPTIMIZERS, SCAN_EACH, compilations, constant, draw_rows, rows_of

ROWS = np.random.default_rng(1).normal(3, 2, (48, 4)).astype(np.float32)
PART = 12
MEANS = ROWS.reshape(-1, PART, 4).mean(axis=1, dtype=float)
"""Of each part, shape (parts, features)."""


def keeping(momentum: float) -> Any:
    """A model whose state is a running mean of its inputs, scaled by its weight."""

    def loss(params: Any, state: Any, batch: Any, key: Any, train: bool) -> Any:
        found = params * batch.mean(axis=0)
        return jnp.sum(found), (momentum * state + (1 - momentum) * found if train else state, {})

    return loss


@pytest.mark.parametrize(
    ("momentum", "begin"), [(0.3, 1.0), (0.9, 0.0), (0.9, 1.0), (0.9, -40.0), (0.99, 1.0), (0.999, -40.0)]
)
def test_a_running_mean_becomes_the_mean_of_its_batches(momentum: float, begin: float) -> None:
    recalibration = BatchNormRecalibration(keeping(momentum), np.full(4, begin, np.float32), cut(ROWS, 4, at_once=PART))
    assert recalibration.rows == 48
    for weight in (1.0, 7.0):
        np.testing.assert_allclose(recalibration(np.float32(weight)), weight * MEANS.mean(axis=0), rtol=1e-3)


def other(params: Any, state: Any, batch: Any, key: Any, train: bool) -> Any:
    """A mean that corrects for its start, a count, the last batch's mean, and a constant."""
    mean = params * batch.mean(axis=0)
    hidden = 0.9 * state["hidden"] + 0.1 * mean
    count = state["count"] + 1
    corrected = hidden / (1 - 0.9 ** count.astype(jnp.float32))
    after = {"hidden": hidden, "count": count, "corrected": corrected, "last": mean, "constant": state["constant"]}
    return jnp.sum(mean), (after if train else state, {})


def test_other_numbers_stay_as_the_batches_leave_them() -> None:
    zeros = np.zeros(4, np.float32)
    initial = {"hidden": zeros, "count": np.int32(0), "corrected": zeros, "last": zeros, "constant": zeros + 5}
    found = BatchNormRecalibration(other, initial, cut(ROWS, 4, at_once=PART))(np.float32(2))
    assert found["count"] == len(MEANS)
    np.testing.assert_array_equal(found["constant"], 5)
    np.testing.assert_allclose(found["last"], 2 * MEANS[-1], rtol=1e-5)
    np.testing.assert_allclose(found["hidden"], 2 * MEANS.mean(axis=0), rtol=1e-4)
    shares = 0.9 ** np.arange(len(MEANS))[::-1]
    np.testing.assert_allclose(found["corrected"], 2 * shares @ MEANS / shares.sum(), rtol=1e-4)


def test_lost_weights_leave_nothing_behind() -> None:
    recalibration = BatchNormRecalibration(keeping(0.9), np.zeros(4, np.float32), cut(ROWS, 4, at_once=PART))
    assert not np.isfinite(recalibration(np.float32(np.nan))).any()
    assert not np.isfinite(recalibration(np.float32(np.inf))).any()
    np.testing.assert_allclose(recalibration(np.float32(1)), MEANS.mean(axis=0), rtol=1e-4)


IMAGES = np.random.default_rng(2).random((40, 6, 6)).astype(np.float32) ** 3
LABELS = (IMAGES[:, :3].mean(axis=(1, 2)) > IMAGES[:, 3:].mean(axis=(1, 2))).astype(np.int32)
NETWORKS = {
    "mlp": Mlp({"hidden": (9, 7), "activation": "relu", "norm": "batch"}, (6, 6), 2),
    "cnn": Cnn({"channels": (4,), "norm": "batch"}, (6, 6), 2),
}


@pytest.fixture(scope="module", params=NETWORKS)
def short(request: pytest.FixtureRequest) -> Any:
    """A network after five steps."""
    network = NETWORKS[request.param]
    model = supervised(network, cross_entropy)
    train_loop = TrainLoop(
        GradientStep(model.loss, OPTIMIZERS["momentum"]),
        BatchFeed((IMAGES, LABELS), rows_of, draw_rows),
        "cpu",
        SCAN_EACH,
    )
    begin = start(*network.init(np.zeros(2, np.uint32)), OPTIMIZERS["momentum"])
    *_, chunk = train_loop.train(LaneRun([begin], constant([0.05], 5)))
    return model, begin, chunk.states[0]


def exact(model: Any, trained: Any) -> Any:
    """The statistics of all rows as one batch, layer by layer: what the first step from nothing leaves, undone."""
    zero = jax.tree.map(np.zeros_like, trained.state)
    _, (after, _) = model.loss(trained.params, zero, (IMAGES, LABELS), np.zeros(2, np.uint32), True)
    return jax.tree.map(lambda leaf: leaf / (1 - 0.9), after)


def test_the_loss_of_a_short_run_is_that_of_exact_statistics(short: Any) -> None:
    model, begin, trained = short
    evaluator = LossEvaluator(model.loss, cut((IMAGES, LABELS), 8))
    recalibration = BatchNormRecalibration(model.loss, begin.state, cut((IMAGES, LABELS), 8, at_once=20))
    with compilations() as compiled:
        recalibration.compile(trained, "cpu")
        state = recalibration(trained.params)
        recalibration(begin.params)
    assert len(compiled) == 1
    wanted = evaluator([trained._replace(state=exact(model, trained))])[0]
    assert evaluator([trained._replace(state=state)])[0] == pytest.approx(wanted, rel=0.01)
    assert abs(evaluator([trained])[0] / wanted - 1) > 0.015  # which is why it is done
    assert jax.tree.structure(state) == jax.tree.structure(trained.state)
    assert {leaf.dtype for leaf in jax.tree.leaves(state)} == {np.dtype(np.float32)}
