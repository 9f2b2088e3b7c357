"""The gate: recorded runs with known verdicts, and properties of any run."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lrfind.analysis.gate.judge import judge, rate_in_range
from lrfind.analysis.range_test.curve import divergences, summarize
from lrfind.analysis.range_test.methods import suggestions
from lrfind.analysis.range_test.recommendation import recommend
from lrfind.core.dataset import Floats
from lrfind.core.decode import read_result
from lrfind.core.errors import LrfindError
from lrfind.core.registry import VERDICTS
from lrfind.core.result import Result, Sweep
from lrfind.core.verdicts import Verdict
from lrfind.report.sweep.result_json import to_json
from lrfind.runs.check import judgeable
from tests.report.conftest import confirmations, confirmed, curves, declined, typical

STEPS = 100
RATES = np.geomspace(1e-7, 10.0, STEPS)
X = np.log10(RATES)
CHANCE = math.log(10)


def recorded(clean: Floats, *, seeds: int = 4, noise: float = 0.02, shift: float = 0.0, **changes: Any) -> Result:
    """What an unconfirmed sweep of such a loss comes to; `shift` moves the curve of each seed by so many decades."""
    rng = np.random.default_rng(3)
    moved = [np.interp(X - shift * k / max(seeds - 1, 1), X, clean) for k in range(seeds)]
    loss = np.array(moved) + noise * rng.standard_normal((seeds, STEPS))
    reading = summarize(RATES, loss)
    found = suggestions("steepest", reading, loss)
    base = typical()
    norms = np.where(np.isfinite(loss), 1.0, np.nan)
    sweep = Sweep(
        RATES, loss, reading.smoothed, norms, norms, divergences(loss), tuple(range(seeds)), base.sweep.execution
    )
    result = replace(
        base,
        recommendation=recommend("steepest", found["steepest"], seeds=seeds, schedule="constant", steps=1000),
        suggestions=found,
        sweep=sweep,
        facts=replace(base.facts, chance_loss=CHANCE, constant_loss=CHANCE),
        warnings=(),
        config={"confirm": {"enabled": False}},
    )
    return replace(result, **changes)


def falling(start: float = 2.4, end: float = 0.4, at: float = -2.9, up: float = -0.6) -> Floats:
    """A loss that falls around 1e-3 and blows up above 10^up."""
    rise = np.where(up < X, 10.0 ** (5.0 * np.maximum(X - up, 0)) - 1, 0.0)
    curve: Floats = start - (start - end) / (1 + np.exp(-3.2 * (X - at))) + rise
    return curve


def statuses(verdicts: tuple[Verdict, ...]) -> dict[str, str]:
    return {each.id: each.status for each in verdicts if each.status != "pass"}


def with_gradient(result: Result, step: int, seed: int) -> Result:
    """A gradient that is not finite in one step, and a loss that is not from the next one on."""
    gradient, loss = result.sweep.gradient_norm.copy(), result.sweep.loss.copy()
    gradient[seed, step:] = np.nan
    loss[seed, step + 1 :] = np.nan
    sweep = replace(result.sweep, gradient_norm=gradient, loss=loss, diverged_at=divergences(loss))
    return replace(result, sweep=sweep)


def never_finite() -> Result:
    base = recorded(falling())
    loss = np.full_like(base.sweep.loss, np.nan)
    nothing = replace(base.recommendation, learning_rate=None, low=None, high=None, reason="the loss is not finite")
    return replace(
        base, recommendation=nothing, suggestions={}, sweep=replace(base.sweep, loss=loss, diverged_at=(0,) * 4)
    )


def unconfirmed(warning: str) -> Result:
    """Trainings were wanted, and none was run."""
    return replace(recorded(falling()), config={"confirm": {"enabled": True}}, warnings=(warning,))


def tried(**changes: Any) -> Result:
    """A confirmed run with something else in its confirmation."""
    base = confirmed()
    assert base.confirmation is not None
    return replace(base, confirmation=replace(base.confirmation, **changes))


BEST = 1.2e-3
ALONE = {"confirmed": "warn"}
"""What every run without trainings gets."""

NOTHING = {"learns": "fail", "rate-in-range": "fail"}

LEVEL = ALONE | NOTHING | {"range-covers": "fail"}
"""What a loss gets that stays where it is."""

KNOWN: dict[str, tuple[Callable[[], Result], float, dict[str, str]]] = {
    "good": (lambda: recorded(falling()), BEST, ALONE),
    "good, confirmed": (confirmed, 2e-3, {}),
    "rate far too high": (lambda: recorded(falling()), 0.3, ALONE | {"rate-in-range": "fail"}),
    "rate far too low": (confirmed, 2e-6, {"rate-in-range": "fail"}),
    "rate near enough": (confirmed, 4.4e-3 * 2.9, {}),
    "zero data": (lambda: recorded(np.full(STEPS, CHANCE), noise=1e-9), BEST, LEVEL),
    "noise alone": (lambda: recorded(np.full(STEPS, CHANCE)), BEST, LEVEL),
    "labels shuffled": (declined, 1e-3, NOTHING | {"confirmed": "fail"}),
    "no better than a constant answer": (
        lambda: recorded(falling(start=2.9, end=CHANCE)),
        BEST,
        ALONE | {"learns": "warn"},
    ),
    "range too short": (
        lambda: recorded(falling(at=0.9, up=9)),
        5.0,
        ALONE | {"range-covers": "fail"},
    ),
    "turned, not diverged": (
        lambda: recorded(falling(up=9) + 0.2 * np.maximum(X + 1, 0)),
        BEST,
        ALONE | {"range-covers": "warn"},
    ),
    "diverged from the first step": (
        lambda: recorded(2.3 * np.minimum(10.0 ** (0.4 * np.arange(STEPS)), 1e30)),
        BEST,
        ALONE | NOTHING | {"diverged-at-once": "fail"},
    ),
    "inputs of a huge scale": (
        lambda: recorded(falling(start=1500.0, end=0.4), noise=5.0),
        BEST,
        ALONE | {"initial-loss": "fail"},
    ),
    "answers among the inputs": (
        lambda: recorded(falling(start=0.5, end=0.01), noise=1e-3),
        BEST,
        ALONE | {"initial-loss": "warn"},
    ),
    "not finite at all": (never_finite, BEST, ALONE | NOTHING | {"finite": "fail"}),
    "a gradient that is not finite": (
        lambda: with_gradient(recorded(falling()), 30, 2),
        BEST,
        ALONE | {"finite": "fail"},
    ),
    "held-out loss not finite": (lambda: tried(untrained=(math.nan, 2.3)), 2e-3, {"finite": "fail"}),
    "seeds far apart": (lambda: tried(seed_factor=31.0), 2e-3, {"seeds-agree": "fail"}),
    "seeds apart": (lambda: tried(seed_factor=4.0), 2e-3, {"seeds-agree": "warn"}),
    "seeds far apart in the sweep": (
        lambda: recorded(falling(), shift=2.4),
        BEST * 12,
        ALONE | {"seeds-agree": "fail"},
    ),
    "one seed": (lambda: recorded(falling(), seeds=1), BEST, ALONE),
    "no budget": (
        lambda: unconfirmed("the suggestion is not confirmed: confirm.budget leaves 0 optimiser steps"),
        BEST,
        {"confirmed": "fail"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_runs_with_known_verdicts(name: str) -> None:
    make, rate, expected = KNOWN[name]
    verdicts = judge(make(), rate, 3.0)
    assert statuses(verdicts) == expected
    for verdict in verdicts:
        assert verdict.message
        assert len(verdict.message.splitlines()) == 1


@pytest.mark.parametrize("name", KNOWN)
def test_a_run_read_back_is_judged_the_same(name: str) -> None:
    make, rate, _ = KNOWN[name]
    result = make()
    assert judge(read_result(to_json(result)), rate, 3.0) == judge(result, rate, 3.0)


def test_all_verdicts_in_their_order() -> None:
    found = judge(typical(), 1e-3, 3.0, baseline=typical())
    assert tuple(each.id for each in found) == tuple(VERDICTS)


def test_a_loss_without_a_level_is_not_judged() -> None:
    initial = judge(replace(typical(), facts=replace(typical().facts, loss="mse")), 1e-3, 3.0)[2]
    assert (initial.id, initial.status, initial.judged) == ("initial-loss", "pass", False)
    assert "mse has no level" in initial.message


def test_seeds_that_are_one_are_not_judged() -> None:
    found = {each.id: each for each in judge(recorded(falling(), seeds=1), BEST, 3.0)}
    assert not found["seeds-agree"].judged


@given(rate=st.floats(1e-12, 1e6), tolerance=st.floats(1, 1e3))
def test_the_factor_is_what_separates_rate_and_interval(rate: float, tolerance: float) -> None:
    """Moved towards the interval by the factor observed, the rate is at its edge."""
    found = confirmed().recommendation
    status, observed, *_ = rate_in_range(found, rate, tolerance)
    assert found.low is not None
    assert found.high is not None
    assert observed is not None
    edge = rate / observed if rate > found.high else rate * observed
    assert found.low * (1 - 1e-9) <= edge <= found.high * (1 + 1e-9)
    assert (status == "pass") == (observed <= tolerance)


def test_the_advice_is_the_rate() -> None:
    verdict = judge(confirmed(), 1.0, 3.0)[0]
    assert "227 times above the interval 1.3e-03 .. 4.4e-03" in verdict.message
    assert "set optimizer.learning_rate to 2.4e-03" in verdict.message
    assert (verdict.observed, verdict.limit) == (pytest.approx(1 / 4.4e-3), 3.0)


def with_rate(rate: float | None) -> Result:
    base = confirmed()
    return replace(base, recommendation=replace(base.recommendation, learning_rate=rate))


@pytest.mark.parametrize(
    ("now", "before", "status", "says"),
    [
        (2e-3, 1e-3, "pass", "from 1.0e-03 in the baseline to 2.0e-03, a factor 2"),
        (1e-3, 3.5e-3, "fail", "a factor 3.5, above 3; look at what changed"),
        (None, 1e-3, "fail", "this run has none"),
        (1e-3, None, "warn", "the baseline has no rate"),
        (None, None, "pass", "not judged"),
    ],
)
def test_drift(now: float | None, before: float | None, status: str, says: str) -> None:
    *_, verdict = judge(with_rate(now), 1e-3, 3.0, baseline=with_rate(before))
    assert (verdict.id, verdict.status) == ("drift", status)
    assert says in verdict.message


def test_drift_between_purposes_says_so() -> None:
    other = replace(confirmed().recommendation, steps=400, schedule="cosine")
    *_, verdict = judge(confirmed(), 1e-3, 3.0, baseline=replace(confirmed(), recommendation=other))
    assert "(its 400 steps of the schedule cosine; here 1,000 steps of the schedule constant)" in verdict.message


@pytest.mark.parametrize("name", VERDICTS)
def test_what_is_ignored_is_left_out_and_what_warns_does_not_fail(name: str) -> None:
    result, baseline = never_finite(), with_rate(1e-3)
    every = judge(result, 1.0, 3.0, baseline=baseline)
    without = judge(result, 1.0, 3.0, baseline=baseline, ignore=[name])
    assert without == tuple(each for each in every if each.id != name)
    softer = judge(result, 1.0, 3.0, baseline=baseline, warn=[name])
    for before, after in zip(every, softer, strict=True):
        soft = before.id == name and before.status == "fail"
        assert after == (replace(before, status="warn") if soft else before)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(result=curves() | confirmations(), rate=st.floats(1e-12, 1e3))
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
def test_any_run_gets_verdicts_or_is_refused(result: Result, rate: float) -> None:
    try:
        judgeable(result)
    except LrfindError:
        return
    verdicts = judge(result, rate, 3.0, baseline=result)
    assert tuple(each.id for each in verdicts) == tuple(VERDICTS)
