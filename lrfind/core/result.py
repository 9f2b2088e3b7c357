"""The outcome of a sweep and its confirmation.

`Result` is the whole of it and mirrors ``result.json`` key by key; every report is drawn from it alone. Rates have the
optimiser's unit; times are seconds; NaN marks what was not measured.
"""

from __future__ import annotations

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
        learning_rate: the rate, or None.
        low: lower end of the interval, or None.
        high: upper end of the interval, or None.
        reason: one sentence.
    """

    learning_rate: float | None
    low: float | None
    high: float | None
    reason: str


@dataclass(frozen=True)
class Recommendation:
    """The one rate the tool stands behind, or the reason why there is none.

    Attributes:
        learning_rate: the rate, or None.
        low: lower end of the interval, or None.
        high: upper end of the interval, or None.
        method: the method it comes from, e.g. ``"steepest"``.
        confirmed: whether short real trainings checked it.
        schedule: the schedule it is for; the rate is that schedule's peak.
        steps: the length of the training it is for.
        interval_from: what the interval is made of, e.g. ``"spread of 4 seeds"``; None without an interval.
        reason: one sentence.
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
        loss: training loss of each step's batch, before its update, shape (seeds, steps); NaN where not measured.
        smoothed: the smoothed curve over all seeds that the suggestions are read from, shape (steps,).
        gradient_norm: shape (seeds, steps).
        update_norm: shape (seeds, steps).
        diverged_at: per seed, the first step from which the loss does not come back, or None.
        seeds: the seeds, in the order of the rows.
        execution: how it was run.
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
        learning_rate: the schedule's peak.
        steps: the horizon: the user's schedule is scaled to it.
        loss: at the end, on what the confirmation judges by, per seed; NaN where the training diverged.
        train_loss: the same on rows that were trained on, per seed.
    """

    learning_rate: float
    steps: int
    loss: tuple[float, ...]
    train_loss: tuple[float, ...]


@dataclass(frozen=True)
class Horizon:
    """Outcome of the trials of one length.

    Attributes:
        steps: the length.
        learning_rate: the best rate at it.
        low: lower end of the rates that lose little at it.
        high: upper end of them.
    """

    steps: int
    learning_rate: float
    low: float
    high: float


@dataclass(frozen=True)
class Confirmation:
    """The short real trainings.

    Attributes:
        candidates: all that were trained, by horizon, then by rate.
        horizons: the lengths, rising, and what each shows. The last may be the whole training.
        exponent: p of ``best rate ~ steps^p``, by which the best rate is carried on to the whole training; None where
            the whole training was run, or one horizon alone.
        untrained: the loss before training, per seed.
        judged_on: ``"held-out loss"``, or ``"training loss"`` where nothing is held out.
        seed_factor: how far apart the seeds' own best rates lie, highest over lowest; None for one seed.
        spent: optimiser steps of sweep and confirmation together, all lanes counted.
        budget: what they were allowed to take.
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
        model: e.g. ``"mlp (hidden 128-128, relu)"``.
        parameters: how many numbers the model has.
        data: e.g. ``"digits: 1,438 rows to train on, 359 held out, 64 inputs, 10 classes"``.
        loss: the loss function's name.
        optimizer: the optax line to paste, with the recommended rate where there is one.
        chance_loss: the loss of an answer that holds every class for equally likely; None where the loss has no such.
        constant_loss: the loss of the best constant answer on the training rows; None where it is not known.
        frozen: how many of the parameters are not trained.
        precision: what the network computes in, ``"float32"`` or ``"bfloat16"``.
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
    """Everything one run found out. Mirrors ``result.json``.

    Attributes:
        name: the config's name.
        status: how the run ended.
        recommendation: the one rate, or none with a reason.
        suggestions: by method, the configured method first.
        sweep: the curve.
        facts: of model and data.
        assumptions: what the config left open and was assumed.
        warnings: what a reader should know before trusting the rate.
        config: the resolved config, plain JSON values.
        environment: versions and device.
        timing: where the time went.
        confirmation: the short real trainings, or None.
        evidence: what else was measured.
        advice: settings to paste, and the usual guesses judged.
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
