"""The one place where precision changes, with a network that shows what it is given."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lrfind.config.schema import Config
from lrfind.engine.execution import equations
from lrfind.engine.train_loop import TrainLoop
from lrfind.engine.trainer import LaneRun
from lrfind.task.models.contract import cast, mse, supervised
from lrfind.task.task import Task, make

SEEN: dict[str, Any] = {}


class Shown:
    """Scales its inputs, and counts in its state."""

    def init(self, key: Any) -> tuple[Any, Any]:
        return {"scale": np.ones((), np.float32)}, {"mean": np.ones((), np.float32), "steps": np.int32(0)}

    def apply(self, params: Any, state: Any, inputs: Any, key: Any, train: bool) -> tuple[Any, Any]:
        SEEN.update(params=params["scale"].dtype, state=state["mean"].dtype, inputs=inputs.dtype)
        outputs = params["scale"] * inputs
        mean = 0.999 * state["mean"] + 0.001 * outputs.mean()
        return outputs, {"mean": mean, "steps": state["steps"] + 1}

    def describe(self) -> str:
        return "shown"


@pytest.mark.parametrize("train", [True, False])
def test_bfloat16_reaches_the_network_and_nothing_else(train: bool) -> None:
    model = supervised(Shown(), mse, "bfloat16")
    params, state = jax.tree.map(jnp.asarray, model.init(np.zeros(2, np.uint32)))
    batch = jnp.full((4, 1), 3.0), jnp.zeros((4, 1))
    value_and_grad = jax.value_and_grad(model.loss, has_aux=True)
    (loss, (after, _)), gradient = value_and_grad(params, state, batch, None, train)
    assert SEEN["params"] == SEEN["inputs"] == jnp.bfloat16
    assert SEEN["state"] == (jnp.float32 if train else jnp.bfloat16)
    assert loss.dtype == gradient["scale"].dtype == after["mean"].dtype == np.float32
    # Averages of steps that bfloat16 would round away; an evaluation keeps the state as it is.
    assert float(after["mean"]) == pytest.approx(1.002 if train else 1.0, abs=2e-5)
    assert int(after["steps"]) == int(train)


def test_whole_numbers_are_not_cast() -> None:
    tree = cast({"tokens": np.arange(3), "x": np.ones(2, np.float32)}, "bfloat16")
    assert tree["tokens"].dtype == np.arange(3).dtype
    assert tree["x"].dtype == jnp.bfloat16


def plan_of(precision: str) -> Task:
    return make(
        Config.model_validate(
            {
                "model": {"name": "mlp", "hidden": [16], "norm": "layer"},
                "data": {"name": "digits", "batch_size": 32},
                "optimizer": {"name": "adamw", "clip_norm": 1.0},
                "precision": precision,
                "sweep": {"seeds": 1},
            }
        )
    )


def test_a_training_in_bfloat16_is_near_that_in_float32_and_keeps_float32() -> None:
    losses = {}
    for precision in ("float32", "bfloat16"):
        task = plan_of(precision)
        train_loop = TrainLoop(task.step, task.batches.feed(), "cpu", chunk=40, lane_steps=40)
        [chunk] = train_loop.train(LaneRun(task.starts("cpu"), np.full((40, 1), 0.01)))
        losses[precision] = chunk.loss[0]
        [state] = chunk.states
        floats = [leaf for leaf in jax.tree.leaves(state) if jnp.issubdtype(leaf.dtype, jnp.floating)]
        assert {leaf.dtype for leaf in floats} == {np.dtype(np.float32)}
    exact, coarse = losses["float32"], losses["bfloat16"]
    assert exact[-1] < 0.6 * exact[0]
    np.testing.assert_allclose(coarse, exact, rtol=0.05)
    np.testing.assert_allclose(coarse[0], exact[0], rtol=5e-3)
    assert not np.allclose(coarse, exact, rtol=1e-5)


IMAGES = {"name": "images", "rows": 40, "size": 8, "channels": 1, "classes": 2, "batch_size": 8}
NETWORKS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"name": "cnn", "channels": [4], "norm": "batch"}, IMAGES),
    ({"name": "resnet", "stages": [1], "width": 4, "norm": "batch"}, IMAGES),
    (
        {"name": "transformer", "layers": 1, "heads": 2, "width": 16, "context": 8, "dropout": 0.1},
        {"name": "text", "batch_size": 4},
    ),
]


@pytest.mark.parametrize(("model", "data"), NETWORKS, ids=lambda section: str(section["name"]))
@pytest.mark.parametrize("train", [True, False])
def test_every_network_multiplies_in_bfloat16_alone(model: dict[str, Any], data: dict[str, Any], train: bool) -> None:
    task = make(
        Config.model_validate({"model": model, "data": data, "optimizer": {"name": "sgd"}, "precision": "bfloat16"})
    )
    (params, state), batch = (
        task.objective.initial,
        (task.batches.dataset.train.inputs[:8], task.batches.dataset.train.targets[:8]),
    )
    key = np.zeros(2, np.uint32)
    program = jax.make_jaxpr(lambda *args: task.objective.model.loss(*args, key, train))(params, state, batch)
    operands = [
        variable.aval.dtype
        for equation in equations(program.jaxpr)
        if equation.primitive.name in ("dot_general", "conv_general_dilated")
        for variable in equation.invars
    ]
    assert operands
    assert set(operands) == {np.dtype(jnp.bfloat16)}
    loss, (after, _) = jax.eval_shape(lambda *args: task.objective.model.loss(*args, key, train), params, state, batch)
    assert loss.dtype == np.float32
    assert [leaf.dtype for leaf in jax.tree.leaves(after)] == [leaf.dtype for leaf in jax.tree.leaves(state)]
