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
"""How bad a finding is: the training is lost; it could be clearly better; nothing is wrong."""


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
        id: e.g. ``"too-slow"``; `lrfind explain` has a page on it.
        severity: how bad it is.
        what: what is seen, with steps and numbers, one sentence.
        why: why it hurts, one sentence.
        advice: what to change, in numbers, one sentence.
        steps: the first and the last step it is seen in.
        values: the numbers behind it.
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
        step: updates made by then, shape (looks,).
        loss: on rows that were held out, shape (looks,); NaN where it is not finite.
        metric: shape (looks,).
        metric_name: ``"accuracy"``, ``"R2"`` or ``"perplexity"``; empty where nobody knows what outputs mean.
        rows: held-out rows that were looked at.
    """

    step: Floats
    loss: Floats
    metric: Floats
    metric_name: str
    rows: int

    @property
    def best(self) -> int:
        """The look with the lowest loss."""
        return int(np.argmin(np.where(np.isfinite(self.loss), self.loss, np.inf)))


@dataclass(frozen=True)
class Training:
    """Everything one training found out. Mirrors ``train.json``.

    Attributes:
        name: the config's name.
        status: how it ended.
        learning_rate: the schedule's peak.
        rate_from: where it comes from, e.g. ``"optimizer.learning_rate"``.
        schedule: its name.
        steps: of the whole training.
        rate: rate of each step that was done, shape (done,).
        loss: training loss of each step's batch before its update, shape (done,).
        gradient_norm: shape (done,).
        scores: on held-out rows; None where none are.
        findings: what it shows, most important first.
        facts: of model and data.
        assumptions: what the config left open and was assumed.
        config: the resolved config, plain JSON values.
        environment: versions and device.
        timing: seconds by part.
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
