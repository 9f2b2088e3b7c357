"""Which first findings are accepted of a run: decided by what was measured, not by how it was made."""

from __future__ import annotations

from corpus import Run
from views import View

GOOD, BAD = 0.025, 0.1
"""Regret up to which a run is good and only `healthy` is accepted; from which it is bad and `healthy` is not. Between
the two both are."""

LOST = 0.9
"""Regret from which a run learned nothing to speak of: at the best rate of another schedule it diverged."""

HIGH = {"too-high", "oscillating", "diverged", "warmup-too-short", "stuck", "not-learning"}
"""Of rates above the best: a network that was blown up often stands still afterwards."""

LOW = {"too-slow", "stuck", "not-learning"}
EARLY = {"too-aggressive-decay", "too-slow"}


def accepted(run: Run, view: View) -> set[str]:
    """The findings that may come first.

    A log without validation loss is judged by its training loss: over-fitting cannot be seen in it, nor a rate so high
    that it hurts held-out rows alone. A log without rates may take an early decay for the end of the road: `healthy`,
    or `stuck` where most of the loss is left.
    """
    overfit = run.overfit if view.validation else 0.0
    regret = max(0.0, run.regret if view.validation else run.train_regret)
    high, steady = run.factor > 1, run.kind == "constant"
    if overfit >= BAD:
        return {"overfitting"} | (HIGH if high else set()) | ({"too-little-decay"} if steady else set())
    found = {"healthy"} if regret < BAD else set()
    if overfit >= GOOD:
        found.add("overfitting")
    if regret < GOOD:
        return found
    if high:
        found |= HIGH | ({"too-little-decay"} if steady else set())
    elif run.kind == "early":
        found |= EARLY | (set() if view.rates else {"healthy", "stuck"})
    elif run.factor < 1:
        found |= LOW
    else:  # At the best rate of another schedule or length of warm-up, or an unlucky seed.
        found |= {"too-slow", "too-aggressive-decay"} if regret < LOST else HIGH
        found |= {"too-little-decay", "too-high", "oscillating"} if run.kind in ("constant", "rate") else set()
    return found
