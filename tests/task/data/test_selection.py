"""Choices of rows, a bit each, against numpy's indices."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfind.task.data.selection import Selection


def chosen(mask: np.ndarray, step: int = 800) -> Selection:
    parts = [slice(start, min(start + step, len(mask))) for start in range(0, len(mask), step)]
    return Selection.of(len(mask), ((part, part.start + np.flatnonzero(mask[part])) for part in parts))


@settings(deadline=None)
@given(rows=st.integers(1, 3000), share=st.floats(0, 1), seed=st.integers(0, 99))
def test_chosen_rows_and_all_others(rows: int, share: float, seed: int) -> None:
    mask = np.random.default_rng(seed).random(rows) < share
    for choice, wanted in ((chosen(mask), mask), (chosen(mask).rest(), ~mask)):
        expected = np.flatnonzero(wanted)
        assert choice.count == len(expected)
        np.testing.assert_array_equal(choice.numbers(np.arange(choice.count)), expected)
        places = np.random.default_rng(seed).permutation(choice.count)[:50]
        np.testing.assert_array_equal(choice.numbers(places), expected[places])
        for part in (slice(0, rows), slice(rows // 3, rows // 2), slice(rows - 1, rows)):
            np.testing.assert_array_equal(choice.within(part), wanted[part])


def test_it_takes_an_eighth_of_a_byte_a_row() -> None:
    rows = 10**6
    choice = chosen(np.arange(rows) % 5 == 0, step=8 * 10**4)
    assert choice.bits.nbytes < 1.001 * rows / 8
    np.testing.assert_array_equal(choice.numbers(np.arange(0, choice.count, 7)), np.arange(0, rows, 35))
