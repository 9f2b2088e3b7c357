"""The networks of the workloads by hand in JAX, each in the form that is known to be fastest on a CPU.

A network is `(weights, apply)`: a function of a numpy generator, and one of (weights, inputs). Weights are drawn by
numpy, as `jax.random` has programs of its own to compile.
"""

from __future__ import annotations

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np


def he(random: np.random.Generator, inside: int, outside: int) -> tuple[np.ndarray, np.ndarray]:
    """He-normal weights [inside, outside] and zero biases [outside]."""
    scale = np.float32(np.sqrt(2 / inside))
    return random.normal(size=(inside, outside)).astype(np.float32) * scale, np.zeros(outside, np.float32)


def mlp(model, inputs, outputs):
    """Fully connected layers with relu."""
    widths = [int(np.prod(inputs.shape[1:])), *model["hidden"], outputs]

    def apply(params, x):
        x = x.reshape(len(x), -1)
        for weight, bias in params[:-1]:
            x = jax.nn.relu(x @ weight + bias)
        weight, bias = params[-1]
        return x @ weight + bias

    return lambda random: [he(random, *pair) for pair in pairwise(widths)], apply


def sliced(x, weight, stride):
    """A 3x3 convolution as nine shifted slices and one matrix product: unlike XLA's own it can be scanned on a CPU."""
    rows, height, width, channels = x.shape
    down, right = -(-height // stride), -(-width // stride)
    x = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    parts = [
        x[:, i : i + stride * (down - 1) + 1 : stride, j : j + stride * (right - 1) + 1 : stride].reshape(-1, channels)
        for i in range(3)
        for j in range(3)
    ]
    return (jnp.concatenate(parts, -1) @ weight).reshape(rows, down, right, -1)


def convolved(x, weight, stride):
    """The same by XLA's convolution: for a loop of jitted steps."""
    train_loop = weight.reshape(3, 3, x.shape[-1], -1)
    numbers = ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(x, train_loop, (stride, stride), ((1, 1), (1, 1)), dimension_numbers=numbers)


def cnn(model, inputs, outputs, conv=sliced):
    """Stages of two 3x3 convolutions with relu, the first with stride 2; the mean over pixels; an affine layer."""
    channels = [inputs.shape[-1], *(each for each in model["channels"] for _ in range(2))]

    def weights(random):
        return [*(he(random, 9 * i, o) for i, o in pairwise(channels)), he(random, channels[-1], outputs)]

    def apply(params, x):
        for number, (weight, bias) in enumerate(params[:-1]):
            x = jax.nn.relu(conv(x, weight, 1 if number % 2 else 2) + bias)
        weight, bias = params[-1]
        return x.mean((1, 2)) @ weight + bias

    return weights, apply


def transformer(model, inputs, outputs):
    """A pre-norm decoder with GELU and learned positions; every product is one of two matrices."""
    width, heads, length = model["width"], model["heads"], inputs.shape[1]

    def weights(random):
        def normal(*shape):
            return (0.02 * random.normal(size=shape)).astype(np.float32)

        def layer(inside, outside):
            return normal(inside, outside), np.zeros(outside, np.float32)

        def norm():
            return np.ones(width, np.float32), np.zeros(width, np.float32)

        def block():
            attention = norm(), layer(width, 3 * width), layer(width, width)
            return attention, (norm(), layer(width, 4 * width), layer(4 * width, width))

        blocks = [block() for _ in range(model["layers"])]
        return normal(outputs, width), normal(model["context"], width), blocks, norm(), layer(width, outputs)

    def normed(params, x):
        scale, shift = params
        centred = x - x.mean(-1, keepdims=True)
        return centred * jax.lax.rsqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * scale + shift

    def dense(params, x):
        weight, bias = params
        return x @ weight + bias

    def attend(params, x, rows):
        norm, mix, out = params
        mixed = dense(mix, normed(norm, x)).reshape(rows, length, 3, heads, width // heads)
        queries, keys, values = (mixed[:, :, part] for part in range(3))
        scores = jnp.einsum("bqhd,bkhd->bhqk", queries, keys) / np.sqrt(width // heads)
        shares = jax.nn.softmax(jnp.where(np.tri(length, dtype=bool), scores, -jnp.inf))
        return dense(out, jnp.einsum("bhqk,bkhd->bqhd", shares, values).reshape(rows * length, width))

    def apply(params, tokens):
        embedding, position, blocks, last, head = params
        x = (embedding[tokens] + position[:length]).reshape(-1, width)
        for attention, (norm, up, down) in blocks:
            x = x + attend(attention, x, len(tokens))
            x = x + dense(down, jax.nn.gelu(dense(up, normed(norm, x))))
        return dense(head, normed(last, x)).reshape(*tokens.shape, outputs)

    return weights, apply


def network(model, inputs, outputs, loop=False):
    """The network that a workload's config describes.

    Args:
        model: the config's section.
        inputs: rows of the data.
        outputs: of the network.
        loop: whether it runs in a loop of jitted steps.
    """
    if model["name"] == "cnn":
        return cnn(model, inputs, outputs, convolved if loop else sliced)
    return {"mlp": mlp, "transformer": transformer}[model["name"]](model, inputs, outputs)
