"""From what was measured to the result."""

from __future__ import annotations

from dataclasses import replace

from lrfind.analysis.confirmation.horizon_scaling import ignores_gradient_scale
from lrfind.analysis.confirmation.summary import trained
from lrfind.analysis.confirmation.verdict import unheard, verdict
from lrfind.analysis.range_test import recommendation as advice
from lrfind.analysis.range_test.curve import divergences
from lrfind.analysis.range_test.methods import suggestions
from lrfind.core.advice import Advice
from lrfind.core.result import Evidence, Execution, Result, Sweep
from lrfind.engine import devices
from lrfind.runs.callbacks import Timer
from lrfind.runs.confirmation import ConfirmationRun, schedule
from lrfind.runs.pasteable import advise
from lrfind.runs.range_test import SweepPass
from lrfind.task.task import Task


def build_result(
    task: Task,
    name: str,
    climb: SweepPass,
    search: ConfirmationRun | None,
    evidence: Evidence,
    execution: Execution,
    *,
    interrupted: bool,
    extended: bool,
    timer: Timer,
) -> Result:
    """Read the curve, judge the trainings, and put the result together."""
    config, seeds = task.config, len(task.batches.seeds)
    reading = climb.reading
    method = config.sweep.method
    found = suggestions(method, reading, climb.loss)
    recommendation = advice.recommend(
        method, found[method], seeds=seeds, schedule=config.train.schedule.name, steps=task.train_steps
    )
    recommendation = advice.averaged_with_minimum(recommendation, reading)
    mean = None
    suggested = found[method].learning_rate
    if ignores_gradient_scale(climb.learning_rate, climb.update_norm, climb.gradient_norm, suggested):
        whole = schedule(task, task.train_steps)
        recommendation = advice.scaled_to_horizon(recommendation, climb.learning_rate, float(whole.factors.sum()))
        mean = None if whole.plateau else float(whole.factors.mean())
    first, last = float(climb.learning_rate[0]), float(climb.learning_rate[-1])
    ranges = advice.range_warnings(config.sweep.min_lr, config.sweep.max_lr, first, last, extended_down=extended)
    warnings = [*ranges, *advice.warnings(reading, found[method], seeds=seeds)]
    confirmation = None
    if search is not None and interrupted and search.search.measured:
        confirmation = trained(
            search.search,
            judged_on=search.evaluator.name,
            spent=search.before + search.search.taken,
            budget=config.confirm.budget,
        )
    elif search is not None and not interrupted and search.search.scores:
        said = verdict(
            search.search,
            recommendation,
            found[method],
            judged_on=search.evaluator.name,
            rows=search.evaluator.rows,
            constant=task.report.constant_loss,
            spent=search.before + search.search.spent,
            budget=config.confirm.budget,
        )
        confirmation, recommendation = said.confirmation, said.recommendation
        warnings = [*ranges, *said.warnings]
    elif search is not None and not interrupted:
        warnings.append(unheard(search.search, found[method], search.evaluator.name, timed=search.timed))
    rate = recommendation.learning_rate
    if interrupted:
        stopped = advice.stopped(climb.learning_rate, confirming=search is not None)
        warnings.insert(0, stopped)
        if rate is None:
            recommendation = replace(recommendation, reason=f"{stopped}; what was measured until then shows no rate")
    if search is not None and search.search.scores:
        # The longest heat's schedule is compiled already, and in the mean it is as the whole one.
        along = schedule(task, max(search.search.scores))
        mean = None if along.plateau else float(along.factors.mean())
    return Result(
        name=name,
        status="interrupted" if interrupted else "complete" if rate is not None else "no_recommendation",
        recommendation=recommendation,
        suggestions=found,
        sweep=Sweep(
            learning_rate=climb.learning_rate,
            loss=climb.loss,
            smoothed=reading.smoothed,
            gradient_norm=climb.gradient_norm,
            update_norm=climb.update_norm,
            diverged_at=divergences(climb.loss),
            seeds=task.batches.seeds,
            execution=execution,
        ),
        facts=task.report.facts(rate),
        assumptions=task.report.assumptions,
        warnings=(*warnings, *task.user_code.notes()),
        config=config.model_dump(mode="json"),
        environment=devices.environment(),
        timing=timer.timing(),
        confirmation=confirmation,
        evidence=evidence,
        advice=Advice()
        if interrupted
        else advise(
            config,
            task.train_steps,
            reading,
            recommendation,
            confirmation,
            evidence,
            mean,
            task.user_code.optimizer_line,
        ),
    )
