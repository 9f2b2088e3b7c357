"""The rows of facts under every report: a name and what there is to say."""

from __future__ import annotations

import math
import re
from dataclasses import asdict
from typing import TypeGuard

import numpy as np

from lrfind.core.advice import Guess, Setting
from lrfind.core.printable import clean
from lrfind.core.result import Confirmation, Facts, Result
from lrfind.report.wording import interval, rate, seconds, spelled

BASES = {"measured": "measured", "rule": "derived by rule"}


def facts(result: Result) -> list[tuple[str, str]]:
    """Return names and values of the facts of a run."""
    known, sweep, env, advised = result.facts, result.sweep, result.environment, result.recommendation
    seeds, steps = len(sweep.seeds), len(sweep.learning_rate)
    span = f", {interval(float(sweep.learning_rate[0]), float(sweep.learning_rate[-1]))}" if steps else ""
    versions = [f"{name} {env[name]}" for name in ("lrfind", "python", "jax", "optax") if env.get(name)]
    device = env.get("device") or env.get("platform")
    rows = [
        ("for", f"{advised.steps:,} steps, {advised.schedule} schedule"),
        ("model", ", ".join([known.model, f"{known.parameters:,} parameters", *special(known)])),
        ("data", known.data),
        ("loss", spelled(known.loss)),
        ("sweep", f"{steps:,} steps, {count(seeds, 'seed')}{span}"),
        *confirmation_rows(result),
        ("evidence", evidence(result)),
        ("guesses", guesses(result)),
        ("made with", ", ".join([*versions, *([f"on {device}"] if device else [])])),
        ("time", times(result)),
    ]
    return [(name, clean(value)) for name, value in rows if value.strip()]


def suggestions(result: Result) -> list[tuple[str, str, str, str]]:
    """Return the suggestion of each method: its name, rate, interval and reason; the configured method comes first."""
    above = result.recommendation.reason
    return [
        (
            method,
            rate(suggestion.learning_rate),
            interval(suggestion.low, suggestion.high),
            "as above" if suggestion.reason == above else suggestion.reason,
        )
        for method, suggestion in result.suggestions.items()
    ]


def special(known: Facts) -> list[str]:
    """Return unusual facts of a model: frozen parameters, a precision other than float32."""
    frozen = [f"{known.frozen:,} of them frozen"] if known.frozen else []
    return frozen + ([f"computed in {known.precision}"] if known.precision != "float32" else [])


def confirmation_rows(result: Result) -> list[tuple[str, str]]:
    """Return the rows of a confirmation: trainings, agreement of seeds, cost; nothing without one."""
    confirmation = result.confirmation
    if confirmation is None:
        return []
    advice = result.recommendation
    rows = [("confirmed" if advice.confirmed else "tried", trainings(confirmation, advice.steps))]
    if _known(confirmation.seed_factor):
        rows.append(("seeds", f"their best rates lie within a factor {confirmation.seed_factor:.1f}"))
    if _known(confirmation.spent):
        rows.append(("budget", f"{round(confirmation.spent):,} of {confirmation.budget:,} steps spent, sweep included"))
    return rows


def trainings(confirmation: Confirmation, whole: int) -> str:
    """Return the trainings of a confirmation in words: number, best rate of each length, extrapolation.

    Examples:
        ``"24 trainings at 2 horizons (30, 100 steps), 2 diverged; best by held-out loss 3.2e-03 at 30, 2.4e-03 at
        100; carried on to 1,000 steps by steps^-0.21"``
    """
    losses = [loss for candidate in confirmation.candidates for loss in candidate.loss]
    diverged = sum(not math.isfinite(loss) for loss in losses)
    lengths = [horizon.steps for horizon in confirmation.horizons]
    lengths = lengths or sorted({candidate.steps for candidate in confirmation.candidates})
    if lengths == [whole]:
        where = f"of all {whole:,} steps"
    elif len(lengths) == 1:
        where = f"of {lengths[0]:,} steps"
    else:
        where = f"at {len(lengths)} horizons ({', '.join(f'{steps:,}' for steps in lengths)} steps)"
    parts = [f"{count(len(losses), 'training')} {where}" + (f", {diverged:,} diverged" if diverged else "")]
    best_by = f"best by {confirmation.judged_on}" if confirmation.judged_on else "best"
    if len(confirmation.horizons) == 1:
        best = confirmation.horizons[0]
        span = interval(best.low, best.high) if _known(best.low) and _known(best.high) else ""
        parts.append(f"{best_by} {rate(best.learning_rate)}" + (f" ({span})" if span else ""))
    elif confirmation.horizons:
        bests = [f"{rate(horizon.learning_rate)} at {horizon.steps:,}" for horizon in confirmation.horizons]
        parts.append(f"{best_by} {', '.join(bests)}")
    if len(lengths) > 1 and lengths[-1] == whole:
        parts.append("the last is the whole training")
    elif lengths and lengths[-1] < whole:
        if _known(confirmation.exponent):
            power = f"{confirmation.exponent:.2f}"
            moves = bool(round(confirmation.exponent, 2))
            parts.append(f"carried on to {whole:,} steps by steps^{power}" if moves else f"kept for {whole:,} steps")
        elif len(lengths) == 1:
            parts.append(f"one horizon does not show how it changes up to {whole:,} steps")
    return "; ".join(parts)


def evidence(result: Result) -> str:
    """Return sharpness and trust ratio in words: ``"stable at the start below 4.1e-02 = 2 / lambda_max"``."""
    measured, parts = result.evidence, []
    if _known(measured.stability_limit):
        rule = f" = {measured.stability_rule}" if measured.stability_rule else ""
        parts.append(f"stable at the start below {rate(measured.stability_limit)}{rule}")
    elif _known(measured.sharpness):
        parts.append(f"sharpness {measured.sharpness:.3g} at the start")
    half = half_trust(result)
    if half is not None:
        parts.append(f"trust ratio passes 1/2 at {rate(half)}")
    return "; ".join(parts)


def times(result: Result) -> str:
    """Return the seconds of each part: ``"2.31 s: import 0.70 s, ..."``; parts too short to show are left out."""
    parts = asdict(result.timing)
    total = parts.pop("total")
    shown = ", ".join(f"{name.rstrip('_')} {seconds(value)}" for name, value in parts.items() if value >= 0.005)
    return f"{seconds(total)}{': ' if shown else ''}{shown}" if total > 0 else shown


def count(number: int, noun: str) -> str:
    """Return a number with its noun: ``"1 seed"``, ``"1,200 seeds"``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def guesses(result: Result) -> str:
    """Return the usual guesses in a line: ``"0.1 diverges; 0.01 loses about 12%; 0.001 most likely too low"``."""
    best = result.recommendation.learning_rate
    return "; ".join(f"{guess.learning_rate:g} {brief(guess, best)}" for guess in result.advice.guesses)


def brief(guess: Guess, best: float | None) -> str:
    """Return the outcome of a guess in few words."""
    if guess.verdict == "unknown":
        return "not known"
    if guess.verdict != "costs":
        return guess.verdict
    if guess.lost is not None:
        return f"loses about {guess.lost:.0%}"
    return f"most likely too {'low' if best is None or guess.learning_rate < best else 'high'}"


def title(setting: Setting) -> str:
    """Return schedule and rate of a setting: ``"cosine, 0.0148 (measured)"``."""
    return f"{clean(setting.schedule)}, {setting.learning_rate:g} ({BASES.get(setting.basis, setting.basis)})"


HALF = 0.5
"""The ratio of a step that goes to the minimum of a quadratic along its direction: beyond it, steps are too long."""

MOST_ASTRAY = 0.25
"""Share of the points that may lie on the wrong side of the crossing; beyond, the ratio is noise. By coin toss, half
of them do."""

LONGEST_NAME = 8
"""Characters; a rule that is longer does not fit beside its line in a figure."""


def half_trust(result: Result) -> float | None:
    """Return the rate at which the trust-region ratio falls through 1/2; None without such a fall, or for noise.

    Of several falls through 1/2 it is the one that leaves fewest points on the wrong side. Between two points the
    ratio is taken as straight over the logarithm of the rate, or over the rate itself where one is not positive.
    """
    sweep, evidence = result.sweep, result.evidence
    steps = [step for step in evidence.trust_steps if 0 <= step < len(sweep.learning_rate)]
    if len(steps) != len(evidence.trust_ratio):
        return None
    rates, ratio = sweep.learning_rate[steps], np.array(evidence.trust_ratio, dtype=np.float64)
    known = np.isfinite(rates) & np.isfinite(ratio)
    order = np.argsort(rates[known], kind="stable")
    rates, ratio = rates[known][order], ratio[known][order]
    above = ratio >= HALF
    falls = np.flatnonzero(above[:-1] & ~above[1:])
    if not falls.size:
        return None
    astray = [int(np.count_nonzero(~above[: i + 1]) + np.count_nonzero(above[i + 1 :])) for i in falls]
    if min(astray) > MOST_ASTRAY * len(ratio):
        return None
    i = int(falls[int(np.argmin(astray))])
    drop = ratio[i] - ratio[i + 1]
    share = float((ratio[i] - HALF) / drop) if math.isfinite(drop) else 0.5
    low, high = float(rates[i]), float(rates[i + 1])
    return low * (high / low) ** share if low > 0 else low + share * (high - low)


def limit_name(rule: str | None) -> str:
    """Return the label of a stability rule, e.g. ``"38/λ"`` of ``"38 / lambda_max (preconditioned)"``.

    A rule whose label is longer than `LONGEST_NAME` is called ``"stability"``.
    """
    name = re.sub(r"\([^()]*\)$", "", rule or "").replace("lambda_max", "λ").replace(" ", "")
    return name if 0 < len(name) <= LONGEST_NAME else "stability"
