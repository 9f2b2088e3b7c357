"""A training as it was logged, and what is said of it: the values that travel from a log to a report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from lrfind.types import Floats

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
    """

    step: Floats
    loss: Floats
    rate: Floats | None = None
    val_loss: Floats | None = None
    unit: Literal["step", "epoch"] = "step"


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
