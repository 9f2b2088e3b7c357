"""Derive a learning rate for each common schedule, each measured or from a named rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from lrfind.analysis.range_test.curve import CurveSummary
from lrfind.core.result import Recommendation

START = 10.0
"""Peak rate over first rate of a one-cycle schedule, without unit (Smith 2018)."""

BASES = (3.0, 100.0)
"""Bounds on peak over base rate of a triangular schedule, without unit.

The lower bound is the factor of 3 to 4 that Smith (2015) suggests; a hundred times below its peak a training hardly
moves.
"""

LONGEST_WARMUP = 0.1
"""Largest warm-up, as a fraction of the training steps (Google's tuning playbook)."""

USUAL_WARMUP = 0.05
"""Default warm-up, as a fraction of the training steps: 5 of 90 epochs (Goyal et al. 2017)."""

STEP_FACTOR, STEP_PARTS = 0.1, 3
"""Factor per drop and number of equal parts of the default step schedule."""

DIGITS = 3
"""Significant digits of a printed rate; no learning rate is known to more."""


@dataclass(frozen=True)
class Proposal:
    """A schedule with the learning rate proposed for it.

    Attributes:
        schedule: name of the schedule.
        learning_rate: peak learning rate.
        basis: `"measured"` if trainings or the sweep show the rate, `"rule"` if a formula gives it.
        source: one phrase that names the measurement or the rule.
        options: keyword arguments of the schedule.
    """

    schedule: str
    learning_rate: float
    basis: Literal["measured", "rule"]
    source: str
    options: Mapping[str, Any] = field(default_factory=dict)


def proposals(
    reading: CurveSummary,
    recommendation: Recommendation,
    *,
    options: Mapping[str, Any],
    mean: float | None,
    b2: float | None,
    limit: float | None,
) -> tuple[Proposal, ...]:
    """Return a rate for the user's schedule, then for each common schedule.

    Args:
        reading: summary of the sweep's loss curve.
        recommendation: recommendation of the run.
        options: keyword arguments of the user's schedule.
        mean: mean of the user's schedule at peak 1; None if the rate was read off the range test alone, or the schedule
            depends on the loss.
        b2: decay of the optimiser's second moment; None if the optimiser has none.
        limit: largest stable rate at the initial weights; None if it is unknown.

    Returns:
        One proposal per schedule; empty if there is no recommended rate.
    """
    if recommendation.learning_rate is None:
        return ()
    rate, own = short(recommendation.learning_rate), recommendation.schedule
    source = f"trainings under this schedule: {recommendation.interval_from}"
    if not recommendation.confirmed:
        knows = "which knows no schedule" if mean is None else "carried on by the sum of rates"
        source = f"read off the range test by {recommendation.method}, {knows}; no training checked it"
    whose = Proposal(own, rate, "measured" if recommendation.confirmed else "rule", source, options)

    def carry(schedule: str, other: float, note: str = "", **options: Any) -> Proposal:
        rate, rule = carried(recommendation, mean, other)
        return Proposal(schedule, rate, "rule", rule + note, options)

    # A linear rise and a cosine fall both have mean 1/2; one cycle rises over 0.3 of the training.
    steps, why = warmup(recommendation.steps, carry("cosine", 0.5).learning_rate, b2, limit)
    rise = {"warmup_steps": steps} if steps else {}
    start = f"; start: the highest over {START:.0f} (Smith 2018)"
    others = (
        carry("constant", 1.0),
        carry("cosine", 0.5, f"; warm-up: {why}", **rise),
        carry("one_cycle", 0.3 * (1 + 1 / START) / 2 + 0.7 / 2, start, div_factor=START),
        triangular(reading, recommendation),
        carry("step", float(np.mean([STEP_FACTOR**part for part in range(STEP_PARTS)]))),
    )
    known = {own} - ({"cosine"} if not options.get("warmup_steps") else set())  # the warm-up is advice of its own
    return (whose, *(proposal for proposal in others if proposal.schedule not in known))


def warmup(steps: int, rate: float, b2: float | None, limit: float | None) -> tuple[int, str]:
    """Return the number of warm-up steps and the reason for it.

    `2 / (1 - b2)` steps for an optimiser with a second moment, capped at `LONGEST_WARMUP`; otherwise `LONGEST_WARMUP`
    if the rate exceeds the stability limit and `USUAL_WARMUP` if not.

    Args:
        steps: number of training steps.
        rate: peak learning rate.
        b2: decay of the optimiser's second moment; None if the optimiser has none.
        limit: largest stable rate at the initial weights; None if it is unknown.

    Reference:
        Ma and Yarats 2019, "On the adequacy of untuned warmup for adaptive optimization".
    """
    longest = int(LONGEST_WARMUP * steps)
    if b2 is not None and 0 < b2 < 1:
        wanted, why = round(2 / (1 - b2)), "2 / (1 - b2) steps (Ma & Yarats 2019)"
        return (wanted, why) if wanted <= longest else (longest, f"{LONGEST_WARMUP:.0%} of the steps, less than {why}")
    if limit is not None and rate > limit:
        above = f"the rate is above what is stable at the start, {limit:.1e}"
        return longest, f"{above}: {LONGEST_WARMUP:.0%} of the steps (playbook)"
    return int(USUAL_WARMUP * steps), f"{USUAL_WARMUP:.0%} of the steps (Goyal et al. 2017: 5 of 90 epochs)"


def carried(recommendation: Recommendation, mean: float | None, other: float) -> tuple[float, str]:
    """Return the peak rate of another schedule and the rule that gives it.

    The sum of rates is kept, `peak = rate mean / other`, because at small rates training follows the gradient flow,
    whose time is that sum. The result is clipped to the recommended interval, where stability is known. A rate without
    a known schedule mean is kept.

    Args:
        recommendation: recommendation, with a rate.
        mean: mean of the recommendation's schedule at peak 1; None if it is unknown.
        other: mean of the other schedule at peak 1.
    """
    rate, low, high = recommendation.learning_rate, recommendation.low, recommendation.high
    assert rate is not None
    if mean is None and recommendation.confirmed:
        return short(rate), f"the peak of {recommendation.schedule}, whose drops nobody knows beforehand"
    if mean is None:
        return short(rate), f"as {recommendation.method} reads it off the range test, which knows no schedule"
    wanted = rate * mean / other
    kept = min(max(wanted, low or wanted), high or wanted)
    rule = f"the sum of rates that {recommendation.schedule} has (gradient flow)"
    return short(kept), rule if kept == wanted else f"{rule}, but inside of the interval"


def triangular(reading: CurveSummary, recommendation: Recommendation) -> Proposal:
    """Propose a triangular schedule between the start of the loss's fall and its lowest point.

    Reference:
        Smith 2015, "Cyclical learning rates for training neural networks" (range test).
    """
    assert recommendation.learning_rate is not None
    if reading.no_rate_reason is not None:
        top, base = recommendation.learning_rate, recommendation.learning_rate / BASES[0]
        source = "the curve shows no fall: highest rate as recommended, lowest a third of it (Smith 2015)"
        return Proposal("triangular", short(top), "rule", source, {"base_factor": short(base / top)})
    rates = reading.learning_rate
    turning, start = float(rates[reading.lowest]), float(rates[reading.descent.start])
    top, basis = turning, f"highest: the last rate before the loss turns up, {turning:.1e}"
    low, high = recommendation.low, recommendation.high
    if recommendation.confirmed and low and high and not low <= turning <= high:
        top = min(max(turning, low), high)
        basis += ", but inside of the interval"
    base = min(max(start, top / BASES[1]), top / BASES[0])
    basis += f"; lowest: where it starts to fall, {start:.1e}"
    if base != start:
        basis += f", but {BASES[0]:.0f} to {BASES[1]:.0f} times lower"
    basis += " (range test of Smith 2015)"
    return Proposal("triangular", short(top), "measured", basis, {"base_factor": short(base / top)})


def short(rate: float) -> float:
    """Round a rate to `DIGITS` significant digits."""
    return float(f"{rate:.{DIGITS}g}")
