"""`transformer`: a decoder that predicts the next token (Vaswani et al. 2017; pre-norm as in GPT-2)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lrfind.task.models.contract import Key, affine
from lrfind.task.models.layers import Floats32, dropout, generator, layer_norm, norm_init

SPREAD = 0.02
"""Standard deviation of all starting weights, as in GPT-2."""

WIDER = 4
"""Width of the network in a block, in widths of the block."""


class Transformer:
    """Tokens and positions embedded, blocks of causal attention and of a GELU network, a norm and an affine layer.

    The parts of a block read normalised input and are added to it; the outputs are one number for each token that may
    follow. Dropout is after the embedding and after both parts of each block. Weights are N(0, 0.02), biases 0.

    Args:
        options: ``layers``, ``heads``, ``width`` (a multiple of heads), ``context``, ``dropout``.
        input_shape: (tokens,), `context` at most.
        outputs: different tokens.
    """

    def __init__(self, options: Mapping[str, Any], input_shape: tuple[int, ...], outputs: int) -> None:
        self.layers, self.heads, self.width = (options[name] for name in ("layers", "heads", "width"))
        self.context, self.dropout = options["context"], options.get("dropout", 0.0)
        self.tokens = outputs
        length = input_shape[0]
        self.widest = length * max(self.heads * length, WIDER * self.width, outputs)

    def init(self, key: Key) -> tuple[Any, Any]:
        """Return initial parameters and state, numpy arrays."""
        rng, width = generator(key), self.width
        params = {
            "token": normal(rng, self.tokens, width),
            "position": normal(rng, self.context, width),
            "blocks": [
                {
                    "attention_norm": norm_init("layer", width)[0],
                    "queries_keys_values": narrow(rng, width, 3 * width),
                    "attention": narrow(rng, width, width),
                    "network_norm": norm_init("layer", width)[0],
                    "up": narrow(rng, width, WIDER * width),
                    "down": narrow(rng, WIDER * width, width),
                }
                for _ in range(self.layers)
            ],
            "norm": norm_init("layer", width)[0],
            "head": narrow(rng, width, self.tokens),
        }
        return params, ()

    def apply(self, params: Any, state: Any, inputs: jax.Array, key: Any, train: bool) -> tuple[jax.Array, Any]:
        """Return outputs, shape (batch, tokens, different tokens), of tokens, shape (batch, tokens)."""

        def drop(x: jax.Array, site: int) -> jax.Array:
            return dropout(x, self.dropout, key, site, train)

        x = params["token"][inputs.astype(jnp.int32)] + params["position"][: inputs.shape[1]]
        x = drop(x, 0)
        for number, block in enumerate(params["blocks"]):
            x = x + drop(self.attend(block, normed(block["attention_norm"], x)), 2 * number + 1)
            inner = jax.nn.gelu(affine(block["up"], normed(block["network_norm"], x)))
            x = x + drop(affine(block["down"], inner), 2 * number + 2)
        return affine(params["head"], normed(params["norm"], x)), state

    def attend(self, block: Any, x: jax.Array) -> jax.Array:
        """Return the attention of every token to itself and those before it, shape (batch, tokens, width) kept."""
        batch, length, width = x.shape
        mixed = affine(block["queries_keys_values"], x).reshape(batch, length, 3, self.heads, width // self.heads)
        queries, keys, values = (mixed[:, :, part] for part in range(3))  # (batch, length, heads, width of a head) each
        scores = jnp.einsum("bqhd,bkhd->bhqk", queries, keys).astype(jnp.float32) / math.sqrt(width // self.heads)
        past = np.tri(length, dtype=bool)
        shares = jax.nn.softmax(jnp.where(past, scores, -jnp.inf), axis=-1).astype(x.dtype)
        heads = jnp.einsum("bhqk,bkhd->bqhd", shares, values)
        return affine(block["attention"], heads.reshape(batch, length, width))

    def describe(self) -> str:
        """Return a phrase for reports."""
        dropped = f", dropout {self.dropout:g}" if self.dropout else ""
        heads = f"{self.heads} head{'s' if self.heads > 1 else ''}"
        layers = f"{self.layers} layer{'s' if self.layers > 1 else ''}"
        return f"transformer, {layers}, {heads}, width {self.width}, context {self.context}{dropped}"


def normal(rng: np.random.Generator, rows: int, columns: int) -> Floats32:
    """Return N(0, 0.02), shape (rows, columns)."""
    return (SPREAD * rng.standard_normal((rows, columns))).astype(np.float32)


def narrow(rng: np.random.Generator, inside: int, outside: int) -> dict[str, Floats32]:
    """Return an affine layer: weights N(0, 0.02), zero bias."""
    return {"weight": normal(rng, inside, outside), "bias": np.zeros(outside, np.float32)}


def normed(params: Any, x: jax.Array) -> jax.Array:
    """Return the layer norm of each token, scaled and shifted."""
    scaled: jax.Array = layer_norm(x.astype(jnp.float32)) * params["scale"] + params["shift"]
    return scaled.astype(x.dtype)
