"""Build the outcome of a training from its measurements, whether it finished, was interrupted or was killed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lrfind.analysis.build_result import RunDescription
from lrfind.analysis.diagnosis.wording import diagnose
from lrfind.core.dataset import Floats
from lrfind.core.training import Scores, Trace, Training, TrainingStatus

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
        step, loss, metric = (
            np.array(column, np.float64) for column in (self.validated_at, self.val_loss, self.metric)
        )
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
