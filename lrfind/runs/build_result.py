"""Measure sharpness and stability limit; they are drawn as evidence and decide nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from lrfind.analysis.build_result import Measurements, build_result
from lrfind.analysis.range_test.sweep_curve import SweepCurve
from lrfind.core.errors import OwnCodeError
from lrfind.core.result import Execution, Result
from lrfind.engine.evaluation import rows_in
from lrfind.engine.sharpness import BASIS, ROUNDS, Stability, rule_of, stability
from lrfind.engine.train_loop import TrainLoop
from lrfind.runs.confirmation import ConfirmationRun
from lrfind.runs.pasteable import advise
from lrfind.runs.range_test import SweepPass
from lrfind.task.optim import param_groups
from lrfind.task.task import Task, describe
from lrfind.task.unit_schedule import schedule_of

STILL = 20
"""Steps at rate zero that fill an adaptive optimiser's moments at the initial weights."""

ROWS = 32
"""Least number of rows that the sharpness is measured on; a larger batch is used whole."""

MOST_PRODUCTS = BASIS * ROUNDS + 1
"""Largest number of Hessian-vector products, for the budget."""


def cost(task: Task) -> float:
    """Return the largest cost of `sharpness`, in optimiser steps, two per product."""
    if not known(task):
        return 0
    measured_rows = rows_in(task.batches.source.first(max(ROWS, task.batches.source.batch_rows)))
    return STILL + 2 * MOST_PRODUCTS * measured_rows / task.batches.rows_per_step


def known(task: Task) -> bool:
    """Return whether there is a formula for the optimiser's stability limit."""
    section = task.config.optimizer
    return section.named and rule_of(section.name, section.options) is not None


def sharpness(task: Task, train_loop: TrainLoop, start: Any, platform: str) -> Stability | None:
    """Return sharpness and stability limit at the first seed's initial weights.

    Args:
        task: task to train.
        train_loop: train loop, compiled.
        start: training state of the first seed before training.
        platform: ``"cpu"``, ``"gpu"`` or ``"tpu"``.

    Returns:
        Sharpness and limit; None if they are unknown, or memory does not suffice.
    """
    section = task.config.optimizer
    params = task.objective.initial[0]
    factors = param_groups.factors(params, section.groups, section.frozen) if section.groups else None
    if not known(task):
        return None
    *_, chunk = train_loop.run([start], np.zeros((STILL, 1)), seeds=[0])
    batch = task.batches.source.first(max(ROWS, task.batches.source.batch_rows))
    key = task.batches.order.keys(task.batches.seeds[0], 0, 1)[0]
    name, options = section.name, section.options
    try:
        return stability(
            task.objective.model_in("float32").loss, chunk.states[0], batch, key, name, options, platform, factors
        )
    except (jax.errors.JaxRuntimeError, MemoryError, OwnCodeError):
        return None


def result_of(
    task: Task,
    name: str,
    passes: Sequence[SweepPass],
    execution: Execution,
    confirmation: ConfirmationRun | None,
    *,
    interrupted: bool,
) -> Result:
    """Return the result of a run.

    Args:
        task: task of the run.
        name: name of the config.
        passes: passes of the range test, at least one of them with a chunk.
        execution: how the train loop was compiled.
        confirmation: confirmation, started or finished; None if there is none.
        interrupted: whether the run stopped before its end.
    """
    curves = [part.curve for part in passes if part.chunks]
    run = confirmation.search if confirmation else None
    measured = Measurements(
        curves[-1],
        passes=len(curves),
        execution=execution,
        confirming=run is not None,
        run=run,
        stability=confirmation.stability if confirmation else {},
    )
    config = task.config.model_dump(mode="json")
    result = build_result(measured, describe(task, name, config), interrupted=interrupted)
    result = replace(
        result,
        facts=task.report.facts(result.recommendation.learning_rate),
        warnings=(*result.warnings, *task.user_code.notes()),
    )
    return result if interrupted else with_advice(result, task, curves[-1], confirmation)


def with_advice(result: Result, task: Task, curve: SweepCurve, confirmation: ConfirmationRun | None) -> Result:
    """Return a finished result with the settings to paste and the verdicts on rules of thumb."""
    schedule = None
    if confirmation is not None and confirmation.search is not None and confirmation.search.search.scores:
        # The schedule of the longest rung has the mean of the whole one.
        schedule = schedule_of(task, max(confirmation.search.search.scores)).totals
    elif curve.ignores_gradient_scale(result.suggestions[task.config.sweep.method].learning_rate):
        schedule = schedule_of(task, task.train_steps).totals
    advice = advise(
        task.config,
        task.train_steps,
        curve.summary,
        result.recommendation,
        result.confirmation,
        result.evidence,
        None if schedule is None or schedule.plateau else schedule.mean,
        task.user_code.optimizer_line,
    )
    return replace(result, advice=advice)
