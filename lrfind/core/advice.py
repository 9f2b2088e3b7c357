"""Settings to paste, and common guesses judged by a sweep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Setting:
    """A schedule with its rate, ready to paste.

    Attributes:
        schedule: its name.
        learning_rate: its peak.
        basis: ``"measured"`` where trainings or the curve show the rate, ``"rule"`` where it is derived from them.
        source: what was measured, or the rule and where it comes from; one sentence.
        yaml: the sections of a config of lrfind.
        optax: the optimiser with its schedule, a line of Python.
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
        learning_rate: the guess.
        verdict: ``"works"``, ``"costs"`` (trains, and loses more than little), ``"diverges"`` or ``"unknown"``.
        lost: the share of the best improvement that it loses; None where no training came near.
        steps: of the trainings that show it; None where the sweep alone does.
        reason: one sentence.
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
        settings: the user's own schedule first.
        guesses: the usual ones, falling.
    """

    settings: tuple[Setting, ...] = ()
    guesses: tuple[Guess, ...] = ()
