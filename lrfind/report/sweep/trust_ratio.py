"""Read off the rate at which the trust-region ratio falls through one half, and label stability limits."""

from __future__ import annotations

import math
import re

import numpy as np

from lrfind.core.result import Result

HALF = 0.5
"""The ratio of a step that goes to the minimum of a quadratic along its direction: beyond it, steps are too long."""

MOST_ASTRAY = 0.25
"""Share of the points that may lie on the wrong side of the crossing; beyond, the ratio is noise. By coin toss, half
of them do."""

LONGEST_NAME = 8
"""Characters; a rule that is longer does not fit beside its line in a figure."""


def half_trust(result: Result) -> float | None:
    """Return the rate at which the trust-region ratio falls through 1/2; None without such a fall, or for noise.

    Of several falls through 1/2 it is the one that leaves fewest points on the wrong side. Between two points the
    ratio is taken as straight over the logarithm of the rate, or over the rate itself where one is not positive.
    """
    sweep, evidence = result.sweep, result.evidence
    steps = [step for step in evidence.trust_steps if 0 <= step < len(sweep.learning_rate)]
    if len(steps) != len(evidence.trust_ratio):
        return None
    rates, ratio = sweep.learning_rate[steps], np.array(evidence.trust_ratio, dtype=np.float64)
    known = np.isfinite(rates) & np.isfinite(ratio)
    order = np.argsort(rates[known], kind="stable")
    rates, ratio = rates[known][order], ratio[known][order]
    above = ratio >= HALF
    falls = np.flatnonzero(above[:-1] & ~above[1:])
    if not falls.size:
        return None
    astray = [int(np.count_nonzero(~above[: i + 1]) + np.count_nonzero(above[i + 1 :])) for i in falls]
    if min(astray) > MOST_ASTRAY * len(ratio):
        return None
    i = int(falls[int(np.argmin(astray))])
    drop = ratio[i] - ratio[i + 1]
    share = float((ratio[i] - HALF) / drop) if math.isfinite(drop) else 0.5
    low, high = float(rates[i]), float(rates[i + 1])
    return low * (high / low) ** share if low > 0 else low + share * (high - low)


def limit_name(rule: str | None) -> str:
    """Return the label of a stability rule, e.g. ``"38/λ"`` of ``"38 / lambda_max (preconditioned)"``.

    A rule whose label is longer than `LONGEST_NAME` is called ``"stability"``.
    """
    name = re.sub(r"\([^()]*\)$", "", rule or "").replace("lambda_max", "λ").replace(" ", "")
    return name if 0 < len(name) <= LONGEST_NAME else "stability"
