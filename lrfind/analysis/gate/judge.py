"""Judge a config's rate by a run's result: one verdict for each thing that can be wrong.

A pure function of the result. Values that result.json cannot tell apart (NaN and infinity) are treated alike, so a
measured result and the same one read back from its file get the same verdicts.
"""

from __future__ import annotations

import math
from collections.abc import Collection

from lrfind.analysis.confirmation.verdict import APART
from lrfind.analysis.gate.curve import Outcome, diverged_at_once, finite, initial_loss, learns, range_covers
from lrfind.analysis.range_test.curve import summarize
from lrfind.analysis.range_test.recommendation import DISAGREE
from lrfind.core.registry import VERDICTS
from lrfind.core.result import Recommendation, Result
from lrfind.core.verdicts import Verdict

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
    outcomes = {
        "rate-in-range": rate_in_range(result.recommendation, rate, tolerance),
        "learns": learns(result, reading),
        "initial-loss": initial_loss(result),
        "range-covers": range_covers(result, reading),
        "diverged-at-once": diverged_at_once(result, reading),
        "finite": finite(result),
        "seeds-agree": seeds_agree(result),
        "confirmed": confirmed(result),
    }
    if baseline is not None:
        outcomes["drift"] = drift(result.recommendation, baseline.recommendation, max_drift)
    return tuple(verdict(id, outcome, warns=id in warn) for id, outcome in outcomes.items() if id not in ignore)


def verdict(id: str, outcome: Outcome, *, warns: bool) -> Verdict:
    """Return the outcome of a rule as a verdict; where `warns`, its failure is only a warning."""
    status, observed, limit, message = outcome
    if status is None:
        return Verdict(id, "pass", None, None, f"not judged: {message}", VERDICTS[id], judged=False)
    return Verdict(id, "warn" if status == "fail" and warns else status, observed, limit, message, VERDICTS[id])


def rate_in_range(recommendation: Recommendation, rate: float, tolerance: float) -> Outcome:
    """Judge whether the config's rate lies in, or near, the recommended interval.

    Args:
        recommendation: recommendation of the run.
        rate: `optimizer.learning_rate` of the config.
        tolerance: factor by which the rate may lie outside of the interval.
    """
    best = known(recommendation)
    if best is None:
        return "fail", None, tolerance, f"there is no rate to hold {rate:.1e} against: {recommendation.reason}"
    low, high = min(recommendation.low or best, best), max(recommendation.high or best, best)
    factor = max(rate / high, low / rate, 1.0)
    where = f"the interval {low:.1e} .. {high:.1e}" if low < high else f"the recommended {best:.1e}"
    if factor <= 1:
        return "pass", factor, tolerance, f"{rate:.1e} is {'in ' * (low < high)}{where}"
    side = "above" if rate > high else "below"
    off = f"{rate:.1e} is {factor:.3g} times {side} {where}"
    if factor <= tolerance:
        return "pass", factor, tolerance, f"{off}, within the factor {tolerance:.3g} that check.tolerance allows"
    harm = "the training may diverge or end worse" if side == "above" else "the training will be slower than it need be"
    advice = f"set optimizer.learning_rate to {best:.1e} (lrfind sweep --write does)"
    return "fail", factor, tolerance, f"{off}, and check.tolerance allows {tolerance:.3g}: {harm}; {advice}"


def seeds_agree(result: Result) -> Outcome:
    """Judge whether the best rates of the single seeds agree."""
    recommendation, tried = result.recommendation, result.confirmation
    suggested = result.suggestions.get(recommendation.method)
    ends = () if suggested is None else (suggested.low, suggested.high)
    if tried is not None and tried.seed_factor is not None:
        factor, by = tried.seed_factor, "in the trainings"
    elif len(result.sweep.seeds) > 1 and len(ends) == 2 and ends[0] and ends[1]:
        factor, by = ends[1] / ends[0], "in the sweep"
    else:
        single = len(result.sweep.seeds) < 2
        return None, None, None, "one seed was measured" if single else "there is no rate of each seed to compare"
    spread = f"the seeds' own best rates lie within a factor {factor:.3g} {by}"
    advice = "a larger batch, more sweep.seeds, more sweep.steps or a larger confirm.budget would narrow it"
    if factor > DISAGREE:
        return "fail", factor, DISAGREE, f"{spread}, which is no agreement; {advice}"
    if factor > APART and by == "in the trainings":
        return "warn", factor, APART, f"{spread}, which is wide; {advice}"
    return "pass", factor, DISAGREE, spread


def confirmed(result: Result) -> Outcome:
    """Judge whether short real trainings confirmed the rate."""
    recommendation = result.recommendation
    observed = recommendation.confirmed
    wanted = result.confirmation is not None or (result.config.get("confirm") or {}).get("enabled", True)
    if recommendation.confirmed:
        return "pass", observed, True, "short real trainings confirmed the rate"
    if not wanted:
        advice = "leave out --no-confirm, or set confirm.enabled: true"
        return "warn", observed, True, f"no training checked the rate; {advice}"
    if recommendation.learning_rate is None:
        return "fail", observed, True, "there is no rate that trainings could confirm"
    warning = next((warning for warning in result.warnings if "not confirmed" in warning), None)
    return "fail", observed, True, warning or "the suggestion is not confirmed by trainings; raise confirm.budget"


def drift(recommendation: Recommendation, before: Recommendation, max_drift: float) -> Outcome:
    """Judge whether the recommendation differs from that of an earlier run.

    Args:
        recommendation: recommendation of this run.
        before: recommendation of the baseline.
        max_drift: factor by which the two rates may differ.
    """
    now, then = known(recommendation), known(before)
    if now is None and then is None:
        return None, None, None, "neither run has a rate"
    if now is None:
        return "fail", None, max_drift, f"the baseline has the rate {then:.1e}, this run has none"
    if then is None:
        message = f"the baseline has no rate, this run has {now:.1e}; make this run's result.json the baseline"
        return "warn", None, max_drift, message
    factor = max(now / then, then / now)
    moved = f"the rate went from {then:.1e} in the baseline to {now:.1e}, a factor {factor:.3g}"
    if (recommendation.steps, recommendation.schedule) != (before.steps, before.schedule):
        moved += f" (its {purpose(before)}; here {purpose(recommendation)})"
    if factor <= max_drift:
        return "pass", factor, max_drift, moved
    advice = "look at what changed since: data, model, optimiser or versions; if it is meant, renew the baseline"
    return "fail", factor, max_drift, f"{moved}, above {max_drift:.3g}; {advice}"


def known(recommendation: Recommendation) -> float | None:
    """Return the recommended rate; None if it is missing, not positive or not finite."""
    rate = recommendation.learning_rate
    return rate if rate is not None and 0 < rate < math.inf else None


def purpose(recommendation: Recommendation) -> str:
    """Describe the training that a rate is for."""
    return f"{recommendation.steps:,} steps of the schedule {recommendation.schedule}"
