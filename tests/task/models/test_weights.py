"""Starting weights: their distribution, and what fixes them."""

from __future__ import annotations

import numpy as np
import pytest

from lrfind.task.models.layers import affine_init, biased, generator, he_normal

KEY = np.array([1, 2], np.uint32)


@pytest.mark.parametrize("fan_in", [200, 800])
def test_he_normal(fan_in: int) -> None:
    weight = he_normal(generator(KEY), fan_in, 500)
    assert (weight.shape, weight.dtype) == ((fan_in, 500), np.float32)
    spread, many = np.sqrt(2 / fan_in), weight.size
    z = weight.ravel() / spread
    assert abs(z.mean()) < 4 / np.sqrt(many)
    assert z.std() == pytest.approx(1, abs=4 / np.sqrt(2 * many))
    assert (np.abs(z) > 1.96).mean() == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / many))


def test_biases_are_zero() -> None:
    layer = affine_init(generator(KEY), 3, 4)
    assert layer["bias"].tolist() == [0, 0, 0, 0]
    assert layer["bias"].dtype == np.float32


def test_there_is_no_bias_before_batch_norm() -> None:
    assert biased("batch", 3) == {}
    for norm in ("none", "layer", "group"):
        assert biased(norm, 3)["bias"].tolist() == [0, 0, 0]
