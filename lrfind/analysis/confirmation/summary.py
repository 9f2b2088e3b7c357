"""Collect what a search has measured: every trial, and the best rate of each length."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lrfind.analysis.confirmation.regret import normalized_regret, soft_argmin, sublevel_interval
from lrfind.analysis.confirmation.search import Search
from lrfind.core.result import Candidate, Confirmation, Horizon

LITTLE = 0.03
"""Largest regret at the ends of the interval, as a fraction of the best improvement.

Keeps 97 % of the ends below a tenth of the whole training's regret; see docs/calibration.md#interval-regret.
"""


@dataclass(frozen=True)
class SearchRun:
    """A started or finished search, with the loss that it is decided by and what its sweep cost.

    Attributes:
        search: search over learning rates.
        judged_on: ``"held-out loss"`` or ``"training loss"``.
        before: optimiser steps of sweep and evidence.
        rows: number of rows that the trials are evaluated on.
        timed: whether `confirm.max_seconds` leaves less budget than `confirm.budget`.
    """

    search: Search
    judged_on: str
    before: float
    rows: int = 0
    timed: bool = False


def trained(run: SearchRun, budget: int) -> Confirmation:
    """Return the confirmation so far: all trials, and the best rate of each length.

    Args:
        run: search with the cost of its sweep.
        budget: `confirm.budget` of the config, in optimiser steps.
    """
    search = run.search
    ends = {steps: stretch(search, steps) for steps in sorted(search.scores)}
    return Confirmation(
        candidates=candidates(search),
        horizons=tuple(Horizon(steps, 10**middle, 10**low, 10**high) for steps, (low, middle, high) in ends.items()),
        exponent=search.exponent,
        untrained=tuple(float(loss) for loss in search.untrained),
        judged_on=run.judged_on,
        seed_factor=seed_factor(search),
        spent=round(run.before + search.taken, 1),
        budget=budget,
    )


def stretch(search: Search, steps: int) -> tuple[float, float, float]:
    """Return log10 of lower end, best rate and upper end of the trials of one length.

    The ends bound the rates with a regret of at most `LITTLE`.
    """
    log10_rates, regret = search.curve(steps)
    middle = soft_argmin(log10_rates, regret)
    low, high = sublevel_interval(log10_rates, regret, LITTLE)
    return min(low, middle), middle, max(high, middle)


def candidates(search: Search) -> tuple[Candidate, ...]:
    """Return all trials, sorted by length and then by rate."""
    trials = [
        Candidate(
            10**log10_rate, steps, tuple(map(float, loss)), tuple(map(float, search.train_scores[steps][log10_rate]))
        )
        for steps, table in search.scores.items()
        for log10_rate, loss in table.items()
    ]
    if (part := search.partial_rung) is not None:
        for number, rate in enumerate(part.rates):
            seeds = slice(number * part.rung.seeds, (number + 1) * part.rung.seeds)
            trials.append(Candidate(10 ** math.log10(rate), part.rung.steps, part.loss[seeds], part.train_loss[seeds]))
    return tuple(sorted(trials, key=lambda trial: (trial.steps, trial.learning_rate)))


def seed_factor(search: Search) -> float | None:
    """Return the ratio of the seeds' best rates, highest over lowest.

    Taken at the longest length that was trained with several seeds; None if there is none.
    """
    for steps in sorted(search.scores, reverse=True):
        table = search.scores[steps]
        seeds = min(len(row) for row in table.values())
        if seeds > 1:
            log10_rates = np.array(sorted(table))
            loss = np.array([table[log10_rate][:seeds] for log10_rate in log10_rates])
            best_of_seed = [
                soft_argmin(log10_rates, normalized_regret(loss[:, [k]], search.untrained[[k]])) for k in range(seeds)
            ]
            return float(10 ** (max(best_of_seed) - min(best_of_seed)))
    return None
