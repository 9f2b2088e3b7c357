"""The truths of all tasks: measure what is missing, read what is kept, and try some of it again."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import truth
from tasks import TASKS, config
from training import measure, train
from truth import Truth

from lrfind.engine import devices
from lrfind.task import task as plans

TOLERANCE = 1e-3
"""Relative difference up to which a training that is done again came out the same."""


def load(name: str) -> Truth:
    """A task's truth, which must be kept."""
    found = truth.read(name, TASKS[name])
    if found is None:
        raise SystemExit(f"error: the truth of {name} is missing; run with --truth {name} first")
    return found


def measure_all(names: Sequence[str]) -> None:
    """Measure and keep the truth of these tasks, the shortest training first; of none named, of all that lack it."""
    wanted = names or [name for name in TASKS if truth.read(name, TASKS[name]) is None]
    platform = devices.configure("cpu")
    for name in sorted(wanted, key=lambda name: plans.make(config(name)).train_steps):
        begin = time.perf_counter()
        found = measure(plans.make(config(name)), platform, {"config": TASKS[name]})
        truth.write(name, found)
        print(describe(name, found) + f", {time.perf_counter() - begin:.0f} s", flush=True)


def describe(name: str, found: Truth) -> str:
    """One line on a truth."""
    low, high = found.good
    return f"{name}: best {found.best:.1e}, good {low:.1e} .. {high:.1e}, ceiling {found.ceiling:.3f}"


@dataclass(frozen=True)
class Repeat:
    """A training of a truth, done again.

    Attributes:
        task: its name.
        rate: of the training.
        seed: of the training.
        kept: the loss in the file; NaN where not finite.
        found: the loss now.
    """

    task: str
    rate: float
    seed: int
    kept: float
    found: float

    @property
    def off(self) -> float:
        """Relative difference; 0 where both are not finite."""
        if np.isnan(self.kept) or np.isnan(self.found):
            return 0.0 if np.isnan(self.kept) and np.isnan(self.found) else np.inf
        return abs(self.found - self.kept) / abs(self.kept)

    def facts(self) -> dict[str, str | float | int | None]:
        """For the file of all figures; None is not finite."""
        return {key: None if value != value else value for key, value in vars(self).items()}

    def __str__(self) -> str:
        verdict = "same" if self.off <= TOLERANCE else "NOT THE SAME"
        numbers = f"kept {self.kept:.6g}, now {self.found:.6g}, off by {self.off:.1e}"
        return f"{self.task} at {self.rate:.1e}, seed {self.seed}: {numbers}: {verdict}"


def again(cells: int = 3) -> list[Repeat]:
    """Do random trainings of random tasks again, and hold them against the files."""
    known, platform = [name for name in TASKS if truth.read(name, TASKS[name])], devices.configure("cpu")
    picked = random.SystemRandom()
    repeats = []
    for _ in range(cells):
        name = picked.choice(known)
        kept = load(name)
        row, column = picked.randrange(len(kept.rates)), picked.randrange(len(kept.untrained))
        rate, seed = float(kept.rates[row]), int(kept.recipe["seeds"][column])
        found = float(train(plans.make(config(name)), platform, [(rate, seed)])[0])
        repeats.append(Repeat(name, rate, seed, float(kept.loss[row, column]), found))
    return repeats
