"""Compute every schedule with its default keys as a curve to draw."""

from __future__ import annotations

import numpy as np

from lrfind.analysis.plateau import factors
from lrfind.config.sections.train_section import TrainSection
from lrfind.core.dataset import Floats
from lrfind.core.registry import SCHEDULES
from lrfind.task.unit_schedule import unit_schedule

STEPS = 300
"""Points of a curve; more than a picture has columns."""

FALLS = ((0.0, 0.3), (0.45, 0.7))
"""Intervals, in shares of the training, in which the synthetic loss of `reduce_on_plateau` falls."""


def curves() -> dict[str, Floats]:
    """Return the rate at peak 1 at every step by name of the schedule, shape (STEPS,) each."""
    return {name: curve(name) for name in SCHEDULES}


def curve(name: str) -> Floats:
    """Return the rate of a schedule at peak 1, shape (STEPS,); a plateau schedule sees a loss that stalls."""
    schedule = TrainSection.model_validate({"steps": STEPS, "schedule": name}).schedule
    unit = unit_schedule(name, STEPS, **schedule.keywords(STEPS))
    if unit.plateau is None:
        return unit.factors
    dropped: Floats = unit.factors * factors(unit.plateau, stalling()[None])[0]
    return dropped


def stalling() -> Floats:
    """Return a loss that falls, stalls and falls again, shape (STEPS,)."""
    share = np.arange(STEPS) / STEPS
    fallen: Floats = sum((np.clip(share, begin, end) - begin for begin, end in FALLS), np.zeros(STEPS))
    return np.asarray(np.exp(-3 * fallen), dtype=np.float64)
