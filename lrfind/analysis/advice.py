"""What a run says of schedules that it did not train under: a rate for each, measured or derived by a rule that is
named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from lrfind.analysis.curve import Reading
from lrfind.types import Recommendation

START = 10.0
"""One-cycle begins at its highest rate over this (Smith 2018)."""

BASES = (3.0, 100.0)
"""Bounds of the highest rate of a triangular schedule over its lowest: Smith (2015) has 3 or 4 where no curve says; a
hundred times below, a training all but stands still."""

LONGEST_WARMUP = 0.1
"""Of the training (Google's tuning playbook)."""

USUAL_WARMUP = 0.05
"""Of the training: 5 of 90 epochs (Goyal et al. 2017)."""

STEP_FACTOR, STEP_PARTS = 0.1, 3
"""Step decay as the config has it by default: to a tenth after each third."""

DIGITS = 3
"""Of a rate that is pasted: more are never known."""


@dataclass(frozen=True)
class Proposal:
    """A schedule with its rate.

    Attributes:
        schedule: its name.
        learning_rate: its peak.
        basis: as `lrfind.types.Setting` has it.
        source: as there.
        options: keys of the schedule.
    """

    schedule: str
    learning_rate: float
    basis: Literal["measured", "rule"]
    source: str
    options: Mapping[str, Any] = field(default_factory=dict)


def proposals(
    reading: Reading,
    found: Recommendation,
    *,
    options: Mapping[str, Any],
    mean: float | None,
    b2: float | None,
    limit: float | None,
) -> tuple[Proposal, ...]:
    """A rate for the user's own schedule, then for the usual ones; none where there is no recommendation.

    Args:
        reading: of the sweep.
        found: the recommendation.
        options: keys of the user's schedule.
        mean: of the user's schedule at peak 1; None where the rate knows none, or it waits for the loss.
        b2: decay of the optimiser's second moment; None where it has none.
        limit: the largest stable rate at the starting weights; None where it is not known.
    """
    if found.learning_rate is None:
        return ()
    rate, own = short(found.learning_rate), found.schedule
    if found.confirmed:
        whose = Proposal(own, rate, "measured", f"trainings under this schedule: {found.interval_from}", options)
    else:
        knows = "which knows no schedule" if mean is None else "carried on by the sum of rates"
        source = f"read off the range test by {found.method}, {knows}; no training checked it"
        whose = Proposal(own, rate, "rule", source, options)
    others = (
        constant(found, mean),
        cosine(found, mean, b2, limit),
        one_cycle(found, mean),
        triangular(reading, found),
        step(found, mean),
    )
    known = {own} - ({"cosine"} if not options.get("warmup_steps") else set())  # the warm-up is advice of its own
    return (whose, *(each for each in others if each.schedule not in known))


def constant(found: Recommendation, mean: float | None) -> Proposal:
    """A constant rate."""
    rate, source = carried(found, mean, 1.0)
    return Proposal("constant", rate, "rule", source)


def cosine(found: Recommendation, mean: float | None, b2: float | None, limit: float | None) -> Proposal:
    """A cosine with warm-up; rising in a straight line and falling by a cosine, it is 1/2 in the mean."""
    rate, source = carried(found, mean, 0.5)
    steps, why = warmup(found.steps, rate, b2, limit)
    options = {"warmup_steps": steps} if steps else {}
    return Proposal("cosine", rate, "rule", f"{source}; warm-up: {why}", options)


def warmup(steps: int, rate: float, b2: float | None, limit: float | None) -> tuple[int, str]:
    """How many of a training's steps to warm up, and why."""
    longest = int(LONGEST_WARMUP * steps)
    if b2 is not None and 0 < b2 < 1:
        wanted, why = round(2 / (1 - b2)), "2 / (1 - b2) steps (Ma & Yarats 2019)"
        return (wanted, why) if wanted <= longest else (longest, f"{LONGEST_WARMUP:.0%} of the steps, less than {why}")
    if limit is not None and rate > limit:
        why = (
            f"the rate is above what is stable at the start, {limit:.1e}: {LONGEST_WARMUP:.0%} of the steps (playbook)"
        )
        return longest, why
    return int(USUAL_WARMUP * steps), f"{USUAL_WARMUP:.0%} of the steps (Goyal et al. 2017: 5 of 90 epochs)"


def one_cycle(found: Recommendation, mean: float | None) -> Proposal:
    """One cycle from a tenth: half a cosine up over 0.3 of the training, half a cosine down to nothing."""
    up, down = (1 + 1 / START) / 2, 1 / 2
    rate, source = carried(found, mean, 0.3 * up + 0.7 * down)
    source += f"; start: the highest over {START:.0f} (Smith 2018)"
    return Proposal("one_cycle", rate, "rule", source, {"div_factor": START})


def step(found: Recommendation, mean: float | None) -> Proposal:
    """To a tenth after each third."""
    parts = [STEP_FACTOR**part for part in range(STEP_PARTS)]
    rate, source = carried(found, mean, float(np.mean(parts)))
    return Proposal("step", rate, "rule", source)


def carried(found: Recommendation, mean: float | None, other: float) -> tuple[float, str]:
    """The peak of another schedule, whose mean at peak 1 is `other`, and the rule.

    Where rates are small a training goes as far as the sum of its rates (it follows the gradient flow), so the sum is
    kept; where they are large stability sets the limit, so the interval is not left. A rate that knows no schedule
    stays as it is.
    """
    rate, low, high = found.learning_rate, found.low, found.high
    assert rate is not None
    if mean is None and found.confirmed:
        return short(rate), f"the peak of {found.schedule}, whose drops nobody knows beforehand"
    if mean is None:
        return short(rate), f"as {found.method} reads it off the range test, which knows no schedule"
    wanted = rate * mean / other
    kept = min(max(wanted, low or wanted), high or wanted)
    rule = f"the sum of rates that {found.schedule} has (gradient flow)"
    return short(kept), rule if kept == wanted else f"{rule}, but inside of the interval"


def triangular(reading: Reading, found: Recommendation) -> Proposal:
    """Between where the loss starts to fall and the last rate before it turns up (Smith 2015)."""
    assert found.learning_rate is not None
    if reading.trouble is not None:
        top, base = found.learning_rate, found.learning_rate / BASES[0]
        source = "the curve shows no fall: highest rate as recommended, lowest a third of it (Smith 2015)"
        return Proposal("triangular", short(top), "rule", source, {"base_factor": short(base / top)})
    rates = reading.learning_rate
    ragged, begins = float(rates[reading.lowest]), float(rates[reading.fall.start])
    top, said = ragged, f"highest: the last rate before the loss turns up, {ragged:.1e}"
    if found.confirmed and found.low and found.high and not found.low <= ragged <= found.high:
        top = min(max(ragged, found.low), found.high)
        said += ", but inside of the interval"
    base = min(max(begins, top / BASES[1]), top / BASES[0])
    said += f"; lowest: where it starts to fall, {begins:.1e}"
    if base != begins:
        said += f", but {BASES[0]:.0f} to {BASES[1]:.0f} times lower"
    return Proposal(
        "triangular", short(top), "measured", f"{said} (range test of Smith 2015)", {"base_factor": short(base / top)}
    )


def short(rate: float) -> float:
    """A rate to as many digits as are pasted."""
    return float(f"{rate:.{DIGITS}g}")
