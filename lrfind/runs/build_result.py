"""Build the result of a run in this process, with the settings to paste."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lrfind.analysis.build_result import Measurements, build_result
from lrfind.analysis.range_test.sweep_curve import SweepCurve
from lrfind.core.result import Execution, Result
from lrfind.runs.confirmation import ConfirmationRun
from lrfind.runs.pasteable import advise
from lrfind.runs.range_test import SweepPass
from lrfind.task.task import Task, describe


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
        schedule = task.schedule(max(confirmation.search.search.scores)).totals
    elif curve.ignores_gradient_scale(result.suggestions[task.config.sweep.method].learning_rate):
        schedule = task.schedule(task.train_steps).totals
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
