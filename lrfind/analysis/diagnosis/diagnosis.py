"""Diagnose a training: findings, most severe first."""

from __future__ import annotations

import numpy as np

from lrfind.analysis.diagnosis.evidence import measure
from lrfind.analysis.diagnosis.rules import decide
from lrfind.analysis.diagnosis.wording import put
from lrfind.core.dataset import Floats
from lrfind.core.training import Finding, Scores, Trace


def diagnose(trace: Trace) -> tuple[Finding, ...]:
    """Return the findings of a log, most important first; a good log has only ``healthy``.

    Raises:
        ValueError: The log has fewer than four losses, all of them finite.
    """
    with np.errstate(all="ignore"):  # Squares of 1e200 are infinite, and differences of those no numbers.
        evidence = measure(trace)
    if evidence.train is None and evidence.val is None and evidence.broke is None:
        raise ValueError("too few losses")
    return tuple(put(hit, evidence) for hit in decide(evidence))


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
