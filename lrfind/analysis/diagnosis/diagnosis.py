"""Diagnose a training: findings, most severe first."""

from __future__ import annotations

import numpy as np

from lrfind.analysis.diagnosis.evidence import measure
from lrfind.analysis.diagnosis.rules import decide
from lrfind.analysis.diagnosis.wording import put
from lrfind.core.training import Finding, Trace


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
