"""Facts of a task for the reader of a result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lrfind.analysis.build_result import RunDescription
from lrfind.core.result import Facts
from lrfind.engine import devices
from lrfind.task.unit_schedule import schedule_of

if TYPE_CHECKING:
    from lrfind.task.task import Task


def facts(task: Task, rate: float | None) -> Facts:
    """Return the facts of model, data and optimiser.

    Args:
        task: task to train.
        rate: learning rate of the optimiser's line; None for a name in its place.
    """
    return Facts(
        model=task.described,
        parameters=task.parameters,
        data=task.describe_data(),
        loss=task.loss,
        optimizer=task.optimizer_line(rate),
        chance_loss=task.chance_loss,
        constant_loss=task.constant_loss,
        frozen=task.frozen,
        precision=task.config.precision,
    )


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
        facts=facts(task, rate),
        train_steps=task.train_steps,
        assumptions=task.assumptions,
        schedule=schedule_of(task, task.train_steps).totals,
    )
