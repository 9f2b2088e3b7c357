"""Judge the rate: in the recommended interval, agreed on by seeds, confirmed, and near a baseline's."""

from __future__ import annotations

import math

from lrfind.analysis.confirmation.verdict import APART
from lrfind.analysis.range_test.curve import CurveSummary
from lrfind.analysis.range_test.recommendation import DISAGREE
from lrfind.core.result import Recommendation, Result
from lrfind.core.verdicts import Verdict, VerdictStatus


def rate_in_range(recommendation: Recommendation, rate: float, tolerance: float) -> Verdict:
    """Judge whether the config's rate lies in, or near, the recommended interval.

    Args:
        recommendation: recommendation of the run.
        rate: `optimizer.learning_rate` of the config.
        tolerance: factor by which the rate may lie outside of the interval.
    """

    def verdict(status: VerdictStatus, observed: float | None, message: str) -> Verdict:
        return Verdict("rate-in-range", status, observed, tolerance, message, "optimizer.learning_rate")

    best = known(recommendation)
    if best is None:
        return verdict("fail", None, f"there is no rate to hold {rate:.1e} against: {recommendation.reason}")
    low, high = min(recommendation.low or best, best), max(recommendation.high or best, best)
    factor = max(rate / high, low / rate, 1.0)
    where = f"the interval {low:.1e} .. {high:.1e}" if low < high else f"the recommended {best:.1e}"
    if factor <= 1:
        return verdict("pass", factor, f"{rate:.1e} is in {where}" if low < high else f"{rate:.1e} is {where}")
    side = "above" if rate > high else "below"
    off = f"{rate:.1e} is {factor:.3g} times {side} {where}"
    if factor <= tolerance:
        return verdict("pass", factor, f"{off}, within the factor {tolerance:.3g} that check.tolerance allows")
    harm = "the training may diverge or end worse" if side == "above" else "the training will be slower than it need be"
    advice = f"set optimizer.learning_rate to {best:.1e} (lrfind sweep --write does)"
    return verdict("fail", factor, f"{off}, and check.tolerance allows {tolerance:.3g}: {harm}; {advice}")


def seeds_agree(result: Result, reading: CurveSummary) -> Verdict:
    """Judge whether the best rates of the single seeds agree."""
    del reading
    recommendation, tried = result.recommendation, result.confirmation
    suggested = result.suggestions.get(recommendation.method)
    ends = () if suggested is None else (suggested.low, suggested.high)
    key = "sweep.seeds"
    if tried is not None and tried.seed_factor is not None:
        factor, by = tried.seed_factor, "in the trainings"
    elif len(result.sweep.seeds) > 1 and len(ends) == 2 and ends[0] and ends[1]:
        factor, by = ends[1] / ends[0], "in the sweep"
    else:
        single = len(result.sweep.seeds) < 2
        why = "one seed was measured" if single else "there is no rate of each seed to compare"
        return Verdict("seeds-agree", "pass", None, None, f"not judged: {why}", key, judged=False)
    spread = f"the seeds' own best rates lie within a factor {factor:.3g} {by}"
    advice = "a larger batch, more sweep.seeds, more sweep.steps or a larger confirm.budget would narrow it"
    if factor > DISAGREE:
        return Verdict("seeds-agree", "fail", factor, DISAGREE, f"{spread}, which is no agreement; {advice}", key)
    if factor > APART and by == "in the trainings":
        return Verdict("seeds-agree", "warn", factor, APART, f"{spread}, which is wide; {advice}", key)
    return Verdict("seeds-agree", "pass", factor, DISAGREE, spread, key)


def confirmed(result: Result, reading: CurveSummary) -> Verdict:
    """Judge whether short real trainings confirmed the rate."""
    del reading
    recommendation = result.recommendation
    wanted = result.confirmation is not None or (result.config.get("confirm") or {}).get("enabled", True)

    def verdict(status: VerdictStatus, message: str) -> Verdict:
        return Verdict("confirmed", status, recommendation.confirmed, True, message, "confirm")

    if recommendation.confirmed:
        return verdict("pass", "short real trainings confirmed the rate")
    if not wanted:
        return verdict("warn", "no training checked the rate; leave out --no-confirm, or set confirm.enabled: true")
    if recommendation.learning_rate is None:
        return verdict("fail", "there is no rate that trainings could confirm")
    warning = next((warning for warning in result.warnings if "not confirmed" in warning), None)
    return verdict("fail", warning or "the suggestion is not confirmed by trainings; raise confirm.budget")


def drift(recommendation: Recommendation, before: Recommendation, max_drift: float) -> Verdict:
    """Judge whether the recommendation differs from that of an earlier run.

    Args:
        recommendation: recommendation of this run.
        before: recommendation of the baseline.
        max_drift: factor by which the two rates may differ.
    """
    now, then = known(recommendation), known(before)
    key = "optimizer"
    if now is None and then is None:
        return Verdict("drift", "pass", None, None, "not judged: neither run has a rate", key, judged=False)
    if now is None:
        return Verdict(
            "drift", "fail", None, max_drift, f"the baseline has the rate {then:.1e}, this run has none", key
        )
    if then is None:
        message = f"the baseline has no rate, this run has {now:.1e}; make this run's result.json the baseline"
        return Verdict("drift", "warn", None, max_drift, message, key)
    factor = max(now / then, then / now)
    moved = f"the rate went from {then:.1e} in the baseline to {now:.1e}, a factor {factor:.3g}"
    if (recommendation.steps, recommendation.schedule) != (before.steps, before.schedule):
        moved += f" (its {purpose(before)}; here {purpose(recommendation)})"
    if factor <= max_drift:
        return Verdict("drift", "pass", factor, max_drift, moved, key)
    advice = "look at what changed since: data, model, optimiser or versions; if it is meant, renew the baseline"
    return Verdict("drift", "fail", factor, max_drift, f"{moved}, above {max_drift:.3g}; {advice}", key)


def known(recommendation: Recommendation) -> float | None:
    """Return the recommended rate; None if it is missing, not positive or not finite."""
    rate = recommendation.learning_rate
    return rate if rate is not None and 0 < rate < math.inf else None


def purpose(recommendation: Recommendation) -> str:
    """Describe the training that a rate is for."""
    return f"{recommendation.steps:,} steps of the schedule {recommendation.schedule}"
