"""Which first findings are accepted of a run: decided by what was measured, not by how it was made."""

from __future__ import annotations

GOOD, BAD = 0.025, 0.1
"""Regret up to which a run is good and nothing may be found; from which it is bad, and something must be."""

HIGH = {"too-high", "oscillating", "diverged", "warmup-too-short", "stuck", "not-learning"}
LOW = {"too-slow", "stuck", "not-learning"}
EARLY = {"too-aggressive-decay", "too-slow"}


def accepted(kind: str, factor: float, regret: float, overfit: float, val_seen: bool, rate_seen: bool) -> set[str]:
    if overfit >= BAD and val_seen:
        return (
            {"overfitting"} | (HIGH if factor > 1 else set()) | ({"too-little-decay"} if kind == "constant" else set())
        )
    ok: set[str] = set()
    if regret < BAD:
        ok.add("healthy")
    if regret >= GOOD:
        if factor > 1:
            ok |= HIGH
            if kind == "constant":
                ok |= {"too-little-decay"}
        elif kind == "early":
            ok |= EARLY if rate_seen else EARLY | {"healthy"}
        elif factor < 1:
            ok |= LOW
        else:
            ok |= {"healthy"} if regret < BAD else set()
            ok |= {"too-little-decay", "too-high", "oscillating"} if kind in ("constant", "rate") else set()
            ok |= {"too-slow", "too-aggressive-decay"}
    if overfit >= GOOD and val_seen:
        ok.add("overfitting")
    return ok
