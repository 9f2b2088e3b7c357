"""The cnn and the resnet, layer by layer in numpy."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from lrfind.task.models.convolutional import Cnn, Resnet, by_convolution

KEY = np.array([3, 4], np.uint32)
RNG = np.random.default_rng(6)
IMAGES = RNG.standard_normal((3, 7, 6, 2)).astype(np.float32)


def shaken(tree: Any) -> Any:
    """Weights of which none is 0 or 1."""
    return jax.tree.map(lambda leaf: leaf + RNG.normal(size=leaf.shape).astype(np.float32) / 4, tree)


def layer(x: Any, params: Any, stride: int = 1) -> Any:
    return np.asarray(by_convolution(x, params["weight"], stride)) + params["bias"]


def test_the_cnn_is_its_layers() -> None:
    network = Cnn({"channels": (3, 4), "norm": "none"}, (7, 6, 2), 5)
    params = shaken(network.init(KEY)[0])
    x = IMAGES
    for number, each in enumerate(params[:-1]):
        x = np.maximum(layer(x, each, 2 if number in (0, 2) else 1), 0)
    assert x.shape == (3, 2, 2, 4)
    expected = x.mean(axis=(1, 2)) @ params[-1]["weight"] + params[-1]["bias"]
    found, _ = jax.jit(lambda params: network.apply(params, [{}] * 4, IMAGES, None, True))(params)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_the_resnet_is_its_blocks() -> None:
    network = Resnet({"stages": (1, 2), "width": 3, "norm": "none"}, (7, 6, 2), 5)
    params, state = network.init(KEY)
    params = shaken(params)
    x = np.maximum(layer(IMAGES, params["stem"]), 0)
    for number, block in enumerate(params["blocks"]):
        stride = 2 if number == 1 else 1
        inner = layer(np.maximum(layer(x, block["first"], stride), 0), block["second"])
        assert ("shortcut" in block) == (number == 1)
        if number == 1:
            x = x[:, ::2, ::2] @ block["shortcut"]["weight"] + block["shortcut"]["bias"]
        x = np.maximum(x + inner, 0)
    assert x.shape == (3, 4, 3, 6)
    expected = x.mean(axis=(1, 2)) @ params["head"]["weight"] + params["head"]["bias"]
    found, _ = jax.jit(lambda params: network.apply(params, state, IMAGES, None, True))(params)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_grey_images_need_no_channel() -> None:
    network = Cnn({"channels": (3,), "norm": "group"}, (7, 6), 5)
    params, state = network.init(KEY)
    grey = IMAGES[..., 0]
    found = network.apply(params, state, grey, None, True)[0]
    np.testing.assert_array_equal(found, network.apply(params, state, grey[..., None], None, True)[0])


@pytest.mark.parametrize(
    ("network", "text", "widest"),
    [
        (Cnn({"channels": (8, 16), "norm": "batch"}, (32, 32, 3), 9), "cnn, channels 8-16, batch norm", 9 * 256 * 8),
        (Cnn({"channels": (8,), "norm": "none"}, (9, 9), 9), "cnn, channels 8", 9 * 25 * 8),
        (Cnn({"channels": (4,), "norm": "none"}, (8, 8, 64), 9), "cnn, channels 4", 9 * 16 * 64),
        (
            Resnet({"stages": (1, 2), "width": 8, "norm": "group"}, (9, 9), 9),
            "resnet, blocks 1-2, width 8, group norm",
            9 * 81 * 8,
        ),
        (Resnet({"stages": (3,), "width": 8, "norm": "none"}, (9, 9), 9), "resnet, blocks 3, width 8", 9 * 81 * 8),
    ],
    ids=lambda each: type(each).__name__ if hasattr(each, "apply") else str(each),
)
def test_description_and_memory(network: Any, text: str, widest: int) -> None:
    assert (network.describe(), network.widest) == (text, widest)


def test_the_size_that_the_benchmarks_name() -> None:
    """Three stages 32-64-128 on 32x32 colour images are some 0.3 million weights."""
    params, _ = Cnn({"channels": (32, 64, 128), "norm": "none"}, (32, 32, 3), 10).init(KEY)
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == 288_298
