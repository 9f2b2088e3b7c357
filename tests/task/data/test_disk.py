"""Rows read from a file against the same rows in memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lrfind.core.errors import RunError
from lrfind.task.data import disk
from lrfind.task.data.disk import Disk
from lrfind.task.data.rows import Converted, Picked
from lrfind.task.data.selection import Selection

ARRAY = np.arange(600).reshape(50, 4, 3)


def written(path: Path, array: Any) -> Disk:
    path.write_bytes(b"head." + array.tobytes())
    return Disk.at(path, 5, array.shape, array.dtype)


@pytest.fixture(params=["places", "turns"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "turns":
        monkeypatch.delattr(os, "preadv", raising=False)
    monkeypatch.setattr(disk, "AT_ONCE", 7)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("dtype", ["f4", ">f8", "f2", "u1", "?", "<i8"])
def test_rows_are_those_of_the_array(dtype: str, tmp_path: Path) -> None:
    array = ARRAY.astype(dtype)
    rows = written(tmp_path / "a", array)
    assert (rows.shape, rows.dtype, rows.ndim, rows.size, len(rows), rows.nbytes) == ((50, 4, 3), dtype, 3, 600, 50, 0)
    for key in (slice(None), slice(3, 9), slice(9, 3), slice(45, 99), np.array([7, 0, 7]), np.array([[1, 2], [49, 3]])):
        found = rows[key]
        np.testing.assert_array_equal(found, array[key])
        assert found.dtype == array.dtype
    assert rows[3, 2, 1] == array[3, 2, 1]


def test_rows_that_are_single_numbers(tmp_path: Path) -> None:
    rows = written(tmp_path / "a", ARRAY[:, 0, 0])
    np.testing.assert_array_equal(rows[np.array([3, 1])], ARRAY[[3, 1], 0, 0])
    assert rows[4] == ARRAY[4, 0, 0]


def test_chosen_and_converted(tmp_path: Path) -> None:
    rows = written(tmp_path / "a", ARRAY)
    mask = np.arange(50) % 3 == 0
    choice = Selection.of(50, [(slice(0, 50), np.flatnonzero(mask))])
    found = Picked(Converted(rows, lambda block: block.sum(axis=2) / 2, (4,), np.float64), choice)
    expected = ARRAY[mask].sum(axis=2) / 2
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(found[:], expected)
    np.testing.assert_array_equal(found[2:5], expected[2:5])
    np.testing.assert_array_equal(found[np.array([[5, 0]])], expected[[[5, 0]]])


def test_a_file_that_becomes_shorter(tmp_path: Path) -> None:
    path = tmp_path / "a"
    rows = written(path, ARRAY)
    os.truncate(path, 100)
    with pytest.raises(RunError, match=r"a has become shorter while it was read; leave it alone while lrfind runs"):
        rows[:]


def test_a_file_that_is_gone_stays_open(tmp_path: Path) -> None:
    path = tmp_path / "a"
    rows = written(path, ARRAY)
    path.unlink()
    np.testing.assert_array_equal(rows[:], ARRAY)


def test_it_is_closed_with_its_rows(tmp_path: Path) -> None:
    rows = written(tmp_path / "a", ARRAY)
    descriptor = rows._descriptor
    del rows
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
