"""What a race has measured: every training, and what each length shows."""

from __future__ import annotations

import math

import numpy as np

from lrfind.analysis.race import Race
from lrfind.analysis.scores import centre, lost, within
from lrfind.types import Candidate, Confirmation, Horizon

LITTLE = 0.03
"""The share of the best improvement of a short training that the ends of the interval may lose. Of 45 tasks of three
runs each, 97 % of the ends lose at most a tenth of the whole training's then, and the interval covers 0.54 of the rates
that lose at most 5 % of it (median); at 0.05 it is 95 % and 0.60."""


def trained(race: Race, *, judged_on: str, spent: float, budget: int) -> Confirmation:
    """What a race has measured so far, and what each length of which all heats are whole shows; arguments as `verdict`
    has them."""
    return Confirmation(
        candidates=candidates(race),
        horizons=tuple(horizon(race, steps) for steps in race.bests()),
        exponent=race.exponent,
        untrained=tuple(float(each) for each in race.untrained),
        judged_on=judged_on,
        seed_factor=seed_factor(race),
        spent=round(spent, 1),
        budget=budget,
    )


def horizon(race: Race, steps: int) -> Horizon:
    """What one length shows."""
    low, middle, high = stretch(race, steps)
    return Horizon(steps, 10**middle, 10**low, 10**high)


def stretch(race: Race, steps: int) -> tuple[float, float, float]:
    """log10 of the best rate of a length, between the ends of the rates that lose little."""
    places, share = race.curve(steps)
    middle = centre(places, share)
    low, high = within(places, share, LITTLE)
    return min(low, middle), middle, max(high, middle)


def candidates(race: Race) -> tuple[Candidate, ...]:
    """Everything that was trained, by length, then by rate."""
    found = [
        Candidate(
            10**place,
            steps,
            tuple(map(float, race.scores[steps][place])),
            tuple(map(float, race.train_scores[steps][place])),
        )
        for steps in race.scores
        for place in race.scores[steps]
    ]
    if (part := race.under_way) is not None:
        for number, rate in enumerate(part.rates):
            here = part.seeds_of(number)
            found.append(Candidate(10 ** math.log10(rate), part.heat.steps, part.loss[here], part.train_loss[here]))
    return tuple(sorted(found, key=lambda each: (each.steps, each.learning_rate)))


def seed_factor(race: Race) -> float | None:
    """How far apart the best rates of the seeds lie, highest over lowest, at the longest length with several seeds."""
    for steps in sorted(race.scores, reverse=True):
        table = race.scores[steps]
        seeds = min(len(row) for row in table.values())
        if seeds > 1:
            places = np.array(sorted(table))
            loss = np.array([table[place][:seeds] for place in places])
            own = [centre(places, lost(loss[:, [k]], race.untrained[[k]])) for k in range(seeds)]
            return float(10 ** (max(own) - min(own)))
    return None
