"""Every schedule against its formula, and against the line of optax that a user pastes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
import optax
import pytest

from lrfind.optimizers import Name
from lrfind.registry import SCHEDULES
from lrfind.schedules import to_source, unit
from lrfind.types import Floats


def one_cycle(t: Any, n: int, *, peak_fraction: float, div_factor: float, final_div_factor: float) -> Any:
    """Smith 2018 with cosines; the peak is a whole step."""
    top = int(peak_fraction * n)
    low, last = 1 / div_factor, 1 / (div_factor * final_div_factor)
    up = low + (1 - low) * (1 - np.cos(np.pi * t / top)) / 2
    down = last + (1 - last) * (1 + np.cos(np.pi * (t - top) / (n - top))) / 2
    return np.where(t < top, up, down)


class Case(NamedTuple):
    options: dict[str, Any]
    formula: Callable[..., Any]


CASES: dict[str, list[Case]] = {
    "constant": [Case({}, lambda t, n: np.ones(len(t)))],
    "linear": [Case({"end_factor": end}, lambda t, n, end_factor: 1 - (1 - end_factor) * t / n) for end in (0.0, 0.3)],
    "exponential": [
        Case(
            {"decay_rate": 0.5, "decay_steps": 7, "staircase": False},
            lambda t, n, decay_rate, decay_steps, staircase: decay_rate ** (t / decay_steps),
        ),
        Case(
            {"decay_rate": 0.5, "decay_steps": 7, "staircase": True},
            lambda t, n, decay_rate, decay_steps, staircase: decay_rate ** (t // decay_steps),
        ),
    ],
    "step": [Case({"factor": 0.1, "step_size": 9}, lambda t, n, factor, step_size: factor ** (t // step_size))],
    "cosine": [
        Case(
            {"end_factor": end},
            lambda t, n, end_factor: end_factor + (1 - end_factor) * (1 + np.cos(np.pi * t / n)) / 2,
        )
        for end in (0.0, 0.2)
    ],
    "one_cycle": [Case({"peak_fraction": 0.3, "div_factor": 25.0, "final_div_factor": 1e4}, one_cycle)],
}
EACH = [(name, number) for name, cases in CASES.items() for number in range(len(cases))]
STEPS = 40


def expected(name: str, number: int, warmup: int) -> Floats:
    case, t = CASES[name][number], np.arange(STEPS)
    after = case.formula(np.maximum(t - warmup, 0), STEPS - warmup, **case.options)
    return np.where(t < warmup, t / max(warmup, 1), after)


def test_every_schedule_is_tested() -> None:
    assert set(CASES) == set(SCHEDULES)


@pytest.mark.parametrize("warmup", [0, 6])
@pytest.mark.parametrize(("name", "number"), EACH)
def test_a_schedule_is_its_formula(name: str, number: int, warmup: int) -> None:
    rates = unit(name, STEPS, warmup_steps=warmup, **CASES[name][number].options)
    assert (rates.shape, rates.dtype) == ((STEPS,), np.float64)
    np.testing.assert_allclose(rates, expected(name, number, warmup), rtol=1e-5, atol=2e-6)
    peak = warmup + (int(0.3 * (STEPS - warmup)) if name == "one_cycle" else 0)
    assert rates[peak] == rates.max() == pytest.approx(1, abs=1e-6)
    assert rates[0] == 0 or not warmup


@pytest.mark.parametrize("warmup", [0, 6])
@pytest.mark.parametrize(("name", "number"), EACH)
def test_the_line_to_paste_is_the_schedule(name: str, number: int, warmup: int) -> None:
    options = CASES[name][number].options
    line = to_source(name, Name("peak"), STEPS, warmup_steps=warmup, **options)
    pasted = eval(f"lambda peak: {line}", {"optax": optax})
    # A peak other than 1: every schedule is linear in it.
    rates = jax.jit(jax.vmap(pasted(0.037)))(np.arange(STEPS))
    np.testing.assert_allclose(rates, 0.037 * unit(name, STEPS, warmup_steps=warmup, **options), rtol=2e-6, atol=1e-8)
    assert eval(to_source(name, 0.037, STEPS, warmup_steps=warmup, **options), {"optax": optax}) is not None


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("constant", {}, "optax.constant_schedule(0.002)"),
        ("linear", {"end_factor": 0.1}, "optax.linear_schedule(0.002, 0.0002, 100)"),
        ("cosine", {"end_factor": 0.0}, "optax.cosine_decay_schedule(0.002, 100, alpha=0)"),
        (
            "cosine",
            {"end_factor": 0.0, "warmup_steps": 10},
            "optax.join_schedules([optax.linear_schedule(0, 0.002, 10), "
            "optax.cosine_decay_schedule(0.002, 90, alpha=0)], [10])",
        ),
        (
            "step",
            {"factor": 0.5, "step_size": 30},
            "optax.exponential_decay(0.002, transition_steps=30, decay_rate=0.5, staircase=True)",
        ),
    ],
)
def test_lines(name: str, options: dict[str, Any], text: str) -> None:
    assert to_source(name, 0.002, 100, **options) == text


def test_a_peak_can_be_a_name() -> None:
    assert to_source("linear", Name("rate"), 10, end_factor=0.25) == "optax.linear_schedule(rate, 0.25 * rate, 10)"


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("name", SCHEDULES)
def test_the_shortest_trainings_have_rates(name: str, steps: int) -> None:
    for warmup in (0, steps - 1):
        rates = unit(name, steps, warmup_steps=warmup, **CASES[name][0].options)
        assert rates.shape == (steps,)
        assert ((rates >= 0) & (rates <= 1 + 1e-6)).all()
        assert rates.max() > 0
