"""Turn a finished search into the confirmed rate, its interval and its warnings."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from lrfind.analysis.confirmation.horizon_scaling import extrapolate_rate
from lrfind.analysis.confirmation.learning import mean, no_better, nothing_learned
from lrfind.analysis.confirmation.search import Search
from lrfind.analysis.confirmation.summary import LITTLE, stretch, trained
from lrfind.core.result import Confirmation, Recommendation, Suggestion

APART = 3.0
"""Ratio of suggested and confirmed rate, either way, from which the suggestion was wrong.

The best rate is known to a factor of two or three (Smith 2015; Bengio 2012).
"""

FAR = 4.0
"""Ratio of the training's length to the longest trial's that is a far extrapolation.

The exponent is fitted to lengths that span about a decade and is then extended by more than half of one.
"""

FEW_ROWS = 100
"""Least number of held-out rows without a warning.

Below, a mean loss moves by a tenth of its own spread from one draw of rows to another.
"""


@dataclass(frozen=True)
class ConfirmationOutcome:
    """Outcome of the confirmation.

    Attributes:
        recommendation: recommended rate, or no rate with the reason.
        confirmation: trials and best rates by length.
        warnings: warnings, one sentence each.
    """

    recommendation: Recommendation
    confirmation: Confirmation
    warnings: tuple[str, ...]


def verdict(
    search: Search,
    unconfirmed: Recommendation,
    suggestion: Suggestion,
    *,
    judged_on: str,
    rows: int,
    constant: float | None,
    spent: float,
    budget: int,
) -> ConfirmationOutcome:
    """Return the outcome of a search with at least one finished rung.

    Args:
        search: search over learning rates.
        unconfirmed: recommendation of the sweep.
        suggestion: suggestion that the recommendation rests on.
        judged_on: ``"held-out loss"`` or ``"training loss"``.
        rows: number of rows that the trials are evaluated on.
        constant: loss of the best constant answer on the training rows; None if it is unknown.
        spent: optimiser steps of sweep and confirmation.
        budget: `confirm.budget` of the config, in optimiser steps.
    """
    bests = search.bests()
    last = max(bests)
    confirmation = trained(search, judged_on=judged_on, spent=spent, budget=budget)
    if failure := nothing_learned(search, judged_on, constant):
        if suggestion.learning_rate is None:
            failure = f"{suggestion.reason}; and {failure}"
        declined = replace(
            unconfirmed, learning_rate=None, low=None, high=None, interval_from=None, reason=failure, confirmed=False
        )
        return ConfirmationOutcome(declined, confirmation, ())
    log10_rate = extrapolate_rate(bests, search.steps, search.max_exponent)
    low, high = interval(search, log10_rate)
    recommendation = replace(
        unconfirmed,
        learning_rate=10**log10_rate,
        low=10**low,
        high=10**high,
        confirmed=True,
        interval_from=f"rates that lose at most {LITTLE:.0%} in trainings of up to {last:,} steps",
        reason=reason(search, log10_rate, judged_on),
    )
    return ConfirmationOutcome(
        recommendation, confirmation, warnings(search, recommendation, suggestion, confirmation, rows, constant)
    )


def unheard(search: Search, suggestion: Suggestion, judged_on: str, *, timed: bool) -> str:
    """Return one sentence: why no rung was run and the suggestion stays unconfirmed.

    Args:
        search: search without a finished rung.
        suggestion: suggestion of the sweep.
        judged_on: ``"held-out loss"`` or ``"training loss"``.
        timed: whether `confirm.max_seconds` set the budget.
    """
    what = "no training was run" if suggestion.learning_rate is None else "the suggestion is not confirmed"
    if not search.judgeable:
        return (
            f"{what}: the {judged_on} is not finite before training, so there is nothing to "
            "judge by; look for what is far out in the data"
        )
    key = "confirm.max_seconds" if timed else "confirm.budget"
    return (
        f"{what}: {key} leaves {max(0, math.floor(search.budget)):,} optimiser steps after the "
        f"sweep, and the first trainings take {math.ceil(search.min_budget):,}; raise it"
    )


def interval(search: Search, log10_rate: float) -> tuple[float, float]:
    """Return log10 ends of the interval around the recommended rate.

    The wider offset, on each side, of the intervals of the two longest lengths about their own best rates. The longest
    trials alone cover few rates close together; the rung before shows how the loss continues on both sides, and the
    interval does not narrow with the length.

    Args:
        search: search over learning rates.
        log10_rate: log10 of the recommended rate.
    """
    ends = [stretch(search, steps) for steps in sorted(search.scores)[-2:]]
    return log10_rate + min(low - middle for low, middle, _ in ends), log10_rate + max(
        high - middle for _, middle, high in ends
    )


def reason(search: Search, log10_rate: float, judged_on: str) -> str:
    """Return one sentence on the trials that a log10 rate rests on."""
    lengths = sorted(search.scores)
    trainings = sum(len(row) for table in search.scores.values() for row in table.values())
    last = lengths[-1]
    tried = f"lowest {judged_on} of {trainings} trainings at {rates(search)} rates"
    if last >= search.steps:
        return f"{tried}, the longest of them the whole {last:,} steps"
    bests, basis = search.bests(), f"{tried} of up to {last:,} steps"
    if search.max_exponent and search.exponent == search.max_exponent:
        return (
            f"{basis}; the best rate there, {10 ** bests[last]:.1e}, is carried on, falling, to {search.steps:,}, as "
            "updates have a size of their own whatever the gradient"
        )
    if len(bests) == 1:
        return f"{basis}; how the best rate moves with the length was not seen, so it is kept for {search.steps:,}"
    if log10_rate == bests[last]:
        return f"{basis}; the best rate did not fall with the length, so it is kept for {search.steps:,}"
    first = min(bests)
    return (
        f"{basis}; the best rate went from {10 ** bests[first]:.1e} at {first:,} steps to {10 ** bests[last]:.1e} at "
        f"{last:,}, and is carried on, falling further, to {search.steps:,}"
    )


def rates(search: Search) -> int:
    """Return the number of different rates that were trained."""
    return len({round(log_rate, 6) for table in search.scores.values() for log_rate in table})


def warnings(
    search: Search,
    recommendation: Recommendation,
    suggestion: Suggestion,
    confirmation: Confirmation,
    rows: int,
    constant: float | None,
) -> tuple[str, ...]:
    """Return warnings on a confirmed rate, one sentence each.

    Args:
        search: search over learning rates.
        recommendation: confirmed recommendation.
        suggestion: suggestion of the sweep.
        confirmation: trials and best rates by length.
        rows: number of rows that the trials are evaluated on.
        constant: loss of the best constant answer; None if it is unknown.
    """
    sentences = []
    last = max(search.scores)
    assert recommendation.learning_rate is not None
    if suggestion.learning_rate is None:
        sentences.append(f"the sweep alone shows no rate ({suggestion.reason}); trainings from a guess found this one")
    else:
        factor = recommendation.learning_rate / suggestion.learning_rate
        if not 1 / APART <= factor <= APART:
            side = "lower" if factor < 1 else "higher"
            sentences.append(
                f"the trainings say a rate {max(factor, 1 / factor):.1f} times {side} than the sweep suggests "
                f"({suggestion.learning_rate:.1e}); they were run under the real schedule, so they are believed"
            )
    if constant is not None and no_better(search, constant):
        sentences.append(
            f"no training did better than a constant answer so far, whose loss is {constant:.4g}, though longer ones "
            "came nearer; if the whole one does no better, the targets may not depend on the inputs"
        )
    edge = search.beyond(last)
    tried = [log10_rate for table in search.scores.values() for log10_rate in table]
    if edge is not None and not min(tried) < edge < max(tried):
        side = "lower" if edge < search.bests()[last] else "higher"
        sentences.append(f"the best rate at {last:,} steps was the last one tried: a {side} one may be better")
    if search.steps > FAR * last:
        sentences.append(
            f"the rate is carried on from trainings of {last:,} steps to {search.steps:,}; a larger confirm.budget "
            "would need less of that"
        )
    if confirmation.seed_factor is not None and confirmation.seed_factor > APART:
        sentences.append(f"the seeds' own best rates lie {confirmation.seed_factor:.1f} times apart")
    if confirmation.judged_on == "training loss":
        sentences.append("nothing is held out, so the rates were judged by training loss, which rewards over-fitting")
    elif rows < FEW_ROWS:
        sentences.append(f"the rates were judged on {rows} held-out rows, which are few")
    if overfits(search):
        sentences.append(
            "the longest trainings over-fit: their held-out loss is higher than that of shorter ones while their "
            "training loss is lower; fewer steps or more regularisation would do more than the rate"
        )
    return tuple(sentences)


def overfits(search: Search) -> bool:
    """Return whether the longest trials raise held-out and lower training loss, at best rates."""
    lengths = sorted(search.scores)
    if len(lengths) < 2:
        return False

    def ends(steps: int) -> tuple[float, float]:
        table = search.scores[steps]
        log10_rate = min(table, key=lambda candidate: mean(table[candidate]))
        return mean(table[log10_rate]), mean(search.train_scores[steps][log10_rate])

    (before, train_before), (after, train_after) = ends(lengths[-2]), ends(lengths[-1])
    return after > before and train_after < train_before
