"""The mlp against numpy."""

from __future__ import annotations

import math
from typing import Any

import jax
import numpy as np
import pytest

from lrfind.task.models.layers import EPSILON
from lrfind.task.models.mlp import ACTIVATIONS, Linear, Mlp

KEY = np.array([5, 6], np.uint32)
INPUTS = np.random.default_rng(0).standard_normal((9, 2, 3)).astype(np.float32)
BY_HAND = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "silu": lambda x: x / (1 + np.exp(-x)),
    "gelu": lambda x: x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
}


def outputs(network: Any, inputs: Any = INPUTS) -> Any:
    params, state = network.init(KEY)
    return network.apply(params, state, inputs, KEY, True)[0]


def normal(x: Any) -> Any:
    return (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + EPSILON)


@pytest.mark.parametrize("norm", ["none", "layer"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_outputs_are_those_of_numpy(activation: str, norm: str) -> None:
    network = Mlp({"hidden": (5, 4), "activation": activation, "norm": norm}, (2, 3), 3)
    params, state = network.init(KEY)
    rng = np.random.default_rng(1)
    params = jax.tree.map(lambda leaf: leaf + rng.normal(size=leaf.shape).astype(np.float32) / 3, params)
    x = INPUTS.reshape(9, 6).astype(float)
    for layer in params[:-1]:
        x = x @ layer["weight"] + layer["bias"]
        if norm == "layer":
            x = normal(x) * layer["scale"] + layer["shift"]
        x = BY_HAND[activation](x)
    x = x @ params[-1]["weight"] + params[-1]["bias"]
    np.testing.assert_allclose(network.apply(params, state, INPUTS, KEY, False)[0], x, rtol=2e-5, atol=2e-5)


def test_without_hidden_layers_it_is_linear() -> None:
    network = Mlp({"hidden": (), "activation": "relu", "norm": "layer"}, (2, 3), 3)
    np.testing.assert_array_equal(outputs(network), outputs(Linear({}, (2, 3), 3)))


def test_linear_is_an_affine_map() -> None:
    network = Linear({}, (2, 3), 3)
    params, _ = network.init(KEY)
    np.testing.assert_allclose(outputs(network), INPUTS.reshape(9, 6) @ params["weight"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("hidden", "norm", "text"),
    [
        ((128, 64), "none", "mlp, hidden 128-64, relu"),
        ((8,), "layer", "mlp, hidden 8, relu, layer norm"),
        ((), "none", "mlp, hidden none, relu"),
    ],
)
def test_description(hidden: tuple[int, ...], norm: str, text: str) -> None:
    assert Mlp({"hidden": hidden, "activation": "relu", "norm": norm}, (3,), 2).describe() == text


def test_description_of_dropout() -> None:
    options = {"hidden": (8,), "activation": "gelu", "norm": "batch", "dropout": 0.25}
    assert Mlp(options, (3,), 2).describe() == "mlp, hidden 8, gelu, batch norm, dropout 0.25"


def test_dropout_is_after_each_hidden_layer_and_in_training_alone() -> None:
    options = {"hidden": (4000,), "activation": "relu", "norm": "none"}
    plain, dropping = Mlp(options, (2, 3), 3), Mlp({**options, "dropout": 0.5}, (2, 3), 3)
    params, state = plain.init(KEY)
    apply = lambda network, train: np.asarray(network.apply(params, state, INPUTS, KEY, train)[0])  # noqa: E731
    np.testing.assert_array_equal(apply(dropping, False), apply(plain, True))
    assert np.abs(apply(dropping, True) - apply(plain, True)).min() > 0
    np.testing.assert_array_equal(apply(dropping, True), apply(dropping, True))
