"""Dropout: its statistics, its masks, and that evaluation has none."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from lrfind.task.models.layers import LEVELS, dropout

KEY = np.array([7, 8], np.uint32)
ONES = np.ones((301, 101), np.float32)


def masks(rate: float = 0.3, key: Any = KEY, site: int = 0) -> Any:
    return np.asarray(dropout(ONES, rate, key, site, True))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_a_share_is_zero_and_the_mean_stays(rate: float) -> None:
    found = masks(rate)
    deviation = np.sqrt(rate * (1 - rate) / ONES.size)
    assert (found == 0).mean() == pytest.approx(rate, abs=4 * deviation)
    assert found.max() == pytest.approx(1 / (1 - rate), rel=1e-3)
    assert len(np.unique(found)) == 2
    assert found.mean() == pytest.approx(1, abs=4 * deviation / (1 - rate))
    for axis in (0, 1):  # no row and no column is spared
        spread = np.sqrt(rate * (1 - rate) / ONES.shape[1 - axis]) if axis == 0 else np.sqrt(rate * (1 - rate) / 301)
        assert (found == 0).mean(axis=1 - axis).std() == pytest.approx(spread, rel=0.4)


def test_masks_are_fixed_by_key_and_site_and_differ_otherwise() -> None:
    first = masks()
    np.testing.assert_array_equal(first, masks())
    others = [masks(site=1), masks(key=np.array([8, 8], np.uint32)), masks(key=np.array([7, 9], np.uint32))]
    others.append(masks(key=KEY + np.uint32(1), site=0))  # the second micro-batch of a step
    for other in others:
        agree = ((first == 0) == (other == 0)).mean()
        assert agree == pytest.approx(0.3**2 + 0.7**2, abs=0.02)
    halves = np.concatenate([first.ravel(), [0]])[: first.size + 1].reshape(2, -1)  # of one random word each
    assert ((halves[0] == 0) == (halves[1] == 0)).mean() == pytest.approx(0.58, abs=0.02)


def test_evaluation_and_a_rate_of_nothing_leave_all_as_it_is() -> None:
    assert dropout(ONES, 0.5, None, 0, False) is ONES
    assert dropout(ONES, 0.0, None, 0, True) is ONES
    assert dropout(ONES, 0.4 / LEVELS, None, 0, True) is ONES


def test_infinities_that_are_dropped_do_no_harm() -> None:
    wild = np.full(100, np.inf, np.float32)
    assert set(np.asarray(dropout(wild, 0.5, KEY, 0, True)).tolist()) == {0.0, np.inf}


def test_lanes_side_by_side_have_the_masks_that_each_has_alone() -> None:
    keys = np.array([[1, 2], [3, 4]], np.uint32)
    together = jax.vmap(lambda key: dropout(ONES[:9], 0.3, key, 2, True))(keys)
    for key, found in zip(keys, together, strict=True):
        np.testing.assert_array_equal(found, dropout(ONES[:9], 0.3, key, 2, True))
