"""Build the result of a sweep or a training from its measurements, whether it finished or was stopped."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lrfind.analysis.confirmation.summary import SearchRun, trained
from lrfind.analysis.confirmation.verdict import unheard, verdict
from lrfind.analysis.diagnosis.wording import diagnose
from lrfind.analysis.range_test import recommendation as from_sweep
from lrfind.analysis.range_test.curve import divergences
from lrfind.analysis.range_test.methods import suggestions
from lrfind.analysis.range_test.sweep_curve import SweepCurve
from lrfind.core.dataset import Floats
from lrfind.core.result import RATE, Evidence, Execution, Facts, Recommendation, Result, Suggestion, Sweep
from lrfind.core.training import Scores, Trace, Training, TrainingStatus

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


LOST = 100
"""Non-finite losses in a row that end a training: no step makes numbers of them again."""


@dataclass(frozen=True)
class Peak:
    """The peak rate of a training.

    Attributes:
        rate: peak learning rate of the schedule.
        source: origin of the rate, for reports.
        highest: rate above which other trainings are known to do worse; None if none is known.
    """

    rate: float
    source: str
    highest: float | None = None


@dataclass
class TrainingRecord:
    """The measurements of a training so far.

    Attributes:
        loss: training loss of each step.
        gradient_norm: global gradient norm of each step.
        rate: learning rate of each step.
        validated_at: updates before each validation.
        val_loss: held-out loss of each validation.
        metric: metric of each validation.
        metric_name: name of the metric; None if nothing is held out.
        rows: number of held-out rows.
    """

    loss: list[float] = field(default_factory=list)
    gradient_norm: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    validated_at: list[int] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    metric: list[float] = field(default_factory=list)
    metric_name: str | None = None
    rows: int = 0

    @property
    def done(self) -> int:
        """Number of finished steps."""
        return len(self.loss)

    @property
    def lost(self) -> bool:
        """Whether the last `LOST` losses are all not finite."""
        last = self.loss[-LOST:]
        return len(last) == LOST and not any(map(math.isfinite, last))

    @property
    def scores(self) -> Scores | None:
        """Validations of the training; None if nothing is held out."""
        if self.metric_name is None:
            return None
        lists = self.validated_at, self.val_loss, self.metric
        step, loss, metric = (np.array(column, np.float64) for column in lists)
        return Scores(step, loss, metric, self.metric_name, self.rows)

    def add_validation(self, line: Mapping[str, Any]) -> None:
        """Add a validation from its line in the journal."""
        self.validated_at.append(line["step"])
        self.val_loss.append(float(line["val_loss"]))
        self.metric.append(float(line["metric"]))


def build_training(record: TrainingRecord, described: RunDescription, peak: Peak, status: TrainingStatus) -> Training:
    """Return the outcome of a training: its curves and what they show.

    Args:
        record: measurements of the training.
        described: what was known beforehand.
        peak: peak rate.
        status: how the training ended.
    """
    rate, loss, gradient_norm = (
        np.array(column, np.float64) for column in (record.rate, record.loss, record.gradient_norm)
    )
    scores = record.scores
    try:
        findings = diagnose(trace(rate, loss, scores, peak.highest))
    except ValueError:  # It is too short.
        findings = ()
    return Training(
        name=described.name,
        status=status,
        learning_rate=peak.rate,
        rate_from=peak.source,
        schedule=described.config["train"]["schedule"]["name"],
        steps=described.train_steps,
        rate=rate,
        loss=loss,
        gradient_norm=gradient_norm,
        scores=scores,
        findings=findings,
        facts=described.facts,
        assumptions=described.assumptions,
        config=dict(described.config),
        environment=dict(described.environment),
    )


def trace(rate: Floats, loss: Floats, scores: Scores | None, highest: float | None = None) -> Trace:
    """Convert a training to a log with a row before each update and one after the last.

    Args:
        rate: learning rate of each step, shape (steps,).
        loss: training loss of each step, shape (steps,).
        scores: validations of the training; None if there were none.
        highest: peak rate above which other trainings are known to do worse; None if none is known.
    """
    step = np.arange(len(loss) + 1, dtype=np.float64)
    val = None
    if scores is not None:
        val = np.full(len(step), np.nan)
        val[scores.step.astype(int)] = np.where(np.isfinite(scores.loss), scores.loss, np.inf)
    return Trace(
        step,
        np.append(np.where(np.isfinite(loss), loss, np.inf), np.nan),
        np.append(rate, np.nan),
        val,
        highest=highest,
    )
