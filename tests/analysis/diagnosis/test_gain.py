"""What is read off a curve of known form."""

from __future__ import annotations

import numpy as np
import pytest

from lrfind.analysis.diagnosis.evidence import measure
from lrfind.analysis.diagnosis.rules import HURTS, decide
from lrfind.analysis.diagnosis.series import series
from lrfind.analysis.diagnosis.travel import travel
from lrfind.core.dataset import Floats
from lrfind.core.training import Trace

STEPS = np.arange(1.0, 1001.0)


def first(loss: Floats, rate: Floats | None = None) -> str:
    return decide(measure(Trace(STEPS, loss, rate)))[0].id


@pytest.mark.parametrize("power", [0.2, 0.5])
def test_a_power_of_the_travel_is_carried_on(power: float) -> None:
    """With L = S^-p each half decade multiplies the loss by 10^(-p / 2), the ratio of two falls in a row."""
    loss = STEPS**-power
    evidence = measure(Trace(STEPS, loss, np.full(1000, 0.1)))
    assert evidence.train is not None
    assert evidence.train.gain.ratio == pytest.approx(10 ** (-power / 2), rel=0.1)
    ahead = loss[-1] - 10_000.0**-power
    assert evidence.train.gain.over(1.0) == pytest.approx(ahead, rel=0.12)


def test_an_exponential_that_is_done_has_nothing_to_gain() -> None:
    evidence = measure(Trace(STEPS, np.exp(-STEPS / 50), np.full(1000, 0.1)))
    assert evidence.missed(1.0) < 1e-3


def test_one_that_is_not_has_the_rest_to_gain() -> None:
    loss = np.exp(-STEPS / 1000)
    evidence = measure(Trace(STEPS, loss, np.full(1000, 0.1)))
    assert evidence.missed(1.0) == pytest.approx(1.0 / (1 - loss[-1]) * loss[-1], rel=0.5)
    assert first(loss, np.full(1000, 0.1)) == "too-slow"


@pytest.mark.parametrize(("left", "name"), [(0.05, "healthy"), (0.3, "too-slow")])
def test_it_takes_a_tenth_of_the_fall_to_be_slow(left: float, name: str) -> None:
    """A straight fall in log travel that ends at `left`: another decade of it would bring all that is left, at most."""
    loss = left + (1 - left) * (1 - np.log(STEPS) / np.log(1000))
    assert first(loss, np.full(1000, 0.1)) == name


def test_a_start_before_a_spike_is_the_first_loss_alone() -> None:
    """Batches are noisy, and from the second step on the loss is blown up: 1.0 is what it began with."""
    loss = np.where(STEPS % 2 == 0, 0.1, 0.4)
    loss[:4] = [1.0, 0.6, 0.5, 3.0]
    loss[4:20] = np.linspace(9.0, 0.3, 16)
    assert series(STEPS, loss).start == 1.0


@pytest.mark.parametrize(("risen", "name"), [(0.02, "healthy"), (0.06, "overfitting")])
def test_how_far_a_validation_loss_may_rise(risen: float, name: str) -> None:
    val = np.where(STEPS <= 300, 0.4 + 1.6 * np.exp(-STEPS / 40), 0.4 + 1.6 * risen)
    found = decide(measure(Trace(STEPS, 2 * np.exp(-STEPS / 60), None, np.where(STEPS % 20 == 0, val, np.nan))))
    assert found[0].id == name


def test_the_travel_is_the_sum_of_the_rates() -> None:
    rate = np.linspace(1.0, 0.0, 1000)
    found = travel(STEPS, rate)
    assert found.gone(STEPS) == pytest.approx(np.cumsum(rate))
    assert found.share == pytest.approx(0.5, abs=0.01)
    assert found.decayed_at == pytest.approx(900, abs=2)


def test_a_decay_that_comes_early_is_told_from_a_low_rate_by_the_rate_alone() -> None:
    """The same losses as a function of travel: frozen early, or slow all along."""
    rate = np.where(STEPS <= 50, 1.0, 1e-3)
    loss = 0.2 + np.exp(-np.cumsum(rate) / 60)
    assert first(loss, rate) == "too-aggressive-decay"
    slow = 0.2 + np.exp(-STEPS / 1000)
    assert first(slow, np.full(1000, 0.05)) == "too-slow"
    assert first(loss) != "too-aggressive-decay"


@pytest.mark.parametrize("end", [0.05, 0.5])
def test_a_validation_loss_that_turns_up(end: float) -> None:
    """Up from 0.4 to `end` above it, after a fall by 1.6: found from 6 % on."""
    loss = 2 * np.exp(-STEPS / 60)
    val = np.where(STEPS <= 300, 0.4 + 1.6 * np.exp(-STEPS / 40), 0.4 + end * (STEPS - 300) / 700)
    found = decide(measure(Trace(STEPS, loss, None, np.where(STEPS % 20 == 0, val, np.nan))))
    assert [each.id for each in found] == (["overfitting"] if end > 2 * HURTS else ["healthy"])


def test_a_rate_that_never_comes_down_is_found_beside_a_swing() -> None:
    loss = 0.3 + 0.7 * np.exp(-STEPS / 60) + 0.15 * np.sin(STEPS / 30)
    found = decide(measure(Trace(STEPS, loss, np.full(1000, 0.1))))
    assert [each.id for each in found] == ["oscillating", "too-little-decay"]
    assert (found[1].first, found[1].last) == (667, 1000)  # the last third


@pytest.mark.parametrize(("value", "broke"), [(np.inf, 600.0), (np.nan, None)])
def test_not_finite_to_the_end_is_diverged_and_blank_is_not(value: float, broke: float | None) -> None:
    loss = np.exp(-STEPS / 50)
    loss[599:] = value
    assert series(STEPS, loss).broke == broke
    assert first(loss) == ("diverged" if broke else "healthy")


def test_one_loss_that_is_not_finite_is_no_divergence() -> None:
    loss = np.exp(-STEPS / 50)
    loss[300] = np.inf
    assert first(loss) == "healthy"


@pytest.mark.parametrize("shift", [0.0, -5.0])
def test_losses_may_be_negative(shift: float) -> None:
    """A log-likelihood has no zero: it is judged by its fall."""
    assert first(shift + np.exp(-STEPS / 50)) == "healthy"
    assert first(shift + np.exp(-STEPS / 1500)) == "too-slow"
