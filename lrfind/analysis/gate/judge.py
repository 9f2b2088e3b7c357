"""Judge a config's rate by a run's result: one verdict for each thing that can be wrong.

A pure function of the result. Values that result.json cannot tell apart (NaN and infinity) are treated alike, so a
measured result and the same one read back from its file get the same verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from lrfind.analysis.gate.curve import diverged_at_once, finite, initial_loss, learns, range_covers
from lrfind.analysis.gate.rate import confirmed, drift, rate_in_range, seeds_agree
from lrfind.analysis.range_test.curve import CurveSummary, summarize
from lrfind.core.result import Result
from lrfind.core.verdicts import Verdict

FROM_RUN: tuple[Callable[[Result, CurveSummary], Verdict], ...] = (
    learns,
    initial_loss,
    range_covers,
    diverged_at_once,
    finite,
    seeds_agree,
    confirmed,
)
"""Rules that need the run alone, in the order of their verdicts."""

MAX_DRIFT = 3.0
"""Default factor by which a recommendation may differ from a baseline's, without unit.

The best rate is known to a factor of two or three (Smith 2015; Bengio 2012), so a smaller change has no meaning.
"""


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
    """Return all verdicts on a run.

    Args:
        result: result of the run.
        rate: `optimizer.learning_rate` of the config.
        tolerance: factor by which the rate may lie outside of the recommended interval.
        baseline: earlier result to compare the recommendation with; None leaves out the verdict `drift`.
        max_drift: factor by which the recommendation may differ from the baseline's.
        warn: ids of verdicts whose failure is only a warning.
        ignore: ids of verdicts to leave out.

    Returns:
        Verdicts in the order of `lrfind.core.registry.VERDICTS`.
    """
    reading = summarize(result.sweep.learning_rate, result.sweep.loss)
    verdicts = [rate_in_range(result.recommendation, rate, tolerance)]
    verdicts += [rule(result, reading) for rule in FROM_RUN]
    if baseline is not None:
        verdicts.append(drift(result.recommendation, baseline.recommendation, max_drift))
    return tuple(
        replace(verdict, status="warn") if verdict.status == "fail" and verdict.id in warn else verdict
        for verdict in verdicts
        if verdict.id not in ignore
    )
