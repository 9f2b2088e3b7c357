"""Every schedule against its formula, and against the line of optax that a user pastes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import numpy as np
import optax
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfind.core.dataset import Floats
from lrfind.core.registry import SCHEDULES
from lrfind.task.optim.optimizers import Name
from lrfind.task.optim.schedules import call, to_source, transform, unit
from lrfind.task.optim.schedules.formulas import cycles
from lrfind.task.optim.source_code import source


def one_cycle(t: Any, n: int, *, peak_fraction: float, div_factor: float, final_div_factor: float) -> Any:
    """Smith 2018 with cosines; the peak is a whole step."""
    top = int(peak_fraction * n)
    low, last = 1 / div_factor, 1 / (div_factor * final_div_factor)
    up = low + (1 - low) * (1 - np.cos(np.pi * t / top)) / 2
    down = last + (1 - last) * (1 + np.cos(np.pi * (t - top) / (n - top))) / 2
    return np.where(t < top, up, down)


def cosine_restarts(t: Any, n: int, *, cycle_steps: int, cycle_mult: int, decay: float, end_factor: float) -> Any:
    """Loshchilov & Hutter 2016: the cycle a step is in, found by adding up lengths."""
    found = []
    for step in t:
        begin, length, number = 0, cycle_steps, 0
        while step >= begin + length:
            begin, length, number = begin + length, length * cycle_mult, number + 1
        share = (step - begin) / length
        found.append(decay**number * (end_factor + (1 - end_factor) * (1 + np.cos(np.pi * share)) / 2))
    return np.array(found)


def triangular(t: Any, n: int, *, cycle_steps: int, base_factor: float, decay: float) -> Any:
    """Smith 2015, with an even cycle: ``cycle = floor(1 + t / (2 stepsize)); x = |t / stepsize - 2 cycle + 1|``."""
    half = cycle_steps / 2
    cycle = np.floor(1 + t / (2 * half))
    x = np.abs(t / half - 2 * cycle + 1)
    return base_factor + (1 - base_factor) * np.maximum(0, 1 - x) * decay ** (cycle - 1)


class Case(NamedTuple):
    options: dict[str, Any]
    formula: Callable[..., Any] | None


PLATEAU = {"factor": 0.1, "patience": 10, "threshold": 1e-4, "cooldown": 0, "window": 5, "min_factor": 0.0}
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
    "polynomial": [
        Case(
            {"power": power, "end_factor": end},
            lambda t, n, power, end_factor: end_factor + (1 - end_factor) * (1 - t / n) ** power,
        )
        for power, end in ((2.0, 0.0), (0.9, 0.1))
    ],
    "inverse_time": [
        Case(
            {"decay_rate": 0.5, "decay_steps": 7, "staircase": False},
            lambda t, n, decay_rate, decay_steps, staircase: 1 / (1 + decay_rate * t / decay_steps),
        ),
        Case(
            {"decay_rate": 0.5, "decay_steps": 7, "staircase": True},
            lambda t, n, decay_rate, decay_steps, staircase: 1 / (1 + decay_rate * (t // decay_steps)),
        ),
    ],
    "cosine_restarts": [
        Case({"cycle_steps": length, "cycle_mult": mult, "decay": decay, "end_factor": end}, cosine_restarts)
        for length, mult, decay, end in ((6, 2, 1.0, 0.0), (9, 1, 0.5, 0.1), (40, 2, 1.0, 0.0))
    ],
    "triangular": [
        Case({"cycle_steps": length, "base_factor": base, "decay": decay}, triangular)
        for length, base, decay in ((10, 0.25, 1.0), (12, 0.1, 0.5), (40, 0.0, 1.0))
    ],
    "scheduled_drop": [Case({"at": (8, 20, 30), "factors": (0.3, 0.1, 0.15)}, None)],  # absolute: see `expected`
    "reduce_on_plateau": [Case(PLATEAU, lambda t, n, **_: np.ones(len(t)))],  # the drops: tests/analysis/test_plateau
    "one_cycle": [Case({"peak_fraction": 0.3, "div_factor": 25.0, "final_div_factor": 1e4}, one_cycle)],
}
EACH = [(name, number) for name, cases in CASES.items() for number in range(len(cases))]
STEPS = 40


def expected(name: str, number: int, warmup: int) -> Floats:
    case, t = CASES[name][number], np.arange(STEPS)
    if case.formula is None:  # named steps are those of the training, warm-up or not
        after = np.array(
            [([1.0] + [f for at, f in zip(*case.options.values(), strict=True) if at <= i])[-1] for i in t]
        )
        return np.where(t < warmup, t / max(warmup, 1), after)
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
    rise = {
        "one_cycle": int(0.3 * (STEPS - warmup)),
        "triangular": CASES[name][number].options.get("cycle_steps", 0) // 2,
    }
    peak = warmup + rise.get(name, 0)
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


def test_what_a_squeezed_schedule_asks_for() -> None:
    """Cycles need not be whole, their ends and tops are; drops may fall together."""
    up_and_down = unit("triangular", 30, cycle_steps=7.5, base_factor=0.2, decay=1.0)
    assert [int(i) for i in np.flatnonzero(np.isclose(up_and_down, 1))] == [4, 11, 18, 26]
    assert [int(i) for i in np.flatnonzero(np.isclose(up_and_down, 0.2))] == [0, 8, 15, 22]
    falls = unit("cosine_restarts", 100, cycle_steps=14.3, cycle_mult=2.0, decay=1.0, end_factor=0.0)
    assert [int(i) for i in np.flatnonzero(np.isclose(falls, 1))] == [0, 14, 43]  # none begins at the 98th
    assert unit("scheduled_drop", 5, at=(1, 1, 3), factors=(0.5, 0.2, 0.1)) == pytest.approx([1, 0.2, 0.2, 0.1, 0.1])
    assert (unit("triangular", 4, cycle_steps=1, base_factor=0.1, decay=1.0) == 1).all()


def test_formula_and_origin_are_in_the_docstring() -> None:
    for name, entry in SCHEDULES.items():
        said = " ".join((entry.load().__doc__ or "").replace("``", "").replace("`", "").split())
        assert entry.formula.removeprefix("r(t) = ").split(", u ")[0].split(" from ")[0].lower() in said.lower(), name
        assert all(word in said for word in entry.origin.replace(";", "").split()), name


def test_only_the_schedule_that_waits_is_a_transformation() -> None:
    assert {name for name in SCHEDULES if transform(name, **PLATEAU) is not None} == {"reduce_on_plateau"}
    text = source(transform("reduce_on_plateau", **PLATEAU))
    assert text == (
        "optax.contrib.reduce_on_plateau(factor=0.1, patience=2, rtol=0.0001, cooldown=0, accumulation_size=5, "
        "min_scale=0)"
    )


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


@given(st.integers(1, 300), st.integers(0, 60), st.floats(1, 300), st.floats(0, 1), st.floats(0.1, 1), st.floats(1, 3))
def test_cycles_fill_the_training(
    steps: int, warmup: int, length: float, base: float, decay: float, mult: float
) -> None:
    """Whatever the lengths: the pieces follow each other without a gap, and no rate is above the peak."""
    found = cycles(steps, length, mult)
    assert found[0][0] == 0
    assert found[-1][0] < steps <= found[-1][1]
    assert all(end == begin for (_, end), (begin, _) in pairwise(found))
    assert all(begin < end for begin, end in found)
    made = call("triangular", 1.0, steps, cycle_steps=length, base_factor=base, decay=decay)
    lines, begins = made.args
    assert len(lines) == len(begins) + 1
    assert all(0 <= value <= 1 for line in lines for value in line.args[:2])
    assert begins == sorted(set(begins))
