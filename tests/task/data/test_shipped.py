"""The shipped digits and the generated regression: their facts."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from lrfind.task.data.sets import digits, friedman


def test_digits() -> None:
    inputs, targets, *_ = digits(None)
    assert (inputs.shape, inputs.dtype) == ((1797, 8, 8), np.float32)
    assert (targets.shape, targets.dtype) == ((1797,), np.int32)
    assert (inputs.min(), inputs.max()) == (0, 1)
    assert len(np.unique(inputs)) == 17
    assert np.bincount(targets).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_digits_can_be_told_apart() -> None:
    inputs, targets, *_ = digits(None)
    flat = inputs.reshape(len(inputs), -1)
    centres = np.stack([flat[targets == label].mean(axis=0) for label in range(10)])
    nearest = ((flat[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == targets).mean() == pytest.approx(0.904, abs=0.01)


def law(inputs: np.ndarray) -> np.ndarray:
    """Friedman 1991, eq. 61."""
    x = inputs.astype(float) + 0.5
    return 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]


def test_friedman_without_noise_is_the_law() -> None:
    inputs, targets, *_ = friedman(SimpleNamespace(rows=500, features=7, noise=0.0))
    assert (inputs.shape, targets.shape) == ((500, 7), (500, 1))
    assert (inputs.dtype, targets.dtype) == (np.float32, np.float32)
    expected = law(inputs)
    np.testing.assert_allclose(targets[:, 0], (expected - expected.mean()) / expected.std(), atol=1e-5)


@pytest.mark.parametrize("noise", [1.0, 5.0])
def test_friedman_with_noise(noise: float) -> None:
    inputs, targets, *_ = friedman(SimpleNamespace(rows=4000, features=10, noise=noise))
    assert inputs.min() >= -0.5
    assert inputs.max() <= 0.5
    assert targets.mean() == pytest.approx(0, abs=1e-5)
    assert targets.var() == pytest.approx(1, abs=1e-5)
    signal = law(inputs)
    expected = signal.std() / np.hypot(signal.std(), noise)
    assert np.corrcoef(signal, targets[:, 0])[0, 1] == pytest.approx(expected, abs=0.02)
    for unused in inputs[:, 5:].T:
        assert abs(np.corrcoef(unused, targets[:, 0])[0, 1]) < 4 / np.sqrt(4000)


def test_friedman_is_always_the_same() -> None:
    section = SimpleNamespace(rows=50, features=5, noise=1.0)
    np.testing.assert_array_equal(friedman(section).targets, friedman(section).targets)
