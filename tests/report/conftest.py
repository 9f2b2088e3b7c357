"""One set of synthetic results that every report is tested against."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lrfind.core.advice import Advice, Guess, Setting
from lrfind.core.dataset import Floats
from lrfind.core.result import (
    Candidate,
    Confirmation,
    Evidence,
    Execution,
    Facts,
    Horizon,
    Recommendation,
    Result,
    Suggestion,
    Sweep,
    Timing,
)

STEPS = 100


def short(values: Floats) -> Floats:
    """Five digits of each number: what a golden file holds is then the same on every platform."""
    digits = [float(f"{value:.5g}") for value in values.ravel()]
    return np.array(digits, dtype=np.float64).reshape(values.shape)


LADDER = short(np.geomspace(1e-7, 10.0, STEPS))


def sweep(loss: Floats, smoothed: Floats, diverged_at: tuple[int | None, ...], rates: Floats = LADDER) -> Sweep:
    """A sweep around given losses."""
    scale = np.where(np.isfinite(loss), 1.0, np.nan)
    return Sweep(
        learning_rate=rates,
        loss=short(loss),
        smoothed=short(smoothed),
        gradient_norm=0.5 * scale,
        update_norm=short(0.5 * scale * rates),
        diverged_at=diverged_at,
        seeds=tuple(range(len(loss))),
        execution=Execution(steps="scan", lanes="each"),
    )


def typical_curve(seeds: int = 4) -> Sweep:
    """Flat, falling around 1e-3, then diverging to 1e30 and infinity."""
    rng = np.random.default_rng(0)
    x = np.log10(LADDER)
    clean = 2.35 - 2.0 / (1 + np.exp(-3.2 * (x + 2.9)))
    rise = np.where(x > -0.6, 10.0 ** (7.0 * (x + 0.6)), 0.0)
    loss = clean + rise + (0.05 + 0.04 * clean) * rng.standard_normal((seeds, STEPS))
    loss = np.abs(loss)
    loss[:, 97:] = 1e30
    loss[0, 98:] = math.inf
    smoothed = clean + rise
    smoothed[97:] = math.nan
    return sweep(loss, smoothed, tuple(82 + i % 3 for i in range(seeds)))


def typical() -> Result:
    """What most runs look like."""
    return Result(
        name="digits-mlp",
        status="complete",
        recommendation=Recommendation(
            learning_rate=1.234e-3,
            low=6.3e-4,
            high=2.5e-3,
            method="steepest",
            confirmed=False,
            schedule="constant",
            steps=1000,
            interval_from="spread of 4 seeds",
            reason="The loss falls fastest at 1.2e-03, a factor of 150 below the rate at which it diverges.",
        ),
        suggestions={
            "steepest": Suggestion(
                1.234e-3, 6.3e-4, 2.5e-3, "Steepest descent of the smoothed loss before divergence."
            ),
            "valley": Suggestion(3.1e-3, 2.2e-3, 4.0e-3, "Two thirds into the longest valley."),
            "minimum": Suggestion(1.9e-2, None, None, "A tenth of the rate at the lowest loss."),
            "slide": Suggestion(None, None, None, "The loss | never slides evenly enough."),
        },
        sweep=typical_curve(),
        facts=Facts(
            model="mlp (hidden 128-128, relu)",
            parameters=26122,
            data="digits: 1,437 rows to train on, 360 held out, 64 inputs, 10 classes",
            loss="cross_entropy",
            optimizer="optax.chain(optax.clip_by_global_norm(1.0), "
            "optax.adamw(learning_rate=0.001234, weight_decay=0.01, b1=0.9, b2=0.999))",
        ),
        assumptions=("No train section: 1,000 steps of a constant rate were assumed.",),
        warnings=("Seed 2 reads a rate 3 times lower than the others: a fifth seed would tell which is right.",),
        config={
            "seed": 0,
            "model": {"name": "mlp", "hidden": [128, 128]},
            "data": {"name": "digits", "batch_size": 64, "columns": ["a", "b"]},
            "optimizer": {"name": "adamw", "weight_decay": 0.01},
            "sweep": {"min_lr": 1e-7, "max_lr": 10.0, "ladder": "exponential"},
            "confirm": {"max_seconds": None, "enabled": False},
            "empty": {},
        },
        environment={"lrfind": "0.1.0", "python": "3.11.7", "jax": "0.10.2", "optax": "0.2.8", "device": "cpu"},
        timing=Timing(import_=0.71, data=0.02, compile=0.55, sweep=0.36, render=0.21, total=1.43),
    )


def no_rate() -> Result:
    """A loss that does not fall."""
    rng = np.random.default_rng(1)
    loss = 2.303 + 0.03 * rng.standard_normal((4, STEPS))
    loss[:, 90:] += np.linspace(0, 1.0, 10) ** 2
    reason = "The smoothed loss falls by 0.4 %, less than the noise of one batch (1.3 %), so its slope says nothing."
    base = typical()
    return replace(
        base,
        name="shuffled targets",
        status="no_recommendation",
        recommendation=replace(
            base.recommendation, learning_rate=None, low=None, high=None, interval_from=None, reason=reason
        ),
        suggestions={method: Suggestion(None, None, None, reason) for method in base.suggestions},
        sweep=sweep(loss, loss.mean(axis=0), (None,) * 4),
        facts=replace(base.facts, optimizer="optax.adamw(learning_rate)"),
        assumptions=(),
        warnings=(),
    )


def interrupted() -> Result:
    """Stopped in the middle of the ladder."""
    base = typical()
    loss, smoothed = base.sweep.loss.copy(), base.sweep.smoothed.copy()
    loss[:, 45:] = math.nan
    smoothed[45:] = math.nan
    return replace(
        base,
        status="interrupted",
        recommendation=replace(
            base.recommendation,
            learning_rate=None,
            low=None,
            high=None,
            interval_from=None,
            reason="Only 45 of 100 steps were measured and the loss has not fallen yet.",
        ),
        suggestions={},
        sweep=sweep(loss, smoothed, (None,) * 4),
    )


def negative() -> Result:
    """A log-likelihood that goes below zero."""
    base = typical()
    loss = base.sweep.loss * 3 - 5
    return replace(
        base,
        name="flow",
        recommendation=replace(base.recommendation, confirmed=True, learning_rate=4e-3, low=2e-3, high=8e-3),
        sweep=replace(base.sweep, loss=short(loss), smoothed=short(base.sweep.smoothed * 3 - 5)),
        facts=replace(base.facts, model="my_flow.py:build", loss="my_loss"),
    )


def bounded() -> Result:
    """A normalised network of one seed that never diverges, on a linear ladder."""
    base = typical()
    rates = short(np.linspace(1e-4, 1.0, STEPS))
    curve = 0.4 + 1.9 * np.exp(-rates / 0.08) + 0.5 * rates
    return replace(
        base,
        name="resnet",
        recommendation=replace(base.recommendation, learning_rate=0.05, low=None, high=None, interval_from=None),
        suggestions={"steepest": Suggestion(0.05, None, None, "Steepest descent.")},
        sweep=sweep(curve[None, :] * (1 + 0.05 * np.sin(np.arange(STEPS)))[None, :], curve, (None,), rates),
        config={"sweep": {"ladder": "linear"}, "optimizer": {"name": "sgd"}},
        warnings=(),
    )


BEFORE = 2.33
"""Loss before training of the confirmations below."""


def heat(steps: int, rates: list[float], seeds: int, best: float, lost: float = math.nan) -> tuple[Candidate, ...]:
    """Trainings of one length: lowest loss at `best`, diverging a factor of six above it, where the loss is `lost`."""
    rng = np.random.default_rng(steps)
    floor = 0.12 + 2.0 / (1 + steps / 12)
    found = []
    for rate in rates:
        far = math.log10(rate / best)
        loss = floor + (BEFORE - floor) * (1 - math.exp(-(0.9 if far < 0 else 1.2) * far**2))
        noise = 0.03 * loss * rng.standard_normal(seeds)
        each = short(np.full(seeds, lost) if far > 0.78 else loss + noise)
        found.append(Candidate(rate, steps, tuple(each.tolist()), tuple(short(0.9 * each).tolist())))
    return tuple(found)


def ladder(middle: float, count: int, decades: float) -> list[float]:
    """Rates around a middle."""
    return [float(f"{middle * 10 ** (decades * (i - (count - 1) / 2)):.3g}") for i in range(count)]


def confirmed() -> Result:
    """Trainings of three lengths, carried on to the whole one; sharpness and trust were measured."""
    base = typical()
    steps = tuple(range(0, STEPS, 4))
    x = np.log10(LADDER[list(steps)])
    ratio = np.where(x < 0.5, 1 / (1 + 10 ** (1.2 * (x + 1.7))), math.nan)
    return replace(
        base,
        recommendation=replace(
            base.recommendation,
            learning_rate=2.37e-3,
            low=1.3e-3,
            high=4.4e-3,
            confirmed=True,
            interval_from="trainings of 2 seeds",
            reason="The best of 27 short trainings, carried on to 1,000 steps.",
        ),
        warnings=(),
        confirmation=Confirmation(
            candidates=(
                *heat(15, ladder(6e-3, 7, 0.375), 2, 9e-3),
                *heat(100, ladder(5e-3, 5, 0.25), 2, 4.7e-3),
                *heat(300, ladder(3.4e-3, 3, 0.25), 1, 3.3e-3),
            ),
            horizons=(
                Horizon(15, 9.1e-3, 4.4e-3, 1.8e-2),
                Horizon(100, 4.7e-3, 2.6e-3, 8.2e-3),
                Horizon(300, 3.3e-3, 1.9e-3, 5.8e-3),
            ),
            exponent=-0.274,
            untrained=(2.3312, 2.3178),
            judged_on="held-out loss",
            seed_factor=1.82,
            spent=2510.0,
            budget=3000,
        ),
        evidence=Evidence(
            trust_steps=steps,
            trust_ratio=tuple(short(ratio).tolist()),
            sharpness=48.8,
            stability_limit=0.041,
            stability_rule="2 / lambda_max",
        ),
        advice=Advice(
            settings=(
                Setting(
                    "constant",
                    2.37e-3,
                    "measured",
                    "trainings under this schedule: trainings of 2 seeds",
                    "optimizer: {name: adamw, weight_decay: 0.01, learning_rate: 0.00237}\n"
                    "train: {steps: 1000, schedule: {name: constant}}\n",
                    "optax.adamw(0.00237, weight_decay=0.01)",
                ),
                Setting(
                    "inverse_time",
                    4.4e-3,
                    "rule",
                    "the sum of rates that constant has (gradient flow), but inside of the interval",
                    "optimizer: {name: adamw, learning_rate: 0.0044}\n"
                    "train: {steps: 1000, schedule: {name: inverse_time, decay_steps: 100}}\n",
                    "optax.adamw(lambda step: 0.0044 / (1 + 1 * step / 100), weight_decay=0.01)",
                ),
            ),
            guesses=(
                Guess(0.1, "diverges", 1.0, 15, "diverges: all trainings of 15 steps at 8.0e-02 did"),
                Guess(0.01, "costs", 0.1234, 300, "loses about 12% of the improvement in trainings of 300 steps"),
                Guess(0.001, "costs", None, None, "loses most likely more than the 60% of the lowest rate"),
            ),
        ),
        timing=Timing(import_=0.71, data=0.02, compile=0.55, sweep=0.36, confirm=1.24, render=0.31, total=2.67),
    )


def raced() -> Result:
    """The whole training was run at every candidate with four seeds; one of a seed's diverged."""
    base = confirmed()
    candidates = list(heat(200, ladder(4e-3, 7, 0.3), 4, 4e-3))
    candidates[-2] = replace(candidates[-2], loss=(*candidates[-2].loss[:3], math.nan))
    return replace(
        base,
        recommendation=replace(
            base.recommendation,
            learning_rate=4.1e-3,
            low=2.0e-3,
            high=7.7e-3,
            steps=200,
            interval_from="trainings of 4 seeds",
            reason="The best of 28 whole trainings.",
        ),
        confirmation=Confirmation(
            candidates=tuple(candidates),
            horizons=(Horizon(200, 4.1e-3, 2.0e-3, 7.7e-3),),
            exponent=None,
            untrained=(2.33, 2.31, 2.35, 2.34),
            judged_on="held-out loss",
            seed_factor=1.3,
            spent=6012.4,
            budget=6400,
        ),
        evidence=replace(base.evidence, trust_steps=(), trust_ratio=()),
    )


def declined() -> Result:
    """Real trainings that do not learn: no rate, though one was suggested. One seed, nothing held out."""
    base, noise = no_rate(), np.random.default_rng(5)
    rates = ladder(1e-3, 5, 0.4)
    losses = short(2.303 + 0.004 * noise.standard_normal((5, 1)) + np.array([[0], [0], [0], [0.01], [0.4]]))
    return replace(
        base,
        recommendation=replace(base.recommendation, reason="No short training ends better than it began."),
        suggestions={"steepest": Suggestion(1e-3, 5e-4, 2e-3, "Steepest descent.")},
        sweep=typical_curve(1),
        confirmation=Confirmation(
            candidates=tuple(
                Candidate(rate, 60, tuple(row), tuple(row)) for rate, row in zip(rates, losses.tolist(), strict=True)
            ),
            horizons=(Horizon(60, 1e-3, math.nan, math.nan),),
            exponent=None,
            untrained=(2.303,),
            judged_on="training loss",
            seed_factor=None,
            spent=400.0,
            budget=3000,
        ),
        evidence=Evidence(sharpness=3.21),
    )


RESULTS = {
    "typical": typical,
    "no_rate": no_rate,
    "interrupted": interrupted,
    "negative": negative,
    "bounded": bounded,
    "confirmed": confirmed,
    "raced": raced,
    "declined": declined,
}


@pytest.fixture(params=list(RESULTS))
def named_result(request: pytest.FixtureRequest) -> tuple[str, Result]:
    """Each of the results with its name."""
    return request.param, RESULTS[request.param]()


Golden = Callable[[str, str], None]
UPDATE = os.environ.get("LRFIND_UPDATE_GOLDEN", "") not in ("", "0")


@pytest.fixture
def golden() -> Golden:
    """Compare a text with the file of that name in ``golden/``; with LRFIND_UPDATE_GOLDEN=1, write it instead."""

    def check(name: str, text: str) -> None:
        path = Path(__file__).parent / "golden" / name
        if UPDATE:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode())
        assert path.exists(), f"{name} is missing: run with LRFIND_UPDATE_GOLDEN=1 and look at it"
        assert text == path.read_bytes().decode()

    return check


@st.composite
def curves(draw: st.DrawFn) -> Result:
    """A result with any curve at all, on any ladder, with any rate."""
    seeds, steps = draw(st.integers(1, 3)), draw(st.integers(1, 12))
    scale = draw(st.sampled_from([1.0, 1e-300, 1e-5, 1e30, 1e308]))
    number = st.floats(-3, 3) | st.sampled_from([0.0, math.nan, math.inf, -math.inf]) | st.floats()
    with np.errstate(over="ignore"):
        loss = draw(arrays.arrays(np.float64, (seeds, steps), elements=number)) * scale
        smoothed = draw(arrays.arrays(np.float64, (steps,), elements=number)) * scale
    low = draw(st.sampled_from([1e-12, 1e-7, 1e-3, 1.0]))
    measured = draw(st.lists(st.integers(0, steps - 1), max_size=4))
    evidence = Evidence(
        trust_steps=tuple(measured),
        trust_ratio=tuple(draw(st.lists(number, min_size=len(measured), max_size=len(measured)))),
        stability_limit=draw(st.none() | st.floats(1e-13, 1e3) | number),
        stability_rule=draw(st.sampled_from([None, "2 / lambda_max", "a rule that is far too long", "漢"])),
    )
    rates = np.geomspace(low, low * draw(st.sampled_from([1.0, 1.5, 10.0, 1e8])), steps)
    ends = draw(st.lists(st.none() | st.integers(0, steps - 1), min_size=seeds, max_size=seeds))
    rate = draw(st.none() | st.floats(1e-13, 1e9) | st.just(float(rates[-1])))
    base = typical()
    return replace(
        base,
        recommendation=replace(base.recommendation, learning_rate=rate, low=rate, high=rate),
        sweep=sweep(loss, smoothed, tuple(ends), rates),
        config={"sweep": {"ladder": draw(st.sampled_from(["exponential", "linear"]))}},
        evidence=evidence,
    )


@st.composite
def confirmations(draw: st.DrawFn) -> Result:
    """A result with any confirmation at all."""
    number = st.floats(0, 3) | st.sampled_from([0.0, 1e-5, math.nan, math.inf, -math.inf]) | st.floats()
    rate = st.floats(1e-5, 1e-1) | st.sampled_from([1e-3, 1e-3 * (1 + 1e-15), 0.0, -1.0, math.nan]) | st.floats()
    steps = st.sampled_from([1, 30, 1000])
    losses = st.lists(number, max_size=3).map(tuple)
    candidates = draw(st.lists(st.builds(Candidate, rate, steps, losses, losses), max_size=8))
    horizons = draw(
        st.lists(st.builds(Horizon, steps, rate, rate, rate), max_size=3, unique_by=lambda each: each.steps)
    )
    base = confirmed()
    advised, low, high = draw(st.none() | rate), draw(st.none() | rate), draw(st.none() | rate)
    return replace(
        base,
        recommendation=replace(base.recommendation, learning_rate=advised, low=low, high=high, steps=draw(steps)),
        confirmation=Confirmation(
            candidates=tuple(candidates),
            horizons=tuple(horizons),
            exponent=draw(st.none() | number),
            untrained=draw(losses),
            judged_on=draw(st.text(max_size=9)),
            seed_factor=draw(st.none() | number),
            spent=draw(number),
            budget=draw(st.integers(0, 10**9)),
        ),
    )
