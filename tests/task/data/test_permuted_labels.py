"""Labels dealt out anew among the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfind.task.data.batches import permuted_labels


@given(st.integers(2, 5), st.integers(2, 20), st.integers(2, 6))
def test_labels_stay_as_frequent_and_inputs_where_they_are(batches: int, rows: int, classes: int) -> None:
    rng = np.random.default_rng(rows)
    given_ = [(rng.normal(size=(rows, 3)), rng.integers(0, classes, rows)) for _ in range(batches)]
    found = permuted_labels(given_)
    if found is None:
        assert len(np.unique([labels for _, labels in given_])) == 1
        return
    for (inputs, _), (kept, anew) in zip(given_, found, strict=True):
        assert kept is inputs
        assert anew.shape == (rows,)
    before, after = (np.concatenate([labels for _, labels in each]) for each in (given_, found))
    np.testing.assert_array_equal(np.sort(before), np.sort(after))


def test_a_batch_of_one_label_gets_others() -> None:
    """Batches sorted by label would stay as they are if each were dealt by itself."""
    found = permuted_labels([(np.zeros((50, 2)), np.full(50, label)) for label in (0, 1)])
    assert found is not None
    assert all(0.2 < labels.mean() < 0.8 for _, labels in found)


@pytest.mark.parametrize(
    "batch",
    [
        np.zeros((4, 2)),
        {"x": np.zeros((4, 2)), "y": np.arange(4)},
        (np.zeros((4, 2)), np.arange(4), np.arange(4)),
        (np.zeros((4, 2)), np.arange(4.0)),
        (np.zeros((4, 2)), np.arange(8).reshape(4, 2)),
        (np.zeros((3, 2)), np.arange(4)),
        ({"a": np.zeros((4, 2))}, np.arange(4)),
        (np.zeros((4, 2)), np.ones(4, np.int32)),
    ],
    ids=["alone", "named", "three", "numbers", "tokens", "other rows", "several inputs", "one label"],
)
def test_what_is_no_pair_of_rows_and_labels_is_left_alone(batch: Any) -> None:
    assert permuted_labels([batch]) is None


def test_no_batches() -> None:
    assert permuted_labels([]) is None
