"""Diagnose a training that lrfind ran."""

from __future__ import annotations

import numpy as np

from lrfind.analysis.diagnosis.diagnosis import diagnose
from lrfind.core.dataset import Floats
from lrfind.core.training import Finding, Scores, Trace


def judge(trace: Trace) -> tuple[Finding, ...]:
    """Return the findings of a trace; none if it is too short."""
    try:
        return diagnose(trace)
    except ValueError:
        return ()


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
