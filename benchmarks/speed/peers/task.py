"""What every peer's script shares: the arguments, the model, the batches, and the last line it prints.

The data file holds `inputs` [rows, features] float32 and `targets` [rows] (integer classes) or [rows, outputs].
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass(frozen=True)
class Task:
    """One workload, ready for a finder.

    Attributes:
        model: fully connected network with relu between layers.
        criterion: loss of (outputs, targets), a mean over the batch.
        optimizer: class in `torch.optim`.
        loader: shuffled batches of (inputs, targets).
        min_lr: first rate of the sweep.
        max_lr: last rate of the sweep.
        steps: iterations of the sweep.
        out: existing directory for the plot and for what the finder itself writes.
    """

    model: nn.Module
    criterion: nn.Module
    optimizer: type[torch.optim.Optimizer]
    loader: DataLoader
    min_lr: float
    max_lr: float
    steps: int
    out: Path

    @property
    def plot(self) -> Path:
        """Where the plot goes."""
        return self.out / "plot.png"


def read() -> Task:
    """Build the task from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--hidden", type=int, nargs="+", required=True)
    parser.add_argument("--optimizer", choices=["adam", "sgd"], required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--min-lr", type=float, required=True)
    parser.add_argument("--max-lr", type=float, required=True)
    parser.add_argument("--steps", type=int, required=True)
    args = parser.parse_args()
    torch.manual_seed(0)
    with np.load(args.data) as arrays:
        inputs, targets = torch.from_numpy(arrays["inputs"]), torch.from_numpy(arrays["targets"])
    classes = not targets.is_floating_point()
    outputs = int(targets.max()) + 1 if classes else targets.shape[1]
    return Task(
        model=mlp([inputs.shape[1], *args.hidden, outputs]),
        criterion=nn.CrossEntropyLoss() if classes else nn.MSELoss(),
        optimizer={"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[args.optimizer],
        loader=DataLoader(TensorDataset(inputs, targets), batch_size=args.batch_size, shuffle=True, drop_last=True),
        min_lr=args.min_lr,
        max_lr=args.max_lr,
        steps=args.steps,
        out=args.out,
    )


def mlp(widths: list[int]) -> nn.Sequential:
    """Fully connected layers of these widths, relu between them, PyTorch's own initial weights."""
    layers: list[nn.Module] = []
    for inside, outside in pairwise(widths):
        layers += [nn.Linear(inside, outside), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
