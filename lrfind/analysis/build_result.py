"""Build the result of a sweep from its measurements, whether it finished, was interrupted or was killed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lrfind.analysis.confirmation.summary import SearchRun, trained
from lrfind.analysis.confirmation.verdict import unheard, verdict
from lrfind.analysis.range_test import recommendation as from_sweep
from lrfind.analysis.range_test.curve import divergences
from lrfind.analysis.range_test.methods import suggestions
from lrfind.analysis.range_test.sweep_curve import SweepCurve
from lrfind.core.result import RATE, Evidence, Execution, Facts, Recommendation, Result, Suggestion, Sweep

UNSCALED = (
    "updates have a size of their own whatever the gradient, so a whole training wants a lower rate than the sweep "
    "suggests, which only the run itself works out"
)
"""Warning about an optimiser that ignores the gradient scale, if the totals of the schedule are unknown."""


@dataclass(frozen=True)
class ScheduleTotals:
    """Totals of a schedule with peak 1 over a whole training.

    Attributes:
        sum: sum over all steps.
        mean: mean over all steps.
        plateau: whether the loss may lower the rate further.
    """

    sum: float
    mean: float
    plateau: bool


@dataclass(frozen=True)
class RunDescription:
    """The part of a run's result that is known before anything is measured; the head of its journal holds it.

    Attributes:
        name: name of the config.
        config: resolved config, plain JSON values.
        environment: versions and device.
        facts: facts of model and data, with `RATE` for the learning rate in the optimiser's line.
        train_steps: length in steps of the training that the rate is for.
        assumptions: assumptions about what the config leaves out, one sentence each.
        schedule: totals of the config's schedule over the training; None if an older journal does not hold them.
    """

    name: str
    config: Mapping[str, Any]
    environment: Mapping[str, Any]
    facts: Facts
    train_steps: int
    assumptions: tuple[str, ...] = ()
    schedule: ScheduleTotals | None = None


@dataclass(frozen=True)
class Measurements:
    """The measurements of a run so far.

    Attributes:
        curve: curve of the last pass of the sweep.
        passes: number of passes.
        execution: how the train loop was compiled.
        confirming: whether the sweep had ended and the confirmation begun.
        run: search of the confirmation; None if there is none.
        stability: `sharpness`, stability `limit` and its `rule`, as in the journal; empty if they are unknown.
    """

    curve: SweepCurve
    passes: int
    execution: Execution
    confirming: bool = False
    run: SearchRun | None = None
    stability: Mapping[str, Any] = field(default_factory=dict)

    @property
    def evidence(self) -> Evidence:
        """Evidence beside the curve."""
        known, trust = self.stability, self.curve.trust
        sharpness, limit = (None if known.get(key) is None else float(known[key]) for key in ("sharpness", "limit"))
        steps = np.flatnonzero(np.isfinite(trust).any(axis=0))
        ratio = np.nanmedian(trust[:, steps], axis=0) if steps.size else np.empty(0)
        return Evidence(tuple(steps.tolist()), tuple(ratio.tolist()), sharpness, limit, known.get("rule"))


def build_result(measured: Measurements, described: RunDescription, *, interrupted: bool) -> Result:
    """Return the result of a run: recommendation, suggestions, warnings and confirmation.

    Args:
        measured: measurements of the run.
        described: what was known beforehand.
        interrupted: whether the run stopped before its end, so that the confirmation decides nothing.
    """
    curve, section = measured.curve, described.config["sweep"]
    seeds, method = len(curve.loss), section["method"]
    suggested = suggestions(method, curve.summary, curve.loss)
    suggestion = suggested[method]
    recommendation = sweep_recommendation(curve, suggestion, described)
    first, last = float(curve.learning_rate[0]), float(curve.learning_rate[-1])
    low, high = section["min_lr"], section["max_lr"]
    ranges = list(from_sweep.range_warnings(low, high, first, last, extended_down=measured.passes > 1))
    warnings = [*ranges, *from_sweep.warnings(curve.summary, suggestion, seeds=seeds)]
    run = measured.run
    confirmation = trained(run, described.config["confirm"]["budget"]) if run and run.search.measured else None
    if interrupted:
        reached = from_sweep.stopped(curve.learning_rate, confirming=measured.confirming)
        warnings.insert(0, reached)
        if recommendation.learning_rate is None:
            reason = f"{reached}; what was measured until then shows no rate"
            recommendation = replace(recommendation, reason=reason)
    elif run is not None and confirmation is not None:
        constant = described.facts.constant_loss
        recommendation, confirmed_warnings = verdict(run, confirmation, recommendation, suggestion, constant)
        warnings = [*ranges, *confirmed_warnings]
    elif run is not None:
        warnings.append(unheard(run, suggestion))
    rate, facts = recommendation.learning_rate, described.facts
    if rate is not None:
        facts = replace(facts, optimizer=facts.optimizer.replace(RATE, repr(float(f"{rate:.3g}"))))
    if described.schedule is None and rate is not None and curve.ignores_gradient_scale(suggestion.learning_rate):
        warnings.append(UNSCALED)
    return Result(
        name=described.name,
        status="interrupted" if interrupted else "complete" if rate is not None else "no_recommendation",
        recommendation=recommendation,
        suggestions=suggested,
        sweep=Sweep(
            learning_rate=curve.learning_rate,
            loss=curve.loss,
            smoothed=curve.summary.smoothed,
            gradient_norm=curve.gradient_norm,
            update_norm=curve.update_norm,
            diverged_at=divergences(curve.loss),
            seeds=tuple(range(seeds)),
            execution=measured.execution,
        ),
        facts=facts,
        assumptions=described.assumptions,
        warnings=tuple(warnings),
        config=dict(described.config),
        environment=dict(described.environment),
        confirmation=confirmation,
        evidence=measured.evidence,
    )


def sweep_recommendation(curve: SweepCurve, suggestion: Suggestion, described: RunDescription) -> Recommendation:
    """Return the recommendation that the sweep alone gives, scaled to the whole training if the optimiser needs it."""
    recommendation = from_sweep.recommend(
        described.config["sweep"]["method"],
        suggestion,
        seeds=len(curve.loss),
        schedule=described.config["train"]["schedule"]["name"],
        steps=described.train_steps,
    )
    recommendation = from_sweep.averaged_with_minimum(recommendation, curve.summary)
    if described.schedule is None or not curve.ignores_gradient_scale(suggestion.learning_rate):
        return recommendation
    return from_sweep.scaled_to_horizon(recommendation, curve.learning_rate, described.schedule.sum)
