"""The corpus: every task's runs, recorded once and kept in a folder that is not checked in."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.append(str(Path(__file__).parents[1] / "recommendation"))

from tasks import TASKS, config, half
from truth import read

Floats = NDArray[np.float64]

FOLDER = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Run:
    """A recorded training.

    Attributes:
        task: its name.
        kind: how it was made; see `variants.Variant`.
        shape: its schedule.
        factor: its peak over the task's best rate.
        loss: training loss of every step, shape (steps,).
        rate: of every step, shape (steps,).
        val: validation loss at `at`, shape (looks,).
        at: updates made by then.
        untrained: of the task's truth: validation loss before training.
        best: validation loss at the best rate.
        good_train: training loss that runs of this corpus end with at the best rate.
    """

    task: str
    kind: str
    shape: str
    factor: float
    loss: Floats
    rate: Floats
    val: Floats
    at: NDArray[np.int64]
    untrained: float
    best: float
    good_train: float

    @cached_property
    def regret(self) -> float:
        """The part of the achievable fall of the validation loss that is missing; 1 where it is not finite."""
        end = float(self.val[-1])
        return (end - self.best) / (self.untrained - self.best) if np.isfinite(end) else 1.0

    @cached_property
    def train_regret(self) -> float:
        """The same of the training loss, against what the best rate ends with: all that a log without validation loss
        can show."""
        end = tail(self.loss)
        return (end - self.good_train) / (self.untrained - self.good_train) if np.isfinite(end) else 1.0

    @cached_property
    def overfit(self) -> float:
        """How far the validation loss rose above its lowest, over its fall to there."""
        if not np.isfinite(self.val).all():
            return 0.0
        padded = np.concatenate([self.val[:1], self.val, self.val[-1:]])
        level = np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0)
        low = float(level.min())
        return (float(np.median(self.val[-3:])) - low) / max(self.untrained - low, 0.02 * self.untrained)

    @property
    def seeded(self) -> int:
        """A number that is the same in every process and has nothing to do with what the run shows."""
        return int.from_bytes(blake2b(str(self).encode(), digest_size=4).digest(), "big")

    def __str__(self) -> str:
        return f"{self.task}: {self.kind} {self.shape} x{self.factor:g}"


def tail(loss: Floats) -> float:
    """Mean of the last tenth; inf where it is not finite."""
    end = loss[-max(5, len(loss) // 10) :]
    return float(end.mean()) if np.isfinite(end).all() else float("inf")


def with_truth(names: Sequence[str]) -> list[str]:
    """The tasks whose truth is known; the others are named, and left out."""
    missing = [name for name in names if read(name, TASKS[name]) is None]
    if missing:
        print(f"left out, as their truth is not measured yet: {', '.join(missing)}", file=sys.stderr)
    return [name for name in names if name not in missing]


def record_all(names: Sequence[str], folder: Path = FOLDER) -> None:
    """Record the tasks that are missing, of those whose truth is known."""
    from record import record

    from lrfind.engine import devices

    devices.configure("cpu")
    folder.mkdir(exist_ok=True, parents=True)
    for name in names:
        path = folder / f"{name}.npz"
        if path.exists():
            continue
        begin = time.perf_counter()
        truth = read(name, TASKS[name])
        assert truth is not None
        best = list(truth.rates).index(truth.best)
        facts = {
            "task": name,
            "untrained": float(np.median(truth.untrained)),
            "best_loss": float(np.median(truth.loss[best])),
        }
        part = path.with_suffix(".part.npz")
        record(config(name), truth.best, part, facts)
        part.replace(path)
        print(f"{name}: {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)


def runs(wanted: str, folder: Path = FOLDER) -> Iterator[Run]:
    """The runs of a half, ``"tuned"`` or ``"reported"``, or of all tasks."""
    for name in TASKS:
        path = folder / f"{name}.npz"
        if wanted in ("all", half(name)) and path.exists():
            yield from of_task(np.load(path))


def of_task(kept: Any) -> Iterator[Run]:
    """The runs of a task's file; a cosine where the task's own schedule is one is there twice, and is left out."""
    facts = json.loads(str(kept["facts"]))
    loss, rate, val = (kept[key].astype(np.float64) for key in ("loss", "rate", "val"))
    labels = facts["runs"]
    own = labels[0][1]
    right = [tail(loss[i]) for i, (kind, _, factor, _) in enumerate(labels) if kind == "rate" and factor == 1]
    for i, (kind, shape, factor, _) in enumerate(labels):
        if kind == "cosine" and own == "cosine":
            continue
        yield Run(
            facts["task"],
            kind,
            shape,
            factor,
            loss[i],
            rate[i],
            val[i],
            kept["at"],
            facts["untrained"],
            facts["best_loss"],
            float(np.median(right)),
        )
