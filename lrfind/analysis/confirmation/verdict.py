"""Turn a finished search into the confirmed rate, its interval and its warnings."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from lrfind.analysis.confirmation.horizon_scaling import extrapolate_rate
from lrfind.analysis.confirmation.search import Search, min_budget
from lrfind.analysis.confirmation.summary import LITTLE, SearchRun, stretch
from lrfind.core.dataset import Floats
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


BETTER = 0.01
"""Relative decrease below a constant answer's loss that shows learning."""


def verdict(
    run: SearchRun,
    confirmation: Confirmation,
    unconfirmed: Recommendation,
    suggestion: Suggestion,
    constant: float | None,
) -> tuple[Recommendation, tuple[str, ...]]:
    """Return what a search with at least one finished rung recommends, and warnings, one sentence each.

    Args:
        run: search with the loss that it is decided by.
        confirmation: trials and best rates by length.
        unconfirmed: recommendation of the sweep.
        suggestion: suggestion that the recommendation rests on.
        constant: loss of the best constant answer on the training rows; None if it is unknown.

    Returns:
        The recommended rate, or no rate with the reason; the warnings.
    """
    search = run.search
    if failure := nothing_learned(run, constant):
        if suggestion.learning_rate is None:
            failure = f"{suggestion.reason}; and {failure}"
        declined = replace(
            unconfirmed, learning_rate=None, low=None, high=None, interval_from=None, reason=failure, confirmed=False
        )
        return declined, ()
    bests = search.bests()
    log10_rate = extrapolate_rate(bests, search.steps, search.max_exponent)
    low, high = interval(search, log10_rate)
    recommendation = replace(
        unconfirmed,
        learning_rate=10**log10_rate,
        low=10**low,
        high=10**high,
        confirmed=True,
        interval_from=f"rates that lose at most {LITTLE:.0%} in trainings of up to {max(bests):,} steps",
        reason=reason(run, log10_rate),
    )
    return recommendation, warnings(run, confirmation, 10**log10_rate, suggestion, constant)


def unheard(run: SearchRun, suggestion: Suggestion) -> str:
    """Return one sentence: why no rung was run and the suggestion stays unconfirmed.

    Args:
        run: search without a finished rung.
        suggestion: suggestion of the sweep.
    """
    search = run.search
    what = "no training was run" if suggestion.learning_rate is None else "the suggestion is not confirmed"
    if not search.judgeable:
        return (
            f"{what}: the {run.judged_on} is not finite before training, so there is nothing to judge by; look for "
            "what is far out in the data"
        )
    key = "confirm.max_seconds" if run.timed else "confirm.budget"
    return (
        f"{what}: {key} leaves {max(0, math.floor(search.budget)):,} optimiser steps after the sweep, and the first "
        f"trainings take {math.ceil(min_budget(search.steps, search.evaluation)):,}; raise it"
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
    below, above = min(low - middle for low, middle, _ in ends), max(high - middle for _, middle, high in ends)
    return log10_rate + below, log10_rate + above


def reason(run: SearchRun, log10_rate: float) -> str:
    """Return one sentence on the trials that a log10 rate rests on."""
    search, bests = run.search, run.search.bests()
    last = max(bests)
    trainings = sum(len(row) for table in search.scores.values() for row in table.values())
    rates = len({round(log_rate, 6) for table in search.scores.values() for log_rate in table})
    tried = f"lowest {run.judged_on} of {trainings} trainings at {rates} rates"
    if last >= search.steps:
        return f"{tried}, the longest of them the whole {last:,} steps"
    basis = f"{tried} of up to {last:,} steps"
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


def warnings(
    run: SearchRun, confirmation: Confirmation, rate: float, suggestion: Suggestion, constant: float | None
) -> tuple[str, ...]:
    """Return warnings on a confirmed rate, one sentence each.

    Args:
        run: search with the loss that it is decided by.
        confirmation: trials and best rates by length.
        rate: confirmed rate.
        suggestion: suggestion of the sweep.
        constant: loss of the best constant answer; None if it is unknown.
    """
    search = run.search
    sentences = []
    last = max(search.scores)
    if suggestion.learning_rate is None:
        sentences.append(f"the sweep alone shows no rate ({suggestion.reason}); trainings from a guess found this one")
    else:
        factor = rate / suggestion.learning_rate
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
    if run.judged_on == "training loss":
        sentences.append("nothing is held out, so the rates were judged by training loss, which rewards over-fitting")
    elif run.rows < FEW_ROWS:
        sentences.append(f"the rates were judged on {run.rows} held-out rows, which are few")
    if overfits(search):
        sentences.append(
            "the longest trainings over-fit: their held-out loss is higher than that of shorter ones while their "
            "training loss is lower; fewer steps or more regularisation would do more than the rate"
        )
    return tuple(sentences)


def overfits(search: Search) -> bool:
    """Return whether the longest trials raise held-out and lower training loss, at best rates."""
    ends = []
    for steps in sorted(search.scores)[-2:]:
        table = search.scores[steps]
        log10_rate = min(table, key=lambda candidate: mean(table[candidate]))
        ends.append((mean(table[log10_rate]), mean(search.train_scores[steps][log10_rate])))
    (before, train_before), (after, train_after) = ends[0], ends[-1]
    return after > before and train_after < train_before


def nothing_learned(run: SearchRun, constant: float | None) -> str | None:
    """Return one sentence why there is no rate; None if some trial learned something.

    Compares the trials with the loss before training, with a constant answer's (`constant`) and, if that is None, with
    the loss on permuted labels.

    Reference:
        Ojala and Garriga 2010, "Permutation tests for studying classifier performance", for permuted labels.
    """
    search, last = run.search, max(run.search.scores)
    log10_rates = [log10_rate for table in search.scores.values() for log10_rate in table]
    span = f"rates from {10 ** min(log10_rates):.1e} to {10 ** max(log10_rates):.1e}"
    rows = [row for table in search.scores.values() for row in table.values()]
    if not any(np.isfinite(row).all() for row in rows):
        which = "a training at every rate" if any(np.isfinite(row).any() for row in rows) else "every training"
        return f"{which} diverged, at {span}; lower sweep.min_lr, clip gradients or look for what explodes"
    start = float(search.untrained[np.isfinite(search.untrained)].mean())
    *shorter, longest = lowest_by_length(search)
    lowest = min([*shorter, longest])
    if lowest >= start:
        return (
            f"no training lowered the {run.judged_on}, at {span}: it was {start:.4g} before, {lowest:.4g} at best "
            "after; the data may hold nothing that this model can learn, the gradient may be zero, or all these rates "
            "too high"
        )
    if shorter and longest <= (1 - BETTER) * min(shorter):
        return None  # Longer trials still improve.
    best = f"the best {run.judged_on} {lowest:.4g} after {last:,} steps"
    more = f", or show it only after more of the {search.steps:,} steps (confirm.budget)"
    short = "" if last >= search.steps else more
    if constant is not None and no_better(search, constant):
        return (
            f"no training did better than a constant answer, at {span}: its loss is {constant:.4g}, {best}; "
            f"the targets may not depend on the inputs{short}"
        )
    if constant is None and no_better(search, search.permuted_label_loss):
        return (
            f"no training did better than on labels dealt out anew among the rows, at {span}: the loss is "
            f"{search.permuted_label_loss:.4g} there, {best}; the labels may not depend on the inputs{short}"
        )
    return None


def no_better(search: Search, constant: float) -> bool:
    """Return whether no trial beats the loss of a constant answer, or that on permuted labels, by `BETTER`.

    False if that loss is not finite.
    """
    return math.isfinite(constant) and min(lowest_by_length(search)) > (1 - BETTER) * constant


def lowest_by_length(search: Search) -> list[float]:
    """Return the lowest mean loss over seeds of the trials of each length, the longest last."""
    return [min(map(mean, search.scores[steps].values())) for steps in sorted(search.scores)]


def mean(row: Floats) -> float:
    """Return the mean of the seeds' losses, inf if a seed diverged."""
    return float(row.mean()) if np.isfinite(row).all() else math.inf
