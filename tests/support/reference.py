"""Training of a one-hidden-layer tanh network with softmax cross-entropy, in numpy: forward, backward, optimiser."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Floats

Layers = list[dict[str, Floats]]


class Training(NamedTuple):
    """What `train` found: shapes (steps,), and the weights after it."""

    loss: Floats
    gradient_norm: Floats
    update_norm: Floats
    layers: Layers


def gradient(layers: Layers, x: Floats, labels: NDArray[np.int32]) -> tuple[float, Layers]:
    """The mean loss of a batch and its gradient."""
    hidden = np.tanh(x @ layers[0]["weight"] + layers[0]["bias"])
    logits = hidden @ layers[1]["weight"] + layers[1]["bias"]
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    probability = odds / odds.sum(axis=1, keepdims=True)
    rows = np.arange(len(x))
    loss = -np.log(probability[rows, labels]).mean()
    to_logits = probability.copy()
    to_logits[rows, labels] -= 1
    to_logits /= len(x)
    to_hidden = (to_logits @ layers[1]["weight"].T) * (1 - hidden**2)
    return float(loss), [
        {"weight": x.T @ to_hidden, "bias": to_hidden.sum(axis=0)},
        {"weight": hidden.T @ to_logits, "bias": to_logits.sum(axis=0)},
    ]


def norm(layers: Layers) -> float:
    return float(np.sqrt(sum((part**2).sum() for layer in layers for part in layer.values())))


def train(name: str, start: Any, inputs: Any, labels: Any, order: NDArray[np.int32], rates: Floats) -> Training:
    """Train by ``"sgd"`` or ``"adam"`` (Kingma & Ba 2014, algorithm 1, b1 = b2 = 0.9) on the rows of `order`.

    Args:
        order: row numbers of each step, shape (steps, batch).
    """
    layers = [{key: np.asarray(value, float) for key, value in layer.items()} for layer in start]
    first = [{key: np.zeros_like(value) for key, value in layer.items()} for layer in layers]
    second = [{key: np.zeros_like(value) for key, value in layer.items()} for layer in layers]
    rows = []
    for t, (picked, rate) in enumerate(zip(order, rates, strict=True), start=1):
        loss, grads = gradient(layers, inputs[picked].astype(float), labels[picked])
        updates: Layers = []
        for layer, m, v, grad in zip(layers, first, second, grads, strict=True):
            updates.append({})
            for key, g in grad.items():
                m[key] = 0.9 * m[key] + 0.1 * g
                v[key] = 0.9 * v[key] + 0.1 * g**2
                adam = (m[key] / (1 - 0.9**t)) / (np.sqrt(v[key] / (1 - 0.9**t)) + 1e-8)
                updates[-1][key] = -rate * (adam if name == "adam" else g)
                layer[key] = layer[key] + updates[-1][key]
        rows.append((loss, norm(grads), norm(updates)))
    return Training(*np.array(rows).T, layers)
