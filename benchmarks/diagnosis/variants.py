"""The runs of a task: its best rate and others, its own schedule and others, all as shapes times a rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.task.optim import schedules

Floats = NDArray[np.float64]

FACTORS = (100, 30, 10, 3, 1, 0.3, 0.1, 0.03, 0.01)
"""Times the best rate of the task's truth, under its own schedule."""

GOOD_SEEDS = 3
"""Seeds that are trained at the best rate; one of every other kind."""

WARMUP = 0.1
"""Share of the training spent warming up, where a warm-up is added."""


@dataclass(frozen=True)
class Variant:
    """A training of a task.

    Attributes:
        kind: ``"rate"``, ``"early"`` (decays too early), ``"constant"``, ``"warmup"``, ``"cold"`` (warm-up taken
            away) or ``"schedule"`` (another usual one).
        shape: which schedule, in a word.
        factor: the peak over the task's best rate.
        seed: of weights and batches.
        unit: the schedule with peak 1, shape (steps,).
    """

    kind: str
    shape: str
    factor: float
    seed: int
    unit: Floats

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.shape}-{self.factor:g}-{self.seed}"


def variants(section: Any, steps: int, first_seed: int) -> Iterator[Variant]:
    """All trainings of a task.

    Args:
        section: the task's schedule.
        steps: of its training.
        first_seed: of its runs.
    """
    keywords = section.keywords(steps)
    own = schedules.unit(section.name, steps, **keywords)
    cold = schedules.unit(section.name, steps, **keywords | {"warmup_steps": 0})
    warm = schedules.unit(section.name, steps, **keywords | {"warmup_steps": max(1, round(WARMUP * steps))})
    for i, factor in enumerate(FACTORS):
        seeds = GOOD_SEEDS if factor == 1 else 1
        for seed in range(seeds):
            yield Variant("rate", section.name, factor, first_seed + (i + seed) % 8, own)
    for shape, unit in early(steps).items():
        yield Variant("early", shape, 1, first_seed + 1, unit)
    for factor in (1, 3, 10):
        yield Variant("constant", "constant", factor, first_seed + 2, np.ones(steps))
        yield Variant("cosine", "cosine", factor, first_seed + 2, schedules.unit("cosine", steps, end_factor=0.0))
    for factor in (1, 3, 10, 30):
        yield Variant("warmup", section.name, factor, first_seed + 3, warm)
        yield Variant("cold", section.name, factor, first_seed + 3, cold)
    usual = {
        "linear": {"end_factor": 0.0},
        "one_cycle": {"peak_fraction": 0.3, "div_factor": 25.0, "final_div_factor": 1e4},
        "exponential": {"decay_rate": 0.97, "decay_steps": max(1, steps // 100), "staircase": False},
        "step": {"factor": 0.1, "step_size": max(1, steps // 3)},
    }
    for shape, options in usual.items():
        unit = schedules.unit(shape, steps, warmup_steps=0, **options)
        yield Variant("schedule", shape, 1, first_seed + 4, unit)


def early(steps: int) -> dict[str, Floats]:
    """Decays that end before the training does, by name."""
    at = np.arange(steps) / steps
    return {
        "drop": np.where(at < 0.06, 1.0, 0.01),
        "drops": 0.1 ** np.minimum(np.floor(at / 0.05), 3),
        "exponential": np.exp(-at / 0.03) + 1e-4,
        "cosine": 0.001 + 0.999 * np.where(at < 0.12, (1 + np.cos(np.pi * np.minimum(at / 0.12, 1))) / 2, 0.0),
    }
