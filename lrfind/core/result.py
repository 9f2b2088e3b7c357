"""The outcome of a sweep and its confirmation.

`Result` is the whole of it and mirrors ``result.json`` key by key; every report is drawn from it alone. Rates have the
optimiser's unit; times are seconds; NaN marks what was not measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lrfind.core.advice import Advice
from lrfind.core.dataset import Floats

RATE = "LEARNING_RATE"
"""Stands for the rate in source text where there is none to recommend."""

RESULT_SCHEMA = "lrfind/result/1"
"""The key ``schema`` of ``result.json``."""

Status = Literal["complete", "no_recommendation", "interrupted", "failed"]


@dataclass(frozen=True)
class Suggestion:
    """The rate that one method reads off the curve, or the reason why it reads none.

    Attributes:
        learning_rate: suggested rate, or None.
        low: lower end of the interval over the seeds, or None.
        high: upper end of the interval over the seeds, or None.
        reason: reason for the rate, or for its absence, in one sentence.
    """

    learning_rate: float | None
    low: float | None
    high: float | None
    reason: str


@dataclass(frozen=True)
class Recommendation:
    """The one rate the tool stands behind, or the reason why there is none.

    Attributes:
        learning_rate: recommended rate, or None.
        low: lower end of the interval, or None.
        high: upper end of the interval, or None.
        method: name of the method behind the rate, e.g. ``"steepest"``.
        confirmed: whether short real trainings checked the rate.
        schedule: name of the schedule whose peak the rate is.
        steps: length of the training that the rate is for.
        interval_from: source of the interval, e.g. ``"spread of 4 seeds"``; None without an interval.
        reason: reason for the rate, or for its absence, in one sentence.
    """

    learning_rate: float | None
    low: float | None
    high: float | None
    method: str
    confirmed: bool
    schedule: str
    steps: int
    interval_from: str | None
    reason: str


@dataclass(frozen=True)
class Execution:
    """How the lanes were run; part of what fixes the bits of a curve.

    Attributes:
        steps: ``"scan"`` (steps inside one compiled loop) or ``"loop"`` (one compiled step, called from Python).
        lanes: ``"each"`` (every lane is its own call of one compiled program) or ``"vmap"`` (all in one program).
        compiler: ``"full"``, or ``"quick"`` where compiling would take longer than all that is computed.
    """

    steps: Literal["scan", "loop"]
    lanes: Literal["each", "vmap"]
    compiler: Literal["quick", "full"] = "full"


@dataclass(frozen=True)
class Sweep:
    """The measured curve: one row per seed, one column per step.

    Attributes:
        learning_rate: rate of each step, shape (steps,).
        loss: training loss of each step's batch before its update, shape (seeds, steps); NaN if not measured.
        smoothed: smoothed median curve that the methods read, shape (steps,).
        gradient_norm: norm of the gradient, shape (seeds, steps).
        update_norm: norm of the update, shape (seeds, steps).
        diverged_at: first step of each seed from which the loss does not come back, or None.
        seeds: seeds in the order of the rows.
        execution: execution of the lanes.
    """

    learning_rate: Floats
    loss: Floats
    smoothed: Floats
    gradient_norm: Floats
    update_norm: Floats
    diverged_at: tuple[int | None, ...]
    seeds: tuple[int, ...]
    execution: Execution


@dataclass(frozen=True)
class Candidate:
    """One rate, trained for real for some steps.

    Attributes:
        learning_rate: peak of the schedule.
        steps: length of the trials; the schedule is scaled to it.
        loss: loss of each seed after the last step, on the data that the confirmation judges by; NaN if diverged.
        train_loss: loss of each seed after the last step on training rows; NaN if diverged.
    """

    learning_rate: float
    steps: int
    loss: tuple[float, ...]
    train_loss: tuple[float, ...]


@dataclass(frozen=True)
class Horizon:
    """Outcome of the trials of one length.

    Attributes:
        steps: length of the trials.
        learning_rate: best rate at this length.
        low: lower end of the rates of little regret.
        high: upper end of the rates of little regret.
    """

    steps: int
    learning_rate: float
    low: float
    high: float


@dataclass(frozen=True)
class Confirmation:
    """The short real trainings.

    Attributes:
        candidates: all rates trained, by length, then by rate.
        horizons: outcome of each length, rising; the last may be the whole training.
        exponent: p of ``best rate ~ steps^p`` that extrapolates to the whole training; None if the whole training was
            run, or one length alone.
        untrained: loss of each seed before training.
        judged_on: ``"held-out loss"``, or ``"training loss"`` if no rows are held out.
        seed_factor: highest over lowest of the seeds' own best rates; None for one seed.
        spent: optimiser steps of sweep and confirmation, summed over lanes.
        budget: most steps that `spent` may reach.
    """

    candidates: tuple[Candidate, ...]
    horizons: tuple[Horizon, ...]
    exponent: float | None
    untrained: tuple[float, ...]
    judged_on: str
    seed_factor: float | None
    spent: float
    budget: int


@dataclass(frozen=True)
class Evidence:
    """Measurements that are shown as evidence and decide nothing.

    Attributes:
        trust_steps: steps of the sweep at which the trust-region ratio was measured, shape (points,).
        trust_ratio: actual over predicted decrease of the batch's loss, ``(L(w + u) - L(w)) / (g . u)``, median over
            the seeds, shape (points,): 1 for steps so small that the loss is a plane, 1/2 at the best step on a
            quadratic, 0 at the edge of stability.
        sharpness: largest eigenvalue of the Hessian (preconditioned, for an adaptive method) before training; None
            where it was not measured.
        stability_limit: the rate above which a quadratic of that sharpness is not stable; None where not known.
        stability_rule: how it follows from the sharpness, e.g. ``"2 / lambda_max"``.
    """

    trust_steps: tuple[int, ...] = ()
    trust_ratio: tuple[float, ...] = ()
    sharpness: float | None = None
    stability_limit: float | None = None
    stability_rule: str | None = None


@dataclass(frozen=True)
class Facts:
    """Facts about model and data.

    Attributes:
        model: name and options of the model, e.g. ``"mlp (hidden 128-128, relu)"``.
        parameters: number of parameters.
        data: sizes of the data, e.g. ``"digits: 1,438 rows to train on, 359 held out, 64 inputs, 10 classes"``.
        loss: name of the loss function.
        optimizer: optax line to paste, with the recommended rate if there is one.
        chance_loss: loss of equally likely classes; None for other losses.
        constant_loss: loss of the best constant answer on the training rows; None if unknown.
        frozen: number of parameters that are not trained.
        precision: type that the network computes in, ``"float32"`` or ``"bfloat16"``.
    """

    model: str
    parameters: int
    data: str
    loss: str
    optimizer: str
    chance_loss: float | None = None
    constant_loss: float | None = None
    frozen: int = 0
    precision: str = "float32"


@dataclass(frozen=True)
class Timing:
    """Seconds that each part of a run took.

    Parts that overlap are each counted in full, so their sum may exceed the total.
    """

    import_: float = 0.0
    data: float = 0.0
    compile: float = 0.0
    sweep: float = 0.0
    confirm: float = 0.0
    render: float = 0.0
    total: float = 0.0


@dataclass(frozen=True)
class Result:
    """Outcome of a run; mirrors ``result.json``.

    Attributes:
        name: name of the config.
        status: end of the run.
        recommendation: recommended rate, or none with a reason.
        suggestions: suggestion of each method, the configured one first.
        sweep: measured curve.
        facts: facts about model and data.
        assumptions: values that the config left out, a sentence each.
        warnings: sentences to know before trusting the rate.
        config: resolved config as JSON values.
        environment: versions and device.
        timing: seconds of each part.
        confirmation: outcome of the short real trainings, or None.
        evidence: measurements that decide nothing.
        advice: settings to paste, and common guesses judged.
    """

    name: str
    status: Status
    recommendation: Recommendation
    suggestions: dict[str, Suggestion]
    sweep: Sweep
    facts: Facts
    assumptions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    timing: Timing = field(default_factory=Timing)
    confirmation: Confirmation | None = None
    evidence: Evidence = field(default_factory=Evidence)
    advice: Advice = field(default_factory=Advice)


@dataclass(frozen=True)
class DryRun:
    """Model, data and cost of a sweep or a training that was not run.

    Attributes:
        name: name of the config.
        facts: by key of the JSON document, e.g. ``"parameters"``, ``"expected_seconds"``.
    """

    name: str
    facts: Mapping[str, Any]
