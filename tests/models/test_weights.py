"""Starting weights: their distribution, and what fixes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
import pytest

from lrfind.models.contract import count
from lrfind.models.weights import affine_init, generator, he_normal
from lrfind.registry import MODELS

KEY = np.array([1, 2], np.uint32)
OPTIONS: dict[str, Mapping[str, Any]] = {
    "linear": {},
    "mlp": {"hidden": (7, 5), "activation": "relu", "norm": "layer"},
}


def test_every_model_is_tested() -> None:
    assert set(OPTIONS) == set(MODELS)


@pytest.mark.parametrize("fan_in", [200, 800])
def test_he_normal(fan_in: int) -> None:
    weight = he_normal(generator(KEY), fan_in, 500)
    assert (weight.shape, weight.dtype) == ((fan_in, 500), np.float32)
    spread, many = np.sqrt(2 / fan_in), weight.size
    z = weight.ravel() / spread
    assert abs(z.mean()) < 4 / np.sqrt(many)
    assert z.std() == pytest.approx(1, abs=4 / np.sqrt(2 * many))
    assert (np.abs(z) > 1.96).mean() == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / many))


def test_biases_are_zero() -> None:
    layer = affine_init(generator(KEY), 3, 4)
    assert layer["bias"].tolist() == [0, 0, 0, 0]
    assert layer["bias"].dtype == np.float32


@pytest.mark.parametrize("name", MODELS)
def test_the_key_fixes_the_weights(name: str) -> None:
    network = MODELS[name].load()(OPTIONS[name], (4, 2), 3)
    (first, state), (again, _) = network.init(KEY), network.init(KEY)
    assert jax.tree.leaves(state) == []
    assert all(isinstance(leaf, np.ndarray) and leaf.dtype == np.float32 for leaf in jax.tree.leaves(first))
    jax.tree.map(np.testing.assert_array_equal, first, again)
    for other in ([1, 3], [2, 1], [2, 2]):
        changed, _ = network.init(np.array(other, np.uint32))
        layers = zip([first] if name == "linear" else first, [changed] if name == "linear" else changed, strict=True)
        assert all((one["weight"] != two["weight"]).all() for one, two in layers)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_keeps_the_contract(name: str) -> None:
    network = MODELS[name].load()(OPTIONS[name], (4, 2), 3)
    params, state = network.init(KEY)
    for train in (True, False):
        outputs, after = network.apply(params, state, np.ones((6, 4, 2), np.float32), KEY, train)
        assert (outputs.shape, outputs.dtype) == ((6, 3), np.float32)
        assert jax.tree.structure(after) == jax.tree.structure(state)
    assert network.describe().startswith(name)
    assert count(params) == {"linear": 8 * 3 + 3, "mlp": 8 * 7 + 3 * 7 + 7 * 5 + 3 * 5 + 5 * 3 + 3}[name]
