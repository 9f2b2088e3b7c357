"""Interleaved rounds: each runs every contender once, in shuffled order, and repeats what was not measured in peace."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence

from contenders import Contender
from measure import Run

RETRIES = 20
"""Attempts at one run before a busy machine is accepted, with a word in the report."""

Round = dict[str, Run]
"""By contender's name."""


def measure(contenders: Sequence[Contender], rounds: int, retries: int = RETRIES) -> list[Round]:
    """One unmeasured round, which fills warm caches and the disk's, then the rounds."""
    shuffled = random.Random(0)
    for contender in contenders:
        _say(f"warming up: {contender.name}")
        contender.measure()
    done = []
    for number in range(1, rounds + 1):
        order = shuffled.sample(contenders, len(contenders))
        runs = {}
        for contender in order:
            _say(f"round {number} of {rounds}: {contender.name}")
            runs[contender.name] = in_peace(contender.measure, retries)
        done.append(runs)
    return done


def in_peace(attempt: Callable[[], Run], retries: int) -> Run:
    """The first quiet run; after `retries` more attempts the quietest."""
    runs = [attempt()]
    while not runs[-1].quiet and len(runs) <= retries:
        _say(f"  discarded: other processes used {runs[-1].others:.2f} cores")
        runs.append(attempt())
    return min(runs, key=lambda run: run.others or 0.0)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
