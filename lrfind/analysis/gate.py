"""The gate: a run's result held against the rate that a config has, one verdict per thing that can be wrong.

Pure: a result as it was measured and the same one read back from its file get the same verdicts, so nothing here tells
NaN from infinity.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from lrfind.analysis.curve import Reading, read
from lrfind.analysis.gate_curve import diverged_at_once, finite, initial_loss, learns, range_covers
from lrfind.analysis.gate_rate import confirmed, drift, rate_in_range, seeds_agree
from lrfind.types import Result, Verdict

FROM_RUN: tuple[Callable[[Result, Reading], Verdict], ...] = (
    learns,
    initial_loss,
    range_covers,
    diverged_at_once,
    finite,
    seeds_agree,
    confirmed,
)
"""What the run alone decides."""

MAX_DRIFT = 3.0
"""The factor by which a recommendation may move from a baseline by default: the best rate is known to a factor of two
or three (Smith 2015; Bengio 2012), so a smaller move means nothing."""


def judge(
    result: Result,
    rate: float,
    tolerance: float,
    *,
    baseline: Result | None = None,
    max_drift: float = MAX_DRIFT,
    warn: Collection[str] = (),
    ignore: Collection[str] = (),
) -> tuple[Verdict, ...]:
    """All verdicts on a run.

    Args:
        result: of the run.
        rate: the config's `optimizer.learning_rate`.
        tolerance: the factor by which it may lie outside of the interval.
        baseline: an earlier result to hold the recommendation against; without one there is no `drift`.
        max_drift: the factor by which the recommendation may have moved since.
        warn: verdicts that warn where they would fail.
        ignore: verdicts to leave out.

    Returns:
        In the order of `lrfind.registry.VERDICTS`.
    """
    reading = read(result.sweep.learning_rate, result.sweep.loss)
    found = [rate_in_range(result.recommendation, rate, tolerance)]
    found += [rule(result, reading) for rule in FROM_RUN]
    if baseline is not None:
        found.append(drift(result.recommendation, baseline.recommendation, max_drift))
    return tuple(
        replace(each, status="warn") if each.status == "fail" and each.id in warn else each
        for each in found
        if each.id not in ignore
    )
