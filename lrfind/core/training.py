"""The outcome of a training or of reading its log: traces, findings, validation scores."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from lrfind.core.dataset import Floats
from lrfind.core.result import Facts

TRAINING_SCHEMA = "lrfind/train/1"
"""The key ``schema`` of ``train.json``."""

TrainingStatus = Literal["complete", "stopped", "interrupted"]
"""How a training ended; ``"stopped"`` where the loss was not finite any more."""

Severity = Literal["error", "warning", "info"]
"""Severity of a finding: the training is lost; it could be clearly better; nothing is wrong."""


@dataclass(frozen=True)
class Trace:
    """A logged training, one entry a row. NaN is a blank cell; a value that was not finite is inf.

    Attributes:
        step: number of the step or epoch, increasing, shape (rows,).
        loss: training loss, shape (rows,).
        rate: learning rate, shape (rows,); None where the log has none.
        val_loss: validation loss, shape (rows,); None where the log has none.
        unit: what `step` counts.
        highest: peak rate above which other trainings are known to lose; None where nothing is known.
    """

    step: Floats
    loss: Floats
    rate: Floats | None = None
    val_loss: Floats | None = None
    unit: Literal["step", "epoch"] = "step"
    highest: float | None = None


@dataclass(frozen=True)
class Finding:
    """One thing that a training shows.

    Attributes:
        id: name of the finding, e.g. ``"too-slow"``, and of its page in `lrfind explain`.
        severity: severity of the finding.
        what: observation with steps and numbers, one sentence.
        why: reason why it hurts, one sentence.
        advice: change to make, in numbers, one sentence.
        steps: first and last step at which it shows.
        values: numbers behind the observation, by name.
    """

    id: str
    severity: Severity
    what: str
    why: str
    advice: str
    steps: tuple[float, float]
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Diagnosis:
    """The findings of a log.

    Attributes:
        source: name of the log in messages.
        trace: values of the log.
        findings: findings, most important first.
    """

    source: str
    trace: Trace
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Scores:
    """Validation results before and during a training.

    Attributes:
        step: number of updates before each validation, shape (validations,).
        loss: held-out loss, shape (validations,); NaN if not finite.
        metric: held-out metric, shape (validations,).
        metric_name: ``"accuracy"``, ``"R2"`` or ``"perplexity"``; empty if the outputs have no known meaning.
        rows: number of held-out rows.
    """

    step: Floats
    loss: Floats
    metric: Floats
    metric_name: str
    rows: int

    @property
    def best(self) -> int:
        """Index of the validation with the lowest loss."""
        return int(np.argmin(np.where(np.isfinite(self.loss), self.loss, np.inf)))


@dataclass(frozen=True)
class Training:
    """Outcome of a training; mirrors ``train.json``.

    Attributes:
        name: name of the config.
        status: end of the training.
        learning_rate: peak of the schedule.
        rate_from: source of the rate, e.g. ``"optimizer.learning_rate"``.
        schedule: name of the schedule.
        steps: length of the whole training.
        rate: rate of each step that was run, shape (done,).
        loss: training loss of each step's batch before its update, shape (done,).
        gradient_norm: norm of the gradient, shape (done,).
        scores: validation results; None if no rows are held out.
        findings: findings of the diagnosis, most important first.
        facts: facts about model and data.
        assumptions: values that the config left out, a sentence each.
        config: resolved config as JSON values.
        environment: versions and device.
        timing: seconds of each part.
    """

    name: str
    status: TrainingStatus
    learning_rate: float
    rate_from: str
    schedule: str
    steps: int
    rate: Floats
    loss: Floats
    gradient_norm: Floats
    scores: Scores | None
    findings: tuple[Finding, ...]
    facts: Facts
    assumptions: tuple[str, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    timing: dict[str, float] = field(default_factory=dict)
