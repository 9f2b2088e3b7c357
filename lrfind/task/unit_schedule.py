"""The schedule of a task at peak 1, for the whole training or for a shorter one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lrfind.analysis.build_result import ScheduleTotals
from lrfind.analysis.plateau import Plateau
from lrfind.core.dataset import Floats
from lrfind.task.optim import schedules

if TYPE_CHECKING:
    from lrfind.task.task import Task


@dataclass(frozen=True)
class UnitSchedule:
    """A schedule with peak 1 for a training of a given length.

    Attributes:
        factors: rate at peak 1, shape (steps,); with `plateau`, the rate before any drop.
        plateau: rule by which the loss lowers the rate; None if it never does.
    """

    factors: Floats
    plateau: Plateau | None = None

    @property
    def steps(self) -> int:
        """Length of the training in steps."""
        return len(self.factors)

    @property
    def totals(self) -> ScheduleTotals:
        """Sum and mean of the factors."""
        return ScheduleTotals(float(self.factors.sum()), float(self.factors.mean()), self.plateau is not None)


def schedule_of(task: Task, horizon: int) -> UnitSchedule:
    """Return the schedule of a task's config, scaled to a number of steps.

    Args:
        task: task to train.
        horizon: length of the training in steps.
    """
    section = task.config.train.schedule
    return unit_schedule(section.name, horizon, **section.scaled(task.train_steps, horizon))


def unit_schedule(name: str, steps: int, **options: Any) -> UnitSchedule:
    """Return the unit schedule of a name, cached because each evaluation compiles it.

    Args:
        name: name of the schedule.
        steps: length of the training.
        **options: keywords of `lrfind.task.optim.schedules.call`.
    """
    return _unit_schedule(name, steps, tuple(sorted(options.items())))


@lru_cache(maxsize=64)
def _unit_schedule(name: str, steps: int, options: tuple[tuple[str, Any], ...]) -> UnitSchedule:
    """Return the unit schedule of hashable options."""
    keywords = dict(options)
    factors = schedules.unit(name, steps, **keywords)
    return UnitSchedule(factors, Plateau.of(**keywords) if name == "reduce_on_plateau" else None)
