"""Facts of a task for the reader of a result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lrfind.analysis.build_result import RunDescription
from lrfind.engine import devices
from lrfind.task.unit_schedule import schedule_of

if TYPE_CHECKING:
    from lrfind.task.task import Task


def describe(task: Task, name: str, config: Mapping[str, Any], rate: float | None = None) -> RunDescription:
    """Return the part of a run's result that is known before anything is measured.

    Args:
        task: task of the run.
        name: name of the config.
        config: resolved config, plain JSON values.
        rate: learning rate of the optimiser's line; None for a name in its place.
    """
    return RunDescription(
        name=name,
        config=config,
        environment=devices.environment(),
        facts=task.report.facts(rate),
        train_steps=task.train_steps,
        assumptions=task.report.assumptions,
        schedule=schedule_of(task, task.train_steps).totals,
    )
