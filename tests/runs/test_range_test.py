"""The range test: when it goes on, and when it ends."""

from __future__ import annotations

import numpy as np
import pytest

from lrfind.analysis.range_test.curve import combine, divergence
from lrfind.analysis.range_test.sweep_curve import PATIENCE
from lrfind.core.dataset import Floats
from lrfind.engine.train_loop import TrainLoop
from lrfind.runs.range_test import run_pass
from tests.support.tasks import BOUND, closed_form, losses, quadratic, quadratic_starts, walk, walk_starts

CHUNK = 5
NONE = np.empty(0)


@pytest.fixture(scope="module")
def square() -> TrainLoop:
    return quadratic(chunk=CHUNK)


@pytest.fixture(scope="module")
def noisy() -> TrainLoop:
    return walk(chunk=CHUNK)


def climb(train_loop: TrainLoop, ladder: Floats, beyond: Floats = NONE) -> Floats:
    return losses(run_pass(train_loop, quadratic_starts(2), ladder, beyond))


def test_a_sweep_follows_its_ladder(square: TrainLoop) -> None:
    ladder = np.geomspace(1e-3, 0.15, 12)
    found = climb(square, ladder)
    np.testing.assert_allclose(found, [closed_form(ladder)] * 2, rtol=1e-5)


def test_an_extension_is_the_same_run(noisy: TrainLoop) -> None:
    rates = np.geomspace(1e-3, 0.1, 24)
    extended = losses(run_pass(noisy, walk_starts(3), rates[:12], rates[12:]))
    long = losses(run_pass(noisy, walk_starts(3), rates, NONE))
    assert long.shape == (3, 24)
    np.testing.assert_array_equal(extended, long)


def test_chunks_are_numbered_through(square: TrainLoop) -> None:
    rates = np.geomspace(1e-3, 0.1, 16)
    assert [chunk.start for chunk in run_pass(square, quadratic_starts(1), rates[:7], rates[7:])] == [0, 5, 7, 12]


def test_a_sweep_never_goes_past_its_extension(square: TrainLoop) -> None:
    assert climb(square, np.geomspace(1e-6, 1e-5, 10), np.geomspace(1e-5, 1e-4, 9)[1:]).shape == (2, 18)


def test_a_hopeless_sweep_ends_early(square: TrainLoop) -> None:
    ladder = np.geomspace(1e-2, 1e3, 60)
    found = climb(square, ladder, np.geomspace(1e3, 1e4, 10))
    expected = closed_form(ladder)
    first = int(np.argmax(expected > 101 * expected[0]))
    assert first + PATIENCE <= found.shape[1] <= first + PATIENCE + 2 * CHUNK < 60


def test_a_sweep_that_has_diverged_by_its_end_is_not_extended(noisy: TrainLoop) -> None:
    ladder = np.geomspace(1e-3, 1.8 * BOUND, 40)
    found = losses(run_pass(noisy, walk_starts(2), ladder, np.geomspace(1.8 * BOUND, 1, 20)[1:]))
    assert found.shape == (2, 40)
    assert (found.min() < found[:, 0] / 2).all()
    assert (found[:, -1] > found[:, 0] / 2).all()


def test_an_extension_ends_when_the_loss_has_diverged(noisy: TrainLoop) -> None:
    ladder, beyond = np.geomspace(1e-3, BOUND / 2, 20), np.geomspace(BOUND / 2, 100 * BOUND, 100)[1:]
    found = losses(run_pass(noisy, walk_starts(2), ladder, beyond))
    rates = np.concatenate([ladder, beyond])[: found.shape[1]]
    assert BOUND < rates[-1] < 2 * BOUND
    assert divergence(combine(found)) is not None
    assert divergence(combine(found[:, :-CHUNK])) is None


def test_one_seed_that_comes_back_keeps_a_sweep_alive(square: TrainLoop) -> None:
    lost = quadratic_starts(1)[0]
    lost = lost._replace(params=np.array([np.nan, np.nan], np.float32))
    found = losses(run_pass(square, [lost, *quadratic_starts(2)], np.geomspace(1e-3, 0.1, 20), NONE))
    assert found.shape == (3, 20)
    alone = losses(run_pass(square, [lost], np.geomspace(1e-3, 0.1, 20), NONE))
    assert alone.shape == (1, 10)
