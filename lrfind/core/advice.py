"""Settings to paste, and common guesses judged by a sweep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Setting:
    """A schedule with its rate, ready to paste.

    Attributes:
        schedule: name of the schedule.
        learning_rate: peak of the schedule.
        basis: ``"measured"`` if trainings or the curve show the rate, ``"rule"`` if it is derived from them.
        source: measurement, or rule and its origin, in one sentence.
        yaml: sections of a config of lrfind.
        optax: Python line of the optimiser with its schedule.
    """

    schedule: str
    learning_rate: float
    basis: Literal["measured", "rule"]
    source: str
    yaml: str
    optax: str


@dataclass(frozen=True)
class Guess:
    """Predicted outcome of a common guess at the rate.

    Attributes:
        learning_rate: guessed rate.
        verdict: ``"works"``, ``"costs"`` (trains, with more than little regret), ``"diverges"`` or ``"unknown"``.
        lost: regret of the rate; None if no training came near.
        steps: length of the trainings that show it; None if the sweep alone does.
        reason: reason for the verdict, in one sentence.
    """

    learning_rate: float
    verdict: Literal["works", "costs", "diverges", "unknown"]
    lost: float | None
    steps: int | None
    reason: str


@dataclass(frozen=True)
class Advice:
    """Settings for other schedules, and common guesses judged.

    Attributes:
        settings: settings for schedules, the user's own first.
        guesses: common guesses, falling.
    """

    settings: tuple[Setting, ...] = ()
    guesses: tuple[Guess, ...] = ()
