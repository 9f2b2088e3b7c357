"""The transformer: causality, a numpy of its own, starting weights."""

from __future__ import annotations

import math
from typing import Any

import jax
import numpy as np
import pytest

from lrfind.task.models.layers import EPSILON
from lrfind.task.models.transformer import SPREAD, Transformer

KEY = np.array([3, 4], np.uint32)
OPTIONS = {"layers": 2, "heads": 2, "width": 8, "context": 6, "dropout": 0.0}
VOCABULARY = 11
NETWORK = Transformer(OPTIONS, (6,), VOCABULARY)
RNG = np.random.default_rng(8)
TOKENS = RNG.integers(0, VOCABULARY, (3, 6), dtype=np.uint8)


@pytest.fixture(scope="module")
def params() -> Any:
    """Weights large enough that attention looks somewhere, and none of them 0 or 1."""
    return jax.tree.map(lambda leaf: leaf + RNG.normal(size=leaf.shape).astype(np.float32) / 3, NETWORK.init(KEY)[0])


def outputs(params: Any, tokens: Any = TOKENS) -> Any:
    return np.asarray(NETWORK.apply(params, (), tokens, None, False)[0])


def test_a_later_token_changes_no_earlier_output(params: Any) -> None:
    before = outputs(params)
    for place in range(6):
        changed = TOKENS.copy()
        changed[:, place] = (changed[:, place] + 1) % VOCABULARY
        after = outputs(params, changed)
        np.testing.assert_array_equal(after[:, :place], before[:, :place])
        assert (np.abs(after[:, place:] - before[:, place:]).max(axis=(0, 2)) > 1e-4).all()  # and all later ones


def test_no_gradient_flows_back_in_time(params: Any) -> None:
    def output(position: Any) -> Any:
        return NETWORK.apply({**params, "position": position}, (), TOKENS, None, True)[0][:, 3].sum()

    slopes = np.asarray(jax.jit(jax.grad(output))(params["position"]))
    assert np.abs(slopes[:4]).max(axis=1).all()
    assert not slopes[4:].any()


def norm(x: Any, params: Any) -> Any:
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt(x.var(axis=-1, keepdims=True) + EPSILON) * params["scale"] + params["shift"]


def dense(x: Any, params: Any) -> Any:
    return x @ params["weight"] + params["bias"]


def gelu(x: Any) -> Any:
    return x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def attention(x: Any, params: Any) -> Any:
    """One row, shape (tokens, width), head by head and token by token."""
    queries, keys, values = np.split(dense(x, params["queries_keys_values"]), 3, axis=-1)
    found = np.zeros_like(x)
    for head in range(2):
        own = slice(4 * head, 4 * head + 4)
        for now in range(len(x)):
            scores = keys[: now + 1, own] @ queries[now, own] / 2
            shares = np.exp(scores - scores.max())
            found[now, own] = shares / shares.sum() @ values[: now + 1, own]
    return dense(found, params["attention"])


def test_outputs_are_those_of_numpy(params: Any) -> None:
    weights = jax.tree.map(lambda leaf: leaf.astype(float), params)
    for row, found in zip(TOKENS, outputs(params), strict=True):
        x = weights["token"][row] + weights["position"]
        for block in weights["blocks"]:
            x = x + attention(norm(x, block["attention_norm"]), block)
            x = x + dense(gelu(dense(norm(x, block["network_norm"]), block["up"])), block["down"])
        np.testing.assert_allclose(found, dense(norm(x, weights["norm"]), weights["head"]), rtol=1e-3, atol=1e-3)


def test_shorter_windows_are_the_start_of_longer_ones(params: Any) -> None:
    np.testing.assert_allclose(outputs(params, TOKENS[:, :4]), outputs(params)[:, :4], rtol=1e-4, atol=1e-5)


def test_weights_are_of_one_small_spread() -> None:
    large, _ = Transformer({**OPTIONS, "width": 64}, (6,), 256).init(KEY)
    for path, leaf in jax.tree_util.tree_leaves_with_path(large):
        name = path[-1].key
        if name in ("weight", "token", "position"):
            assert leaf.std() == pytest.approx(SPREAD, rel=4 / math.sqrt(2 * leaf.size))
        else:
            assert (leaf == (name == "scale")).all()


def test_an_untrained_one_knows_nothing() -> None:
    """Small weights make all tokens nearly as likely, so that the first loss is that of guessing."""
    fresh, _ = NETWORK.init(KEY)
    logits = outputs(fresh)
    odds = np.exp(logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True)))
    np.testing.assert_allclose(odds, 1 / VOCABULARY, rtol=0.3)


def test_dropout_is_at_every_place_and_in_training_alone(params: Any) -> None:
    dropping = Transformer({**OPTIONS, "dropout": 0.2}, (6,), VOCABULARY)
    np.testing.assert_array_equal(dropping.apply(params, (), TOKENS, None, False)[0], outputs(params))
    found = [np.asarray(dropping.apply(params, (), TOKENS, KEY + np.uint32(step), True)[0]) for step in (0, 0, 1)]
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])
    program = jax.make_jaxpr(lambda key: dropping.apply(params, (), TOKENS, key, True)[0])(KEY)
    assert str(program).count("random_bits[") == 1 + 2 * 2  # the embedding, and two places of each block


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (OPTIONS, "transformer, 2 layers, 2 heads, width 8, context 6"),
        (
            {**OPTIONS, "layers": 1, "heads": 1, "dropout": 0.1},
            "transformer, 1 layer, 1 head, width 8, context 6, dropout 0.1",
        ),
    ],
)
def test_description(options: dict[str, Any], text: str) -> None:
    assert Transformer(options, (6,), 256).describe() == text


def test_memory() -> None:
    assert NETWORK.widest == 6 * 4 * 8
    assert Transformer(OPTIONS, (6,), 256).widest == 6 * 256
    assert Transformer({**OPTIONS, "context": 99}, (99,), 10).widest == 99 * 2 * 99
