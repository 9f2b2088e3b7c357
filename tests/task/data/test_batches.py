"""Rows and keys of steps: functions of seed and step alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfind.task.data.batches import KEY_BLOCK, Batches, weight_key

sizes = st.integers(1, 60).flatmap(lambda rows: st.tuples(st.just(rows), st.integers(1, rows)))
cuts = st.lists(st.integers(0, 90), min_size=3, max_size=3, unique=True).map(sorted)


@settings(deadline=None)
@given(sizes=sizes, seed=st.integers(0, 2**31 - 1), lane=st.integers(0, 63))
def test_an_epoch_visits_every_row_of_its_whole_batches_once(sizes: tuple[int, int], seed: int, lane: int) -> None:
    rows, batch_size = sizes
    per_epoch = rows // batch_size
    picked = Batches(rows, batch_size, 1, seed).indices(lane, 0, 3 * per_epoch)
    assert (picked.dtype, picked.shape) == (np.int32, (3 * per_epoch, batch_size))
    assert picked.min() >= 0
    assert picked.max() < rows
    for epoch in picked.reshape(3, -1):
        assert len(np.unique(epoch)) == per_epoch * batch_size


def test_epochs_seeds_and_runs_are_shuffled_differently() -> None:
    def order(seed: int, lane: int, epoch: int) -> list[int]:
        found: list[int] = Batches(50, 50, 1, seed).indices(lane, epoch, epoch + 1)[0].tolist()
        return found

    orders = [order(0, 0, 0), order(0, 0, 1), order(0, 1, 0), order(1, 0, 0), list(range(50))]
    assert all(sorted(one) == orders[-1] for one in orders)
    assert len({tuple(one) for one in orders}) == 5


def test_every_row_is_equally_likely_to_be_left_out() -> None:
    picked = Batches(10, 8, 1, 0).indices(0, 0, 2000)
    share = np.bincount(picked.ravel(), minlength=10) / 2000
    np.testing.assert_allclose(share, 0.8, atol=4 * np.sqrt(0.8 * 0.2 / 2000))


@settings(deadline=None)
@given(sizes=sizes, accumulate=st.integers(1, 4), cuts=cuts)
def test_steps_can_be_drawn_in_any_portions(sizes: tuple[int, int], accumulate: int, cuts: list[int]) -> None:
    batches = Batches(*sizes, accumulate, seed=3)
    a, b, c = cuts
    whole = batches.indices(1, a, c)
    np.testing.assert_array_equal(np.concatenate([batches.indices(1, a, b), batches.indices(1, b, c)]), whole)
    assert whole.shape == (c - a, *((accumulate,) if accumulate > 1 else ()), sizes[1])


@settings(deadline=None)
@given(cuts=st.lists(st.integers(0, 3 * KEY_BLOCK), min_size=3, max_size=3, unique=True).map(sorted))
def test_keys_can_be_drawn_in_any_portions(cuts: list[int]) -> None:
    batches = Batches(10, 2, 1, seed=3)
    a, b, c = cuts
    whole = batches.keys(1, a, c)
    assert (whole.dtype, whole.shape) == (np.uint32, (c - a, 2))
    np.testing.assert_array_equal(np.concatenate([batches.keys(1, a, b), batches.keys(1, b, c)]), whole)


def test_keys_differ() -> None:
    keys = [Batches(10, 2, 1, seed).keys(lane, 0, 1500) for seed in (0, 1) for lane in (0, 1)]
    assert len(np.unique(np.concatenate(keys), axis=0)) == 6000


@settings(deadline=None)
@given(sizes=sizes, accumulate=st.integers(1, 4))
def test_a_step_of_several_batches_has_the_rows_of_a_large_one(sizes: tuple[int, int], accumulate: int) -> None:
    rows, size = sizes
    parts = Batches(rows, size, accumulate, 0).indices(0, 0, 9).reshape(9, -1)
    if size * accumulate <= rows:
        np.testing.assert_array_equal(parts, Batches(rows, size * accumulate, 1, 0).indices(0, 0, 9))
    else:
        single = Batches(rows, size, 1, 0).indices(0, 0, 9 * accumulate)
        np.testing.assert_array_equal(parts.reshape(-1, size), single)


def test_batches_and_weights_do_not_share_random_numbers() -> None:
    weights = {tuple(weight_key(seed, lane)) for seed in range(20) for lane in range(20)}
    assert len(weights) == 400
    keys = {tuple(key) for seed in range(20) for lane in range(20) for key in Batches(4, 1, 1, seed).keys(lane, 0, 4)}
    assert len(keys) == 1600
    assert not weights & keys
