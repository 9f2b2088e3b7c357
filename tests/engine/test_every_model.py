"""Every built-in model in the engine: it learns, keeps its types, is compiled once; its evidence can be measured."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import optax
import pytest

from lrfind.core.registry import MODELS
from lrfind.engine.execution import choose
from lrfind.engine.sharpness import stability
from lrfind.engine.step import GradientStep, TrainState, start
from lrfind.engine.train_loop import TrainLoop
from lrfind.engine.trainer import BatchFeed, LaneRun
from lrfind.task.models.contract import cross_entropy, supervised
from tests.support.tasks import compilations, draw_rows, losses, rows_of

ROWS, CLASSES, STEPS, LANES = 40, 3, 40, 2
RNG = np.random.default_rng(9)
LABELS = (np.arange(ROWS) % CLASSES).astype(np.int32)
IMAGES = (RNG.standard_normal((CLASSES, 6, 6))[LABELS] + RNG.standard_normal((ROWS, 6, 6)) / 2).astype(np.float32)
TEXT = np.frombuffer((b"abcab" * (ROWS + 1))[: 5 * ROWS + 1], np.uint8) - ord("a")
WINDOWS = TEXT[:-1].reshape(ROWS, 5), TEXT[1:].reshape(ROWS, 5)
CASES: dict[str, dict[str, Any]] = {
    "linear": {},
    "mlp": {"hidden": (8,), "activation": "tanh", "norm": "batch", "dropout": 0.1},
    "cnn": {"channels": (4,), "norm": "batch"},
    "resnet": {"stages": (1,), "width": 4, "norm": "group"},
    "transformer": {"layers": 1, "heads": 2, "width": 8, "context": 5, "dropout": 0.1},
}


def adam(rate: Any) -> Any:
    return optax.adam(rate)


def leaves(state: TrainState) -> list[tuple[Any, Any]]:
    return [(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(state)]


def test_every_model_is_tested() -> None:
    assert set(CASES) == set(MODELS)


@pytest.mark.parametrize("name", CASES)
def test_a_model_in_the_engine(name: str) -> None:
    data = WINDOWS if name == "transformer" else (IMAGES, LABELS)
    network = MODELS[name].load()(CASES[name], data[0].shape[1:], CLASSES)
    model = supervised(network, cross_entropy)
    train_loop = TrainLoop(
        GradientStep(model.loss, adam, probe=True), BatchFeed(data, rows_of, draw_rows), "cpu", chunk=10
    )
    states = [start(*network.init(np.array([lane, 1], np.uint32)), adam) for lane in range(LANES)]
    train_loop.compile(states)
    assert train_loop.execution.steps == "scan"  # of convolutions as well
    rates = np.full((STEPS, LANES), 0.02)
    with compilations() as more:
        chunks = list(train_loop.train(LaneRun(states, rates, probe_every=4)))
    assert more == []
    loss = losses(iter(chunks))
    assert (loss[:, -5:].mean(axis=1) < 0.8 * loss[:, :5].mean(axis=1)).all()
    after = chunks[-1].states[0]
    assert leaves(after) == leaves(states[0])
    for kept, new in zip(jax.tree.leaves(states[0].state), jax.tree.leaves(after.state), strict=True):
        assert not np.array_equal(kept, new)
    trust = np.concatenate([chunk.trust for chunk in chunks], axis=1)
    assert (np.isfinite(trust).sum(axis=1) > 5).all()
    assert (trust[np.isfinite(trust)] < 1.5).all()
    again = losses(train_loop.train(LaneRun(states, rates, probe_every=4)))
    np.testing.assert_array_equal(again, loss)


@pytest.mark.parametrize("name", ["mlp", "cnn", "transformer"])
def test_the_curvature_of_a_model_with_state_or_tokens(name: str) -> None:
    """Forward over reverse goes through the convolution's own gradient, the norm's statistics and the embedding."""
    data = WINDOWS if name == "transformer" else (IMAGES, LABELS)
    network = MODELS[name].load()(CASES[name], data[0].shape[1:], CLASSES)
    model = supervised(network, cross_entropy)
    key = np.array([5, 5], np.uint32)
    train = TrainState(*network.init(key), ())
    found = stability(model.loss, train, data, key, "sgd", {}, "cpu")
    assert found is not None
    flat, unravel = jax.flatten_util.ravel_pytree(train.params)
    direction = RNG.standard_normal((4, flat.size)).astype(np.float32)
    gradient = jax.jit(jax.grad(lambda w: model.loss(unravel(w), train.state, data, key, True)[0]))
    for vector in direction:  # by differences, no eigenvalue is below a Rayleigh quotient
        vector /= np.linalg.norm(vector)
        product = (gradient(flat + 1e-2 * vector) - gradient(flat - 1e-2 * vector)) / 2e-2
        assert vector @ product <= found.sharpness * 1.05
    assert found.limit == pytest.approx(2 / found.sharpness)


def test_on_an_accelerator_convolutions_are_xlas_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """And such a program, run on a CPU after all, is not scanned there."""
    from lrfind.task.models import convolutional

    network = MODELS["cnn"].load()(CASES["cnn"], (6, 6), CLASSES)
    params, state = network.init(np.zeros(2, np.uint32))
    monkeypatch.setattr(convolutional, "on_cpu", lambda: False)
    program = jax.make_jaxpr(lambda x: network.apply(params, state, x, None, True)[0])(IMAGES)
    assert choose(program, "cpu").steps == "loop"
    assert choose(program, "gpu").steps == "scan"
