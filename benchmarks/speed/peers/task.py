"""What every peer's script shares: the arguments, the model, the batches, and the last line it prints.

The data file holds `inputs` [rows, ...], `targets` [rows] (integer classes), [rows, outputs] or [rows, tokens], and the
number of `outputs`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from networks import TokenLoss, network
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


@dataclass(frozen=True)
class Task:
    """One workload, ready for a finder.

    Attributes:
        model: the network of the config.
        criterion: loss of (outputs, targets), a mean over the batch.
        optimizer: of `torch.optim`, a function of (parameters, lr).
        section: the config's section on the optimiser.
        loader: shuffled batches of (inputs, targets).
        min_lr: first rate of the sweep.
        max_lr: last rate of the sweep.
        steps: iterations of the sweep.
        out: existing directory for the plot and for what the finder itself writes.
    """

    model: nn.Module
    criterion: nn.Module
    optimizer: Callable[..., torch.optim.Optimizer]
    section: dict[str, Any]
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
    parser.add_argument("--model", type=json.loads, required=True, help="the config's section, as JSON")
    parser.add_argument("--optimizer", type=json.loads, required=True, help="likewise")
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--min-lr", type=float, required=True)
    parser.add_argument("--max-lr", type=float, required=True)
    parser.add_argument("--steps", type=int, required=True)
    args = parser.parse_args()
    torch.manual_seed(0)
    with np.load(args.data) as arrays:
        inputs, targets = torch.from_numpy(arrays["inputs"]), torch.from_numpy(arrays["targets"])
        outputs = int(arrays["outputs"])
    model, inputs = network(args.model, inputs, outputs)
    return Task(
        model=model,
        criterion=criterion(targets),
        optimizer=optimizer(args.optimizer),
        section=args.optimizer,
        loader=DataLoader(TensorDataset(inputs, targets), batch_size=args.batch_size, shuffle=True, drop_last=True),
        min_lr=args.min_lr,
        max_lr=args.max_lr,
        steps=args.steps,
        out=args.out,
    )


def criterion(targets: torch.Tensor) -> nn.Module:
    """Cross-entropy of classes or tokens, else the mean square."""
    if targets.is_floating_point():
        return nn.MSELoss()
    return nn.CrossEntropyLoss() if targets.ndim == 1 else TokenLoss()


def optimizer(section: dict[str, Any]) -> Callable[..., torch.optim.Optimizer]:
    """The optimiser of the config, with its keywords."""
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
    return partial(kinds[section["name"]], **{key: value for key, value in section.items() if key != "name"})
