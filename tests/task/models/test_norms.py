"""Normalisation against numpy."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from lrfind.task.models.layers import EPSILON, GROUP, MOMENTUM, groups_of, layer_norm, norm_apply, norm_init

RNG = np.random.default_rng(3)
ROWS = RNG.normal(2, 3, (9, 16)).astype(np.float32)
IMAGES = RNG.normal(2, 3, (5, 4, 3, 16)).astype(np.float32)


def normal(x: Any, axes: Any) -> Any:
    x = x.astype(float)
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + EPSILON)


def expected(kind: str, x: Any) -> Any:
    """By loops over what shares a mean and a variance."""
    found = np.empty(x.shape)
    if kind == "batch":
        for channel in range(x.shape[-1]):
            found[..., channel] = normal(x[..., channel], None)
        return found
    size = x.shape[-1] // (groups_of(x.shape[-1]) if kind == "group" else 1)
    for row in range(len(x)):
        for first in range(0, x.shape[-1], size):
            found[row, ..., first : first + size] = normal(x[row, ..., first : first + size], None)
    return found


@pytest.mark.parametrize("x", [ROWS, IMAGES], ids=["rows", "images"])
@pytest.mark.parametrize("kind", ["none", "layer", "group", "batch"])
def test_outputs_are_those_of_numpy(kind: str, x: Any) -> None:
    params, state = norm_init(kind, 16)
    plain, _ = norm_apply(kind, params, state, x, True)
    np.testing.assert_allclose(plain, x if kind == "none" else expected(kind, x), rtol=1e-4, atol=1e-5)
    if kind == "none":
        assert (params, state) == ({}, {})
        return
    scaled = {"scale": np.arange(16, dtype=np.float32), "shift": np.arange(16, dtype=np.float32) / 7, "more": None}
    found, _ = norm_apply(kind, scaled, state, x, True)
    np.testing.assert_allclose(found, expected(kind, x) * scaled["scale"] + scaled["shift"], rtol=1e-4, atol=1e-4)


def test_running_statistics_move_in_training_and_are_used_in_evaluation() -> None:
    params, state = norm_init("batch", 16)
    _, moved = norm_apply("batch", params, state, IMAGES, True)
    flat = IMAGES.reshape(-1, 16).astype(float)
    np.testing.assert_allclose(moved["mean"], (1 - MOMENTUM) * flat.mean(axis=0), rtol=1e-4)
    sample = flat.var(axis=0, ddof=1)
    np.testing.assert_allclose(moved["variance"], MOMENTUM + (1 - MOMENTUM) * sample, rtol=1e-4)
    found, after = norm_apply("batch", params, moved, ROWS, False)
    exact = (ROWS - moved["mean"]) / np.sqrt(np.asarray(moved["variance"]) + EPSILON)
    np.testing.assert_allclose(found, exact, rtol=1e-4, atol=1e-5)
    assert after is moved


def test_a_single_row_has_no_variance_and_no_nan() -> None:
    params, state = norm_init("batch", 16)
    found, after = norm_apply("batch", params, state, ROWS[:1], True)
    assert not np.asarray(found).any()
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(after))
    assert np.isfinite(np.asarray(layer_norm(np.ones((1, 3), np.float32)))).all()


@pytest.mark.parametrize(("channels", "groups"), [(1, 1), (7, 1), (8, 1), (12, 1), (16, 2), (20, 2), (27, 3), (64, 8)])
def test_groups_divide_the_channels(channels: int, groups: int) -> None:
    assert groups_of(channels) == groups
    assert groups == 1 or channels // groups >= GROUP


def test_each_token_is_normalised_by_itself() -> None:
    np.testing.assert_allclose(layer_norm(IMAGES), normal(IMAGES, -1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["layer", "group", "batch"])
def test_half_precision_in_is_half_precision_out(kind: str) -> None:
    params, state = norm_init(kind, 16)
    half = jax.numpy.asarray(ROWS, jax.numpy.bfloat16)
    found, after = norm_apply(kind, params, state, half, True)
    assert found.dtype == half.dtype
    assert {leaf.dtype for leaf in jax.tree.leaves(after)} <= {np.dtype(np.float32)}
    np.testing.assert_allclose(found.astype(np.float32), expected(kind, ROWS), atol=0.05)
