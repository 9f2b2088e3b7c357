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

from lrfind.types import Execution, Facts, Floats, Recommendation, Result, Suggestion, Sweep, Timing

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


RESULTS = {
    "typical": typical,
    "no_rate": no_rate,
    "interrupted": interrupted,
    "negative": negative,
    "bounded": bounded,
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
    rates = np.geomspace(low, low * draw(st.sampled_from([1.0, 1.5, 10.0, 1e8])), steps)
    ends = draw(st.lists(st.none() | st.integers(0, steps - 1), min_size=seeds, max_size=seeds))
    rate = draw(st.none() | st.floats(1e-13, 1e9) | st.just(float(rates[-1])))
    base = typical()
    return replace(
        base,
        recommendation=replace(base.recommendation, learning_rate=rate, low=rate, high=rate),
        sweep=sweep(loss, smoothed, tuple(ends), rates),
        config={"sweep": {"ladder": draw(st.sampled_from(["exponential", "linear"]))}},
    )
