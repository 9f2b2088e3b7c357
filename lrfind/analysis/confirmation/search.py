"""Search for the best rate by rungs of trials of increasing length.

The first rung tries rates far around the suggestion in short trainings, the second fewer decades in longer ones, and
the last one, as long as the budget allows, decides. A small budget leaves out the second rung. If the best rate of a
rung lies at an edge, rates beyond the edge are added. As in successive halving, short trainings narrow the range for
long ones, but the best rate is interpolated between trials.

Reference:
    Li et al. 2020, "A system for massively parallel hyperparameter tuning" (ASHA), for the word rung.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from lrfind.analysis.confirmation.horizon_scaling import extrapolate_rate, horizon_exponent
from lrfind.analysis.confirmation.regret import normalized_regret, soft_argmin
from lrfind.core.dataset import Floats

LOOK = tuple(np.arange(-4, 3) * 0.375)
"""Offsets of the first rung's rates from the suggestion, in decades.

They reach further down than up: the best rate falls with the length of the training, by decades for sign-like
optimisers, and never rises as much.
"""

NEAR = tuple(np.arange(-2, 3) * 0.3125)
"""Offsets of the second rung's rates from the first rung's best, in decades."""

LAST = 0.3125
"""Spacing of the last rung's rates, in decades."""

SHORTEST = 5
"""Least length of a training, in steps; a shorter one does not predict a longer one."""


@dataclass(frozen=True)
class Shape:
    """Distribution of a search's budget over its rungs, one entry per rung.

    Attributes:
        shares: fractions of the budget.
        counts: number of rates for which the length of the trainings is computed.
        seeds: largest number of seeds; two separate luck from rate, but the last rung needs length more.
        extra: largest number of rates added beyond the edges.
    """

    shares: tuple[float, ...]
    counts: tuple[int, ...]
    seeds: tuple[int, ...]
    extra: tuple[int, ...]


FULL = Shape(shares=(0.14, 0.38, 0.48), counts=(len(LOOK), len(NEAR), 4), seeds=(2, 2, 1), extra=(4, 2, 1))
"""Shape of a search with three rungs."""

LEAN = Shape(shares=(0.3, 0.7), counts=(len(LOOK), 4), seeds=(1, 1), extra=(2, 1))
"""Shape of a search with two rungs, for a small budget."""

ENOUGH = 1000
"""Least budget of a full search, in optimiser steps.

A smaller one would make rungs too short to tell rates apart: of a `confirm.budget` of 1,000, five, twenty and sixty
steps.
"""


def shape_of(budget: float) -> Shape:
    """Return the shape of a search with a budget in optimiser steps."""
    return FULL if budget >= ENOUGH else LEAN


@dataclass(frozen=True)
class Rung:
    """A rung: trials of one length.

    Attributes:
        rates: peak learning rates, increasing.
        steps: length of each trial.
        seeds: number of seeds, from the first one on.
    """

    rates: tuple[float, ...]
    steps: int
    seeds: int

    @property
    def trainings(self) -> int:
        """Number of trials, rates times seeds."""
        return len(self.rates) * self.seeds


@dataclass(frozen=True)
class PartialRung:
    """The finished trials of a rung, ordered by rate and then by seed.

    Attributes:
        rung: rung that the trials belong to.
        loss: loss of each finished trial on the rows that decide.
        train_loss: loss of each finished trial on training rows.
    """

    rung: Rung
    loss: tuple[float, ...]
    train_loss: tuple[float, ...]

    @property
    def rates(self) -> tuple[float, ...]:
        """Rates whose trials have finished for all seeds."""
        return self.rung.rates[: len(self.loss) // self.rung.seeds]


@dataclass
class Search:
    """State of a search over learning rates: ask `rungs` for a rung, tell its outcome.

    Attributes:
        suggestion: rate at the centre of the first rung.
        steps: length of the training that the rate is for.
        budget: optimiser steps that all trials may take together.
        seeds: number of seeds that are available.
        untrained: loss before training, shape (seeds,).
        evaluation: cost of evaluating one trial, in optimiser steps.
        max_exponent: upper bound of the exponent of `horizon_exponent`, from the norms of the sweep.
        spent: optimiser steps of finished rungs.
        scores: loss after training by length and log10 rate, shape (seeds,) each, on the rows that decide.
        train_scores: loss after training by length and log10 rate, shape (seeds,) each, on training rows.
        permuted_label_loss: lowest loss of any trial on permuted labels; inf if it was not measured.
        partial_rung: finished trials of an unfinished rung, which decide nothing; None if there are none.
    """

    suggestion: float
    steps: int
    budget: float
    seeds: int
    untrained: Floats
    evaluation: float = 0.0
    max_exponent: float = 0.0
    spent: float = 0.0
    scores: dict[int, dict[float, Floats]] = field(default_factory=dict)
    train_scores: dict[int, dict[float, Floats]] = field(default_factory=dict)
    permuted_label_loss: float = math.inf
    partial_rung: PartialRung | None = None

    @property
    def judgeable(self) -> bool:
        """Whether a loss before training is finite, so that regret is defined."""
        return bool(np.isfinite(self.untrained).any())

    @property
    def possible(self) -> bool:
        """Whether the search has a rung."""
        return self.judgeable and min_budget(self.steps, self.evaluation) <= self.budget

    def rungs(self) -> Iterator[Rung]:
        """Yield the rungs within the budget; `tell` the outcome of each before asking for the next."""
        if not self.possible:
            return
        shape = shape_of(self.budget)
        lengths = horizons(self.steps, self.budget, self.evaluation)
        for number, length in enumerate(lengths):
            seeds = min(self.seeds, shape.seeds[number])
            cost = seeds * (length + self.evaluation)
            afford = int((self.budget - self.spent) / cost + 1e-9)
            if number == 0:
                middle, offsets = math.log10(self.suggestion), LOOK
            elif afford < 2:
                return
            else:
                middle = extrapolate_rate(self.bests(), length, self.max_exponent)
                count = min(len(NEAR), afford)
                left_out = len(NEAR) - count
                offsets = NEAR[left_out // 2 : len(NEAR) - (left_out + 1) // 2]
                if number == len(lengths) - 1:
                    offsets = tuple((np.arange(count) - (count - 1) / 2) * LAST)
            yield Rung(tuple(10 ** (middle + offset) for offset in offsets), length, seeds)
            for _ in range(shape.extra[number]):
                beyond = self.beyond(length)
                if beyond is None or self.spent + cost > self.budget:
                    break
                yield Rung((10**beyond,), length, seeds)

    def tell(self, rung: Rung, loss: Floats, train_loss: Floats | None = None) -> None:
        """Tell the outcome of a rung.

        Args:
            rung: finished rung.
            loss: loss on the rows that decide, shape (rates, seeds); not finite where a trial diverged.
            train_loss: loss on training rows, shape (rates, seeds); None if it is the same.
        """
        for tables, outcome in ((self.scores, loss), (self.train_scores, loss if train_loss is None else train_loss)):
            table = tables.setdefault(rung.steps, {})
            table |= {math.log10(rate): row for rate, row in zip(rung.rates, outcome, strict=True)}
        self.spent += rung.trainings * (rung.steps + self.evaluation)
        self.partial_rung = None

    def report(self, rung: Rung, loss: Floats, train_loss: Floats) -> bool:
        """Report the outcome of the next trials of a rung; after the last one the rung is told.

        Args:
            rung: rung that the trials belong to.
            loss: loss of each trial on the rows that decide, shape (trials,), ordered as in `PartialRung`.
            train_loss: loss of each trial on training rows, shape (trials,).

        Returns:
            Whether the rung is finished.
        """
        part = self.partial_rung or PartialRung(rung, (), ())
        part = PartialRung(rung, (*part.loss, *loss.tolist()), (*part.train_loss, *train_loss.tolist()))
        self.partial_rung = part
        if len(part.loss) < rung.trainings:
            return False
        shape = len(rung.rates), rung.seeds
        self.tell(rung, np.array(part.loss).reshape(shape), np.array(part.train_loss).reshape(shape))
        return True

    @property
    def measured(self) -> bool:
        """Whether all seeds of at least one rate have been trained."""
        return bool(self.scores) or (self.partial_rung is not None and bool(self.partial_rung.rates))

    @property
    def taken(self) -> float:
        """Optimiser steps so far, those of an unfinished rung included."""
        part = self.partial_rung
        return self.spent + (len(part.loss) * (part.rung.steps + self.evaluation) if part else 0.0)

    def curve(self, steps: int) -> tuple[Floats, Floats]:
        """Return increasing log10 rates and the regret of each, for the trials of one length."""
        log10_rates = np.array(sorted(self.scores[steps]))
        loss = np.array([self.scores[steps][log10_rate] for log10_rate in log10_rates])
        return log10_rates, normalized_regret(loss, self.untrained[: loss.shape[1]])

    def bests(self) -> dict[int, float]:
        """Return log10 of the best rate by length, as the soft argmin of regret."""
        return {steps: soft_argmin(*self.curve(steps)) for steps in sorted(self.scores)}

    def beyond(self, steps: int) -> float | None:
        """Return the log10 rate one spacing beyond the edge at which a length's best lies.

        None if the best trial is inside, no trial improved, or there is one rate only.
        """
        log10_rates, regret = self.curve(steps)
        best = int(np.argmin(regret))
        if regret[best] >= 1 or 0 < best < len(log10_rates) - 1 or len(log10_rates) < 2:
            return None
        gap = float(log10_rates[1] - log10_rates[0])
        return float(log10_rates[0] - gap if best == 0 else log10_rates[-1] + gap)

    @property
    def exponent(self) -> float | None:
        """Exponent p of ``best rate ~ steps^p``; None if it is unknown or not needed."""
        bests = self.bests()
        known = len(bests) > 1 or (bests and self.max_exponent)
        return horizon_exponent(bests, self.max_exponent) if known and max(bests) < self.steps else None


def min_budget(steps: int, evaluation: float) -> float:
    """Return the optimiser steps of the shortest first rung; a smaller budget has no rung.

    Args:
        steps: length of the whole training.
        evaluation: cost of evaluating one trial, in optimiser steps.
    """
    return len(LOOK) * LEAN.seeds[0] * (min(steps, SHORTEST) + evaluation)


def horizons(steps: int, budget: float, evaluation: float) -> tuple[int, ...]:
    """Return the lengths of the rungs in steps, increasing.

    The last one is the whole training if three trials of that length fit into its share of the budget.

    Args:
        steps: length of the whole training.
        budget: optimiser steps that all trials may take together.
        evaluation: cost of evaluating one trial, in optimiser steps.
    """
    shape = shape_of(budget)
    lengths: list[int] = []
    for share, count, seeds in zip(shape.shares, shape.counts, shape.seeds, strict=True):
        fits = int(share * budget / (count * seeds) - evaluation)
        lengths.append(min(steps, max(SHORTEST, fits)))
    if 3 * (steps + evaluation) <= shape.shares[-1] * budget:
        lengths[-1] = steps
    return tuple(dict.fromkeys(lengths))
