"""A training as it was logged, and what is said of it: the values that travel from a log to a report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from lrfind.types import Facts, Floats

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
class Scores:
    """What a training was looked at by, before it and at intervals.

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
        status: how it ended; ``"stopped"`` where the loss was not finite any more.
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
    status: Literal["complete", "stopped", "interrupted"]
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
