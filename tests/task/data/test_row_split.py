"""Rows to train on and rows held out, against numpy's indices."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfind.task.data.row_split import RowSplit, draw_held_out


@settings(deadline=None)
@given(rows=st.integers(1, 3000), share=st.floats(0, 1), seed=st.integers(0, 99), dtype=st.sampled_from(["i4", "i8"]))
def test_both_parts_of_a_split(rows: int, share: float, seed: int, dtype: str) -> None:
    mask = np.random.default_rng(seed).random(rows) >= share
    split = RowSplit(rows, np.flatnonzero(~mask).astype(dtype))
    parts = ((split.train, split.train_count, mask), (split.held_out, split.held_out_count, ~mask))
    for numbers, count, wanted in parts:
        expected = np.flatnonzero(wanted)
        assert count == len(expected)
        np.testing.assert_array_equal(numbers(np.arange(count)), expected)
        places = np.random.default_rng(seed).permutation(count)[:50]
        np.testing.assert_array_equal(numbers(places), expected[places])
    for part in (slice(0, rows), slice(rows // 3, rows // 2), slice(rows - 1, rows)):
        np.testing.assert_array_equal(split.is_train(part), mask[part])


def test_it_takes_four_bytes_a_held_out_row() -> None:
    rows = 10**6
    held_out = draw_held_out(rows, None, 0.2, 0)
    assert held_out.nbytes == 4 * 0.2 * rows
    split = RowSplit(rows, held_out)
    assert sum(part.nbytes for part in vars(split).values() if isinstance(part, np.ndarray)) == held_out.nbytes
