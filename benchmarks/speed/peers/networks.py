"""The networks of the workloads in PyTorch, as its users write them; PyTorch's own initial weights."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn import functional


def network(model: dict[str, Any], inputs: torch.Tensor, outputs: int) -> tuple[nn.Module, torch.Tensor]:
    """The network that a config describes, and the inputs in the form that it takes."""
    if model["name"] == "cnn":
        images = inputs.permute(0, 3, 1, 2).contiguous()
        return cnn([images.shape[1], *model["channels"]], outputs), images
    if model["name"] == "transformer":
        return Transformer(model, outputs), inputs
    rows = inputs.flatten(1)
    return mlp([rows.shape[1], *model["hidden"], outputs]), rows


def mlp(widths: list[int]) -> nn.Sequential:
    """Fully connected layers of these widths, relu between them."""
    layers: list[nn.Module] = []
    for inside, outside in pairwise(widths):
        layers += [nn.Linear(inside, outside), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def cnn(channels: list[int], outputs: int) -> nn.Sequential:
    """Stages of two 3x3 convolutions with relu, the first with stride 2; the mean over pixels; an affine layer."""
    layers: list[nn.Module] = []
    for inside, outside in pairwise(channels):
        layers += [nn.Conv2d(inside, outside, 3, stride=2, padding=1), nn.ReLU()]
        layers += [nn.Conv2d(outside, outside, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels[-1], outputs))


class Block(nn.Module):
    """Causal attention and a GELU network, each on normalised input and added to it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm, self.network_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mix, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.network = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU("tanh"), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows, length, width = x.shape
        mixed = self.mix(self.attention_norm(x)).view(rows, length, 3, self.heads, width // self.heads)
        queries, keys, values = mixed.permute(2, 0, 3, 1, 4)
        heads = functional.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        x = x + self.out(heads.transpose(1, 2).reshape(rows, length, width))
        return x + self.network(self.network_norm(x))


class Transformer(nn.Module):
    """A pre-norm decoder with learned positions."""

    def __init__(self, model: dict[str, Any], tokens: int) -> None:
        super().__init__()
        width = model["width"]
        self.token = nn.Embedding(tokens, width)
        self.position = nn.Parameter(0.02 * torch.randn(model["context"], width))
        self.blocks = nn.Sequential(*(Block(width, model["heads"]) for _ in range(model["layers"])))
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, tokens))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.head(self.blocks(self.token(tokens) + self.position[: tokens.shape[1]]))


class TokenLoss(nn.Module):
    """Cross-entropy of outputs [rows, length, tokens] and targets [rows, length]."""

    def forward(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(outputs.flatten(0, 1), targets.flatten())
