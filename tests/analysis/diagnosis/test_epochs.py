"""Logs with a row an epoch: they begin with a mean, and what came before it is not known."""

from __future__ import annotations

import numpy as np
import pytest

from lrfind.analysis.diagnosis.wording import diagnose
from lrfind.core.dataset import Floats
from lrfind.core.training import Finding, Trace

EPOCHS = np.arange(1.0, 26.0)

FAST = 0.05 + 0.6 * EPOCHS**-1.5
"""A network that learns most in its first epoch: 0.65, 0.26, 0.17, ..."""

HIGH = {"warmup-too-short", "too-high"}


def found(loss: Floats, val: Floats | None = None, rate: Floats | None = None) -> list[Finding]:
    return list(diagnose(Trace(EPOCHS, loss, rate, val, "epoch")))


def first(*columns: Floats | None) -> str:
    return found(*columns)[0].id  # type: ignore[arg-type]


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_a_network_that_learns_fast_is_healthy(scale: float) -> None:
    assert first(scale * FAST) == "healthy"
    assert first(scale * FAST, scale * (FAST + 0.02)) == "healthy"


def test_a_first_mean_far_above_what_the_epoch_ended_with() -> None:
    loss = FAST.copy()
    loss[0] = 90.0
    (finding,) = found(loss, FAST + 0.02)
    assert finding.id in HIGH
    assert "the training loss of epoch 1 is 90 in the mean, and the validation loss after it 0.67" in finding.what
    loss[0] = 3.0
    assert first(loss, FAST + 0.02) == "healthy"


def test_a_validation_loss_far_above_the_first_mean() -> None:
    """As batch norm's running statistics of weights that were thrown about give it."""
    val = FAST + 0.02
    val[0] = 900.0
    assert first(FAST, val) in HIGH


def test_a_plunge_to_a_plateau() -> None:
    """Blown up and back at the loss of a constant answer, ln 10, within the first epoch."""
    flat = np.full(25, 2.32) - 0.0005 * EPOCHS
    flat[0] = 31.0
    (finding,) = found(flat)
    assert finding.id in HIGH
    assert "is 31 in the mean, 13 times that of the next ones, from where it hardly falls" in finding.what


def test_a_plateau_is_no_wonder_where_the_rate_came_to_nothing() -> None:
    flat = np.full(25, 0.31)
    flat[0] = 5.0
    rate = np.where(EPOCHS <= 1, 0.1, 1e-4)
    assert first(flat, None, rate) not in HIGH
    assert first(flat, None, np.full(25, 0.1)) in HIGH


def test_a_loss_that_rises_over_epochs_was_no_start_to_begin_with() -> None:
    loss = 2.3 + 80.0 * np.concatenate([[0.4, 1.0, 1.1], np.linspace(1.0, 0.0, 22)])
    assert first(loss) in HIGH


@pytest.mark.parametrize(("risen", "name"), [(0.05, "healthy"), (0.12, "overfitting")])
def test_of_epochs_a_validation_loss_has_to_rise_by_more(risen: float, name: str) -> None:
    fall = 0.65
    val = np.where(EPOCHS <= 12, FAST + 0.02, 0.0)
    low = val[11]
    val[12:] = low + np.linspace(0, 2 * risen * fall, 13)
    val[-3:] = low + risen * fall
    assert first(FAST, val) == name


JUMPY = np.exp(0.3 * np.resize([1.0, -0.4, 0.2, -1.0, 0.6], 25))


def test_a_fall_that_is_too_deep_for_a_loss_that_jumps() -> None:
    """Of a linear classifier whose weights are far too large: 97, 12, 3, ..., and a few rows make up what is left."""
    loss = np.concatenate([[97.0, 12.0, 3.2, 2.0], 2.5 / EPOCHS[4:]]) * np.concatenate([np.ones(4), JUMPY[4:]])
    val = np.concatenate([[25.0, 6.0, 2.2, 2.0], np.full(21, 1.0)])
    (finding,) = found(loss, val)
    assert finding.id in HIGH
    assert "is 97 in the mean, 97 times the validation loss at the end" in finding.what


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_a_regression_that_is_learnt_down_by_as_much_is_healthy(scale: float) -> None:
    """A linear regression at a good rate: exponentials down to the noise of its targets, without jumps."""
    loss = 20 * np.exp(-1.5 * (EPOCHS - 1)) + 0.01
    assert first(scale * loss, scale * (20 * np.exp(-1.5 * (EPOCHS - 0.5)) + 0.011)) == "healthy"


def test_a_loss_that_ends_at_an_even_guess_is_stuck() -> None:
    """Its units are dead; that it fell from 8.5 says nothing."""
    loss = np.log(10) + 6.0 * np.exp(-(EPOCHS - 1) / 3)
    (finding,) = found(loss, loss)
    assert finding.id == "stuck"
    assert "ends at 2.305, that of an even guess among 10 classes" in finding.what
    assert first(0.97 * loss, 0.97 * loss) != "stuck"
    assert first(0.9 * loss, loss) != "stuck"


def test_a_loss_that_never_comes_to_rest_after_a_high_first_mean() -> None:
    val = 0.3 * JUMPY
    loss = np.concatenate([[3.0], np.full(24, 0.35)])
    (finding,) = found(loss, val, np.full(25, 0.1))
    assert finding.id == "too-high"
    assert "from one epoch to the next" in finding.what
    assert first(loss, np.full(25, 0.5), np.full(25, 0.1)) == "healthy"


def test_a_rough_path_that_comes_to_rest_and_falls_on_is_healthy() -> None:
    """As small batches of noisy targets at their best rate under a cosine."""
    falling = np.concatenate([np.full(12, 0.38), np.linspace(0.36, 0.1, 13)])
    rough = np.concatenate([0.02 * np.resize([-1.0, 1.0], 12), np.zeros(13)])
    assert first(falling + rough, falling - rough) == "healthy"
    assert first(np.maximum(falling, 0.34) + rough, np.maximum(falling, 0.34) - rough) in {"too-high", "oscillating"}
