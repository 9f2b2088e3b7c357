"""The stop rule fires when coming back is out of the question, whatever the sign of the loss."""

from __future__ import annotations

import numpy as np
import pytest

from lrfind.analysis.range_test.sweep_curve import FAR, PATIENCE, hopeless


def curve(tail: list[float], start: float = 2.0, seeds: int = 2) -> np.ndarray:
    return np.tile(np.concatenate([np.linspace(start, start - 1, 20), tail]), (seeds, 1))


@pytest.mark.parametrize("lost", [np.nan, np.inf, 1e6])
def test_it_fires_after_some_lost_steps_in_a_row(lost: float) -> None:
    assert hopeless(curve([lost] * PATIENCE))
    assert not hopeless(curve([lost] * (PATIENCE - 1)))
    assert not hopeless(curve([lost] * (PATIENCE - 1) + [1.0] + [lost]))


def test_one_seed_that_lives_keeps_it_going() -> None:
    loss = curve([np.nan] * PATIENCE)
    loss[1, -PATIENCE:] = 1.0
    assert not hopeless(loss)


@pytest.mark.parametrize("start", [0.0, 1.0, -5.0])
def test_losses_at_or_below_zero(start: float) -> None:
    limit = start + FAR * max(1.0, abs(start))
    assert not hopeless(curve([limit * 0.99 + start * 0.01] * PATIENCE, start=start))
    assert hopeless(curve([limit + 1] * PATIENCE, start=start))


def test_a_catapult_goes_on() -> None:
    assert not hopeless(curve([50.0] * 20))


def test_too_short_to_tell() -> None:
    assert not hopeless(np.full((1, PATIENCE), np.nan))
