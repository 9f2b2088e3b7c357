"""From what was measured to the result."""

from __future__ import annotations

from dataclasses import replace

from lrfind.analysis.confirmation.horizon_scaling import deaf
from lrfind.analysis.confirmation.summary import trained
from lrfind.analysis.confirmation.verdict import unheard, verdict
from lrfind.analysis.range_test import recommendation as advice
from lrfind.analysis.range_test.curve import divergences
from lrfind.analysis.range_test.methods import suggestions
from lrfind.core.advice import Advice
from lrfind.core.result import Evidence, Execution, Facts, Result, Sweep
from lrfind.engine import devices
from lrfind.runs.callbacks import Clock
from lrfind.runs.confirmation import Confirmed, schedule
from lrfind.runs.pasteable import advise
from lrfind.runs.range_test import Climb
from lrfind.task.task import Plan


def conclude(
    plan: Plan,
    name: str,
    climb: Climb,
    race: Confirmed | None,
    evidence: Evidence,
    execution: Execution,
    *,
    interrupted: bool,
    extended: bool,
    clock: Clock,
) -> Result:
    """Read the curve, judge the trainings, and put the result together."""
    config, seeds = plan.config, len(plan.seeds)
    reading = climb.reading
    method = config.sweep.method
    found = suggestions(method, reading, climb.loss)
    recommendation = advice.recommend(
        method, found[method], seeds=seeds, schedule=config.train.schedule.name, steps=plan.train_steps
    )
    recommendation = advice.tempered(recommendation, reading)
    mean = None
    suggested = found[method].learning_rate
    if deaf(climb.learning_rate, climb.update_norm, climb.gradient_norm, suggested):
        whole = schedule(plan, plan.train_steps)
        recommendation = advice.carried(recommendation, climb.learning_rate, float(whole.rise.sum()))
        mean = None if whole.plateau else float(whole.rise.mean())
    first, last = float(climb.learning_rate[0]), float(climb.learning_rate[-1])
    ranges = advice.range_warnings(config.sweep.min_lr, config.sweep.max_lr, first, last, extended_down=extended)
    warnings = [*ranges, *advice.warnings(reading, found[method], seeds=seeds)]
    confirmation = None
    if race is not None and interrupted and race.race.measured:
        confirmation = trained(
            race.race, judged_on=race.judge.name, spent=race.before + race.race.taken, budget=config.confirm.budget
        )
    elif race is not None and not interrupted and race.race.scores:
        said = verdict(
            race.race,
            recommendation,
            found[method],
            judged_on=race.judge.name,
            rows=race.judge.rows,
            constant=plan.constant_loss,
            spent=race.before + race.race.spent,
            budget=config.confirm.budget,
        )
        confirmation, recommendation = said.confirmation, said.recommendation
        warnings = [*ranges, *said.warnings]
    elif race is not None and not interrupted:
        warnings.append(unheard(race.race, found[method], race.judge.name, timed=race.timed))
    rate = recommendation.learning_rate
    if interrupted:
        stopped = advice.stopped(climb.learning_rate, confirming=race is not None)
        warnings.insert(0, stopped)
        if rate is None:
            recommendation = replace(recommendation, reason=f"{stopped}; what was measured until then shows no rate")
    if race is not None and race.race.scores:
        # The longest heat's schedule is compiled already, and in the mean it is as the whole one.
        along = schedule(plan, max(race.race.scores))
        mean = None if along.plateau else float(along.rise.mean())
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
            seeds=plan.seeds,
            execution=execution,
        ),
        facts=facts(plan, rate),
        assumptions=plan.assumptions,
        warnings=(*warnings, *plan.notes()),
        config=config.model_dump(mode="json"),
        environment=devices.environment(),
        timing=clock.timing(),
        confirmation=confirmation,
        evidence=evidence,
        advice=Advice()
        if interrupted
        else advise(config, plan.train_steps, reading, recommendation, confirmation, evidence, mean, plan.to_paste),
    )


def facts(plan: Plan, rate: float | None) -> Facts:
    """Model, data and the line to paste."""
    return Facts(
        model=plan.described,
        parameters=plan.parameters,
        data=plan.describe_data(),
        loss=plan.loss,
        optimizer=plan.optimizer_line(rate),
        chance_loss=plan.chance_loss,
        constant_loss=plan.constant_loss,
        frozen=plan.frozen,
        precision=plan.config.precision,
    )
