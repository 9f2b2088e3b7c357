"""What every built-in model keeps: shapes, types, numbers of weights, and what fixes them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import numpy as np
import pytest

from lrfind.core.registry import MODELS
from lrfind.task.models.contract import count

KEY = np.array([1, 2], np.uint32)
CLASSES, VOCABULARY = 3, 11
DECODER = {"layers": 2, "heads": 2, "width": 8, "context": 5, "dropout": 0.1}


def mlp(norm: str) -> dict[str, Any]:
    return {"hidden": (7, 5), "activation": "relu", "norm": norm, "dropout": 0.2}


def conv(inside: int, outside: int, norm: str) -> int:
    return 9 * inside * outside + extra(outside, norm)


def extra(width: int, norm: str) -> int:
    """Bias, and scale and shift of the norm."""
    return {"none": 1, "batch": 2}.get(norm, 3) * width


def of_resnet(norm: str) -> int:
    shortcut = 4 * 8 + extra(8, norm)
    blocks = 2 * conv(4, 4, norm) + conv(4, 8, norm) + conv(8, 8, norm) + shortcut + 2 * conv(8, 8, norm)
    return conv(2, 4, norm) + blocks + 8 * CLASSES + CLASSES


IMAGE, FLAT, TOKENS = (6, 5, 2), (4, 2), (5,)
BLOCK = 4 * 8 + (8 * 24 + 24) + (8 * 8 + 8) + (8 * 32 + 32) + (32 * 8 + 8)
CASES: dict[str, tuple[str, dict[str, Any], tuple[int, ...], int]] = {
    "linear": ("linear", {}, FLAT, 8 * 3 + 3),
    **{
        f"mlp {norm}": ("mlp", mlp(norm), FLAT, 8 * 7 + 7 * 5 + extra(7, norm) + extra(5, norm) + 5 * 3 + 3)
        for norm in ("none", "layer", "batch", "group")
    },
    **{
        f"cnn {norm}": (
            "cnn",
            {"channels": (4, 8), "norm": norm},
            IMAGE,
            conv(2, 4, norm) + conv(4, 4, norm) + conv(4, 8, norm) + conv(8, 8, norm) + 8 * 3 + 3,
        )
        for norm in ("none", "layer", "batch", "group")
    },
    "cnn grey": ("cnn", {"channels": (4,), "norm": "none"}, (6, 5), conv(1, 4, "none") + conv(4, 4, "none") + 15),
    **{
        f"resnet {norm}": ("resnet", {"stages": (1, 2), "width": 4, "norm": norm}, IMAGE, of_resnet(norm))
        for norm in ("none", "layer", "batch", "group")
    },
    "transformer": ("transformer", DECODER, TOKENS, 11 * 8 + 5 * 8 + 2 * BLOCK + 2 * 8 + 8 * 11 + 11),
}
"""Model, options, shape of a row, weights."""


@cache
def made(case: str) -> tuple[Any, Any]:
    """A network and six rows of inputs."""
    name, options, shape, _ = CASES[case]
    if name == "transformer":
        tokens = np.random.default_rng(0).integers(0, VOCABULARY, (6, *shape), dtype=np.uint8)
        return MODELS[name].load()(options, shape, VOCABULARY), tokens
    rows = np.random.default_rng(0).standard_normal((6, *shape)).astype(np.float32)
    return MODELS[name].load()(options, shape, CLASSES), rows


@cache
def outputs(case: str, train: bool) -> Callable[..., Any]:
    """The network as one program, which compiles faster than its operations one by one."""
    network, rows = made(case)
    start = network.init(KEY)
    key = KEY if train else None
    program = jax.jit(lambda params, state, rows: network.apply(params, state, rows, key, train))
    return lambda rows=rows: program(*start, rows)


def test_every_model_is_tested() -> None:
    assert {name for name, *_ in CASES.values()} == set(MODELS)


@pytest.mark.parametrize("case", CASES)
def test_shapes_types_and_weights(case: str) -> None:
    name, _, shape, weights = CASES[case]
    network, _ = made(case)
    params, state = network.init(KEY)
    assert count(params) == weights
    leaves = jax.tree.leaves((params, state))
    assert all(isinstance(leaf, np.ndarray) and leaf.dtype == np.float32 for leaf in leaves)
    assert bool(jax.tree.leaves(state)) == ("batch" in case)
    row = (*shape, VOCABULARY) if name == "transformer" else (CLASSES,)
    for train in (True, False):
        found, after = outputs(case, train)()
        assert (found.shape, found.dtype) == ((6, *row), np.float32)
        assert np.isfinite(found).all()
        assert jax.tree.structure(after) == jax.tree.structure(state)
        for kept, new in zip(jax.tree.leaves(state), jax.tree.leaves(after), strict=True):
            assert (kept.shape, kept.dtype) == (new.shape, new.dtype)
            assert np.array_equal(kept, new) == (not train)
    assert network.describe().startswith(name)


@pytest.mark.parametrize("case", CASES)
def test_the_key_fixes_the_weights(case: str) -> None:
    network, _ = made(case)
    first, again = network.init(KEY), network.init(KEY)
    jax.tree.map(np.testing.assert_array_equal, first, again)
    for other in ([1, 3], [2, 1], [2, 2]):
        changed, _ = network.init(np.array(other, np.uint32))
        for one, two in zip(jax.tree.leaves(first[0]), jax.tree.leaves(changed), strict=True):
            if one.ndim > 1:  # weights; biases, scales and shifts are the same for every key
                assert (one != two).all()


@pytest.mark.parametrize("case", [case for case in CASES if case != "transformer"])
def test_weights_are_he_normal_and_biases_zero(case: str) -> None:
    network, _ = made(case)
    params, _ = network.init(KEY)
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        name = path[-1].key
        if name == "weight":
            spread = np.sqrt(2 / np.prod(leaf.shape[:-1]))
            assert leaf.std() == pytest.approx(spread, rel=4 / np.sqrt(2 * leaf.size))
        else:
            assert (leaf == (name == "scale")).all()


@pytest.mark.parametrize("case", [case for case in CASES if "batch" not in case])
def test_a_row_does_not_see_the_others(case: str) -> None:
    _, rows = made(case)
    others = rows[::-1].copy()
    others[2] = rows[2]
    whole, beside = (outputs(case, False)(given)[0] for given in (rows, others))
    np.testing.assert_allclose(beside[2], whole[2], rtol=1e-4, atol=1e-5)
    assert not np.allclose(beside[1], whole[1], rtol=1e-4, atol=1e-5)
