"""The advice of a run in words: one row that every report has, and the settings for who asks for them."""

from __future__ import annotations

from lrfind.report.text import clean
from lrfind.types import Guess, Result, Setting

BASES = {"measured": "measured", "rule": "derived by rule"}


def guesses(result: Result) -> str:
    """The usual guesses in a row: ``"0.1 diverges; 0.01 loses about 12%; 0.001 most likely too low"``."""
    best = result.recommendation.learning_rate
    return "; ".join(f"{each.learning_rate:g} {brief(each, best)}" for each in result.advice.guesses)


def brief(guess: Guess, best: float | None) -> str:
    """What a guess would have done, in as few words as there are."""
    if guess.verdict == "unknown":
        return "not known"
    if guess.verdict != "costs":
        return guess.verdict
    if guess.lost is not None:
        return f"loses about {guess.lost:.0%}"
    return f"most likely too {'low' if best is None or guess.learning_rate < best else 'high'}"


def title(setting: Setting) -> str:
    """A setting in a line: ``"cosine, 0.0148 (measured)"``."""
    return f"{clean(setting.schedule)}, {setting.learning_rate:g} ({BASES.get(setting.basis, setting.basis)})"
