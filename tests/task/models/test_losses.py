"""Losses against their formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lrfind.core.registry import LOSSES
from lrfind.task.data.targets import BINARY_LOSSES, LABEL_LOSSES
from lrfind.task.models.contract import supervised
from lrfind.task.models.mlp import Linear

RNG = np.random.default_rng(4)
OUTPUTS = (3 * RNG.standard_normal((20, 4))).astype(np.float32)
VALUES = (3 * RNG.standard_normal((20, 4))).astype(np.float32)
ANSWERS = RNG.integers(0, 2, (20, 4)).astype(np.float32)
LABELS = RNG.integers(0, 4, 20).astype(np.int32)


def softmax_log(x: Any) -> Any:
    return x - np.log(np.exp(x).sum(axis=1, keepdims=True))


FORMULAS: dict[str, Callable[[Any, Any], Any]] = {
    "cross_entropy": lambda x, y: -softmax_log(x.astype(float))[np.arange(len(x)), y].mean(),
    "binary_cross_entropy": lambda x, y: (np.log1p(np.exp(x.astype(float))) - x * y).mean(),
    "mse": lambda x, y: ((x - y) ** 2).mean(),
    "mae": lambda x, y: np.abs(x - y).mean(),
    "huber": lambda x, y: np.where(np.abs(x - y) <= 1, (x - y) ** 2 / 2, np.abs(x - y) - 0.5).mean(),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_its_formula(name: str) -> None:
    targets = LABELS if name in LABEL_LOSSES else ANSWERS if name in BINARY_LOSSES else VALUES
    found = LOSSES[name].load()(OUTPUTS, targets)
    assert found.shape == ()
    assert float(found) == pytest.approx(float(FORMULAS[name](OUTPUTS, targets)), rel=1e-5)


def test_indifferent_outputs_cost_the_log_of_the_classes() -> None:
    assert float(LOSSES["cross_entropy"].load()(np.zeros((5, 7), np.float32), np.arange(5))) == pytest.approx(np.log(7))


def test_large_outputs_do_not_overflow() -> None:
    logits = np.array([[1e4, 0], [0, 1e4]], np.float32)
    assert float(LOSSES["cross_entropy"].load()(logits, np.array([1, 1]))) == pytest.approx(5e3)
    answers = np.array([[0, 0], [0, 1]], np.float32)
    expected = (1e4 + 2 * np.log(2)) / 4  # one wrong by far, two undecided, one right by far
    assert float(LOSSES["binary_cross_entropy"].load()(logits, answers)) == pytest.approx(expected)


def test_a_network_and_a_loss_make_a_model() -> None:
    network = Linear({}, (4,), 4)
    model = supervised(network, LOSSES["mse"].load())
    key = np.zeros(2, np.uint32)
    params, state = model.init(key)
    loss, (after, metrics) = model.loss(params, state, (OUTPUTS, VALUES), key, True)
    expected = ((OUTPUTS @ params["weight"] - VALUES) ** 2).mean()
    assert float(loss) == pytest.approx(float(expected), rel=1e-5)
    assert (after, metrics) == (state, {})
