"""The rows of facts under every report: a name and what there is to say."""

from __future__ import annotations

import math
from typing import TypeGuard

from lrfind.report.advice import guesses
from lrfind.report.evidence import half_trust
from lrfind.report.text import clean, interval, rate, seconds, spelled
from lrfind.types import Confirmation, Facts, Result


def facts(result: Result) -> list[tuple[str, str]]:
    """Names and values of what a reader wants to know about the run."""
    known, sweep, env = result.facts, result.sweep, result.environment
    seeds, steps = len(sweep.seeds), len(sweep.learning_rate)
    span = f", {interval(float(sweep.learning_rate[0]), float(sweep.learning_rate[-1]))}" if steps else ""
    versions = [f"{name} {env[name]}" for name in ("lrfind", "python", "jax", "optax") if env.get(name)]
    device = env.get("device") or env.get("platform")
    rows = [
        ("for", purpose(result)),
        ("model", ", ".join([known.model, f"{known.parameters:,} parameters", *special(known)])),
        ("data", known.data),
        ("loss", spelled(known.loss)),
        ("sweep", f"{steps:,} steps, {count(seeds, 'seed')}{span}"),
        *confirmation(result),
        ("evidence", evidence(result)),
        ("guesses", guesses(result)),
        ("made with", ", ".join([*versions, *([f"on {device}"] if device else [])])),
        ("time", times(result)),
    ]
    return [(name, clean(value)) for name, value in rows if value.strip()]


def special(known: Facts) -> list[str]:
    """What is out of the ordinary about a model: frozen parameters, another precision."""
    frozen = [f"{known.frozen:,} of them frozen"] if known.frozen else []
    return frozen + ([f"computed in {known.precision}"] if known.precision != "float32" else [])


def purpose(result: Result) -> str:
    """What the rate is for: ``"1,000 steps, constant schedule"``."""
    found = result.recommendation
    return f"{found.steps:,} steps, {clean(found.schedule)} schedule"


def confirmation(result: Result) -> list[tuple[str, str]]:
    """What was trained and what it showed, how far the seeds agree, and what it cost; empty without confirmation."""
    found = result.confirmation
    if found is None:
        return []
    advice = result.recommendation
    rows = [("confirmed" if advice.confirmed else "tried", trainings(found, advice.steps))]
    if _known(found.seed_factor):
        rows.append(("seeds", f"their best rates lie within a factor {found.seed_factor:.1f}"))
    if _known(found.spent):
        rows.append(("budget", f"{round(found.spent):,} of {found.budget:,} steps spent, sweep included"))
    return rows


def trainings(found: Confirmation, whole: int) -> str:
    """The trainings of a confirmation, the best rate of each length, and how they lead to the `whole` training.

    Examples:
        ``"24 trainings at 2 horizons (30, 100 steps), 2 diverged; best by held-out loss 3.2e-03 at 30, 2.4e-03 at
        100; carried on to 1,000 steps by steps^-0.21"``
    """
    losses = [loss for each in found.candidates for loss in each.loss]
    diverged = sum(not math.isfinite(loss) for loss in losses)
    lengths = [horizon.steps for horizon in found.horizons] or sorted({each.steps for each in found.candidates})
    if lengths == [whole]:
        where = f"of all {whole:,} steps"
    elif len(lengths) == 1:
        where = f"of {lengths[0]:,} steps"
    else:
        where = f"at {len(lengths)} horizons ({', '.join(f'{steps:,}' for steps in lengths)} steps)"
    parts = [f"{count(len(losses), 'training')} {where}" + (f", {diverged:,} diverged" if diverged else "")]
    best_by = f"best by {found.judged_on}" if found.judged_on else "best"
    if len(found.horizons) == 1:
        best = found.horizons[0]
        span = interval(best.low, best.high) if _known(best.low) and _known(best.high) else ""
        parts.append(f"{best_by} {rate(best.learning_rate)}" + (f" ({span})" if span else ""))
    elif found.horizons:
        bests = [f"{rate(each.learning_rate)} at {each.steps:,}" for each in found.horizons]
        parts.append(f"{best_by} {', '.join(bests)}")
    if len(lengths) > 1 and lengths[-1] == whole:
        parts.append("the last is the whole training")
    elif lengths and lengths[-1] < whole:
        if _known(found.exponent):
            moves = bool(round(found.exponent, 2))
            parts.append(
                f"carried on to {whole:,} steps by steps^{found.exponent:.2f}" if moves else f"kept for {whole:,} steps"
            )
        elif len(lengths) == 1:
            parts.append(f"one horizon does not show how it changes up to {whole:,} steps")
    return "; ".join(parts)


def evidence(result: Result) -> str:
    """What else was measured: ``"stable at the start below 4.1e-02 = 2 / lambda_max; ..."``; empty where nothing."""
    found, parts = result.evidence, []
    if _known(found.stability_limit):
        rule = f" = {found.stability_rule}" if found.stability_rule else ""
        parts.append(f"stable at the start below {rate(found.stability_limit)}{rule}")
    elif _known(found.sharpness):
        parts.append(f"sharpness {found.sharpness:.3g} at the start")
    half = half_trust(result)
    if half is not None:
        parts.append(f"trust ratio passes 1/2 at {rate(half)}")
    return "; ".join(parts)


def times(result: Result) -> str:
    """Where the time went: ``"2.31 s: import 0.70 s, ..."``; parts too short to show are left out."""
    timing = result.timing
    parts = [("import", timing.import_), ("data", timing.data), ("compile", timing.compile)]
    parts += [("sweep", timing.sweep), ("confirm", timing.confirm), ("render", timing.render)]
    shown = ", ".join(f"{name} {seconds(value)}" for name, value in parts if value >= 0.005)
    return f"{seconds(timing.total)}{': ' if shown else ''}{shown}" if timing.total > 0 else shown


def count(number: int, noun: str) -> str:
    """A number of things: ``"1 seed"``, ``"1,200 seeds"``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)
