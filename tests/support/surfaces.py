"""Losses after training as functions of rate, length and seed, and races against them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np

from lrfind.analysis.confirmation.search import Rung, Search
from lrfind.core.dataset import Floats

Surface = Callable[[float, int, int], float]
"""``(log10 rate, steps, seed) -> loss after training``."""

START = 2.0
"""Loss before training."""


def bowl(
    *, best: float = -3.0, exponent: float = 0.0, at: int = 1000, width: float = 1.0, noise: float = 0.0
) -> Surface:
    """A parabola in log rate whose minimum goes with a power of the length, and is deeper the longer the training.

    Args:
        best: log10 of the best rate of a training of `at` steps.
        exponent: p of ``best rate ~ steps^p``.
        at: the length that `best` is for.
        width: decades from the best rate to those that gain nothing.
        noise: standard deviation, as a share of the best improvement.
    """

    def surface(place: float, steps: int, seed: int) -> float:
        lost = ((place - middle(steps)) / width) ** 2
        gain = START * steps / (steps + 50)
        luck = np.random.default_rng([seed, steps, round(place * 1e6) % 2**32]).standard_normal() if noise else 0.0
        return START - gain * (1 - min(1.0, lost) + noise * float(luck))

    def middle(steps: int) -> float:
        return best + exponent * math.log10(steps / at)

    return surface


def race(
    *,
    suggestion: float = 1e-3,
    steps: int = 1000,
    budget: float = 2600,
    seeds: int = 4,
    evaluation: float = 8.0,
    most: float = 0.0,
) -> Search:
    """A race not begun, by default that of the default config."""
    return Search(suggestion, steps, budget, seeds, np.full(seeds, START), evaluation, most)


def play(race: Search, surface: Surface) -> list[Rung]:
    """Run a race to its end; returns its heats."""
    rungs = []
    for rung in race.rungs():
        rungs.append(rung)
        tell(race, rung, surface)
    return rungs


def tell(race: Search, rung: Rung, surface: Surface) -> None:
    """The outcome of one heat."""
    seeds = range(rung.seeds)
    race.tell(rung, np.array([[surface(math.log10(rate), rung.steps, seed) for seed in seeds] for rate in rung.rates]))


def told(
    surface: Surface,
    lengths: Iterable[int] = (20, 300),
    *,
    places: Floats | None = None,
    steps: int = 1000,
    seeds: int = 2,
    most: float = 0.0,
) -> Search:
    """A race that tried the same rates at every length, finely spaced unless they are given."""
    places = np.linspace(-6, 0, 241) if places is None else places
    found = race(steps=steps, seeds=seeds, most=most)
    for length in lengths:
        tell(found, Rung(tuple(10**places), length, seeds), surface)
    return found
