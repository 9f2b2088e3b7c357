"""Which rates to train for real, for how long and with how many seeds: heats of rising length.

The first heat looks far around the suggestion with short trainings, the second closer with longer ones, and the last,
as long as the budget allows, decides; a small budget leaves the second one out. Where the best rate of a heat lies at
its edge, rates beyond are added.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from lrfind.analysis.extrapolate import power, shifted
from lrfind.analysis.scores import centre, lost
from lrfind.types import Floats

LOOK = tuple(np.arange(-4, 3) * 0.375)
"""Decades from the suggestion of the first heat's rates. It looks further down than up: best rates fall with the length
of the training, by decades for sign-like optimisers, and never rise by as much."""

NEAR = tuple(np.arange(-2, 3) * 0.3125)
"""Decades from the first heat's best of the second heat's rates."""

LAST = 0.3125
"""Decades between the last heat's rates."""

SHORTEST = 5
"""Steps below which a training says nothing of another."""


@dataclass(frozen=True)
class Shape:
    """How a race spends its budget; one entry a heat.

    Attributes:
        shares: of the budget.
        counts: rates that the length of a heat's trainings is laid out for.
        seeds: how many, at most. Two tell luck from rate where candidates are many and short; the last heat needs
            length more.
        extra: rates that may be added beyond the edges.
    """

    shares: tuple[float, ...]
    counts: tuple[int, ...]
    seeds: tuple[int, ...]
    extra: tuple[int, ...]


FULL = Shape(shares=(0.14, 0.38, 0.48), counts=(len(LOOK), len(NEAR), 4), seeds=(2, 2, 1), extra=(4, 2, 1))

LEAN = Shape(shares=(0.3, 0.7), counts=(len(LOOK), 4), seeds=(1, 1), extra=(2, 1))

ENOUGH = 1000
"""Optimiser steps from which on a race is full. Below, its heats would be too short to tell rates apart: of what a
`confirm.budget` of 1,000 leaves after the sweep, five steps, twenty and sixty."""


def shape_of(budget: float) -> Shape:
    """The shape of a race with so many optimiser steps."""
    return FULL if budget >= ENOUGH else LEAN


@dataclass(frozen=True)
class Heat:
    """Trainings of one length.

    Attributes:
        rates: peak rates, rising.
        steps: the length.
        seeds: how many seeds, from the first on.
    """

    rates: tuple[float, ...]
    steps: int
    seeds: int

    @property
    def trainings(self) -> int:
        return len(self.rates) * self.seeds


@dataclass(frozen=True)
class UnderWay:
    """A heat as far as its trainings are judged: rate by rate, and of each rate seed by seed.

    Attributes:
        heat: what is trained.
        loss: of each training that is judged, on what is judged by.
        train_loss: the same on rows that were trained on.
    """

    heat: Heat
    loss: tuple[float, ...]
    train_loss: tuple[float, ...]

    @property
    def rates(self) -> tuple[float, ...]:
        """Those of which all seeds are judged."""
        return self.heat.rates[: len(self.loss) // self.heat.seeds]

    def seeds_of(self, number: int) -> slice:
        """Where the trainings of a rate stand."""
        return slice(number * self.heat.seeds, (number + 1) * self.heat.seeds)


@dataclass
class Race:
    """The heats, one after the other.

    Attributes:
        suggestion: the rate to start from.
        steps: of the training that the rate is for.
        budget: optimiser steps that all trainings may take together.
        seeds: how many there are.
        untrained: loss before training, shape (seeds,).
        evaluation: what judging one training costs, in optimiser steps.
        most: what the exponent of `extrapolate.power` is at most, by the norms of the sweep.
        spent: optimiser steps so far.
        scores: by length and log10 rate: the loss of each seed after training, on what is judged by.
        train_scores: the same on rows that were trained on.
        unseeing: the lowest loss after any training on labels dealt out anew; inf where that was not measured.
        under_way: a heat of which some trainings are judged and others are not; it decides nothing.
    """

    suggestion: float
    steps: int
    budget: float
    seeds: int
    untrained: Floats
    evaluation: float = 0.0
    most: float = 0.0
    spent: float = 0.0
    scores: dict[int, dict[float, Floats]] = field(default_factory=dict)
    train_scores: dict[int, dict[float, Floats]] = field(default_factory=dict)
    unseeing: float = math.inf
    under_way: UnderWay | None = None

    @property
    def judgeable(self) -> bool:
        """Whether there is a start that an outcome can be held against."""
        return bool(np.isfinite(self.untrained).any())

    @property
    def least(self) -> float:
        """What the first heat takes, in optimiser steps; a smaller budget has no heat."""
        return least(self.steps, self.evaluation)

    @property
    def possible(self) -> bool:
        """Whether there will be a heat."""
        return self.judgeable and self.least <= self.budget

    def heats(self) -> Iterator[Heat]:
        """What to train next; `tell` each one's outcome before the next is asked for. The budget is never exceeded."""
        if not self.possible:
            return
        middle = math.log10(self.suggestion)
        shape = shape_of(self.budget)
        lengths = horizons(self.steps, self.budget, self.evaluation)
        for number, length in enumerate(lengths):
            final = number == len(lengths) - 1
            seeds = min(self.seeds, shape.seeds[number])
            cost = seeds * (length + self.evaluation)
            afford = int((self.budget - self.spent) / cost + 1e-9)
            if number and afford < 2:
                return
            if number == 0:
                offsets = LOOK
            elif not final:
                left_out = max(0, len(NEAR) - afford)
                offsets = NEAR[left_out // 2 : len(NEAR) - (left_out + 1) // 2]
            else:
                count = min(5, afford)
                offsets = tuple((np.arange(count) - (count - 1) / 2) * LAST)
            if number:
                middle = shifted(self.bests(), length, self.most)
            yield self.heat([middle + offset for offset in offsets], length, seeds)
            for _ in range(shape.extra[number]):
                beyond = self.beyond(length)
                if beyond is None or self.spent + cost > self.budget:
                    break
                yield self.heat([beyond], length, seeds)

    def heat(self, places: list[float], steps: int, seeds: int) -> Heat:
        return Heat(tuple(10**place for place in places), steps, seeds)

    def tell(self, heat: Heat, loss: Floats, train_loss: Floats | None = None) -> None:
        """The outcome of a heat.

        Args:
            heat: what was trained.
            loss: on what is judged by, shape (rates, seeds); not finite where it diverged.
            train_loss: on rows that were trained on; left out: the same.
        """
        for kept, found in ((self.scores, loss), (self.train_scores, loss if train_loss is None else train_loss)):
            table = kept.setdefault(heat.steps, {})
            table |= {math.log10(rate): row for rate, row in zip(heat.rates, found, strict=True)}
        self.spent += heat.trainings * (heat.steps + self.evaluation)
        self.under_way = None

    def note(self, heat: Heat, loss: Sequence[float], train_loss: Sequence[float]) -> None:
        """What is judged of a heat so far, in the order of `UnderWay`: it is lost to nobody who stops here."""
        self.under_way = UnderWay(heat, tuple(loss), tuple(train_loss))

    @property
    def measured(self) -> bool:
        """Whether a rate was trained with all the seeds of its heat."""
        return bool(self.scores) or (self.under_way is not None and bool(self.under_way.rates))

    @property
    def taken(self) -> float:
        """Optimiser steps so far, those of a heat that is under way included."""
        part = self.under_way
        return self.spent + (len(part.loss) * (part.heat.steps + self.evaluation) if part else 0.0)

    def curve(self, steps: int) -> tuple[Floats, Floats]:
        """log10 rates of one length, rising, and what each loses."""
        table = self.scores[steps]
        places = np.array(sorted(table))
        loss = np.array([table[place] for place in places])
        return places, lost(loss, self.untrained[: loss.shape[1]])

    def bests(self) -> dict[int, float]:
        """By length: the log10 rate in the middle of the best."""
        return {steps: centre(*self.curve(steps)) for steps in sorted(self.scores)}

    def beyond(self, steps: int) -> float | None:
        """Where to look next if the best of a length is at its edge."""
        places, share = self.curve(steps)
        best = int(np.argmin(share))
        if share[best] >= 1 or 0 < best < len(places) - 1 or len(places) < 2:
            return None
        gap = float(places[1] - places[0])
        return float(places[0] - gap if best == 0 else places[-1] + gap)

    @property
    def exponent(self) -> float | None:
        """p of ``best rate ~ steps^p``; None where the whole training was run, or nothing tells it."""
        bests = self.bests()
        told = len(bests) > 1 or (bests and self.most)
        return power(bests, self.most) if told and max(bests) < self.steps else None


def least(steps: int, evaluation: float) -> float:
    """What the first heat takes at the shortest, in optimiser steps."""
    return len(LOOK) * LEAN.seeds[0] * (min(steps, SHORTEST) + evaluation)


def horizons(steps: int, budget: float, evaluation: float) -> tuple[int, ...]:
    """The lengths of the heats, rising; the last is the whole training where three of them fit."""
    shape = shape_of(budget)
    lengths: list[int] = []
    for share, count, seeds in zip(shape.shares, shape.counts, shape.seeds, strict=True):
        fits = int(share * budget / (count * seeds) - evaluation)
        lengths.append(min(steps, max(SHORTEST, fits)))
    if 3 * (steps + evaluation) <= shape.shares[-1] * budget:
        lengths[-1] = steps
    return tuple(dict.fromkeys(lengths))
