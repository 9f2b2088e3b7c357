"""Every schedule as a curve, to be looked at: with its default keys, for a training of so many steps."""

from __future__ import annotations

import numpy as np

from lrfind.analysis.plateau import factors
from lrfind.config.sections.train_section import TrainSection
from lrfind.core.dataset import Floats
from lrfind.core.registry import SCHEDULES
from lrfind.runs import scheduled_training

STEPS = 300
"""Points of a curve; more than a picture has columns."""

FALLS = ((0.0, 0.3), (0.45, 0.7))
"""When the made-up loss of `reduce_on_plateau` falls, in shares of the training; at other times it stalls."""


def curves() -> dict[str, Floats]:
    """By name: the rate at peak 1 at every step, shape (STEPS,)."""
    return {name: curve(name) for name in SCHEDULES}


def curve(name: str) -> Floats:
    """One schedule; what waits for the loss is given one that stalls."""
    schedule = TrainSection.model_validate({"steps": STEPS, "schedule": name}).schedule
    course = scheduled_training.unit_schedule(name, STEPS, **schedule.keywords(STEPS))
    found: Floats = (
        course.factors if course.plateau is None else course.factors * factors(course.plateau, stalling()[None])[0]
    )
    return found


def stalling() -> Floats:
    """A loss that falls, stalls and falls again, shape (STEPS,)."""
    share = np.arange(STEPS) / STEPS
    fallen: Floats = sum((np.clip(share, begin, end) - begin for begin, end in FALLS), np.zeros(STEPS))
    return np.asarray(np.exp(-3 * fallen), dtype=np.float64)
