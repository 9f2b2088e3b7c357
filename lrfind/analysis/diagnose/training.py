"""The diagnosis of a training that lrfind ran itself."""

from __future__ import annotations

import numpy as np

from lrfind.analysis.diagnose.diagnosis import diagnose
from lrfind.types import Floats
from lrfind.types.training import Finding, Scores, Trace


def judge(found: Trace) -> tuple[Finding, ...]:
    """The findings of a trace; none where it is too short for any."""
    try:
        return diagnose(found)
    except ValueError:
        return ()


def trace(rate: Floats, loss: Floats, scores: Scores | None, highest: float | None = None) -> Trace:
    """A training as a log: a row before each update, and one after the last for the look there."""
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
