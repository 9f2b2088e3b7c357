"""Random orders, listed and enciphered."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfind.task.data import batches
from lrfind.task.data.batches import LISTED, enciphered, permutation, shuffled

KEYS = st.integers(0, 2**32).map(lambda seed: np.random.SeedSequence(seed).generate_state(8, np.uint64))


@settings(deadline=None)
@given(rows=st.integers(2, 3000), keys=KEYS)
def test_a_cipher_is_a_permutation(rows: int, keys: np.ndarray) -> None:
    found = enciphered(np.arange(rows), rows, keys)
    np.testing.assert_array_equal(np.sort(found), np.arange(rows))


@pytest.mark.parametrize("rows", [2**16, 2**16 + 1, 100_003])
def test_places_and_rows_of_a_cipher_are_independent(rows: int) -> None:
    """Means over many keys, against those of a random permutation."""
    order = (
        np.stack(
            [
                enciphered(np.arange(200), rows, np.random.SeedSequence(seed).generate_state(8, np.uint64))
                for seed in range(400)
            ]
        ).astype(float)
        / rows
    )
    assert abs(order.mean() - 0.5) < 4 / np.sqrt(12 * order.size)
    assert np.abs(order.mean(axis=0) - 0.5).max() < 5 / np.sqrt(12 * 400)
    neighbours = np.corrcoef(order[:, :-1].ravel(), order[:, 1:].ravel())[0, 1]
    assert abs(neighbours) < 4 / np.sqrt(order.size)
    counts = np.histogram(order, bins=50, range=(0, 1))[0]
    expected = order.size / 50
    assert ((counts - expected) ** 2 / expected).sum() < 49 + 4 * np.sqrt(2 * 49)


def test_any_part_of_an_order_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for listed in (LISTED, 10):
        monkeypatch.setattr(batches, "LISTED", listed)
        whole = shuffled(1000, 0, 1000, 7, 3)
        assert whole.dtype == np.int32
        np.testing.assert_array_equal(np.sort(whole), np.arange(1000))
        np.testing.assert_array_equal(shuffled(1000, 400, 444, 7, 3), whole[400:444])
        assert (shuffled(1000, 0, 1000, 7, 4) != whole).mean() > 0.9


def test_orders_of_few_rows_are_listed() -> None:
    np.testing.assert_array_equal(shuffled(LISTED, 5, 9, 1, 2), permutation(LISTED, 1, 2)[5:9])


def test_an_order_of_more_rows_than_any_memory_holds() -> None:
    found = shuffled(10**13, 10**12, 10**12 + 1000, 0)
    assert found.dtype == np.int64
    assert len(np.unique(found)) == 1000
    assert found.min() >= 0
    assert found.max() < 10**13
