"""Rows read from a file against the same rows in memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lrfind.core.errors import RunError
from lrfind.task.data import rows as rows_module
from lrfind.task.data.rows import LazyRows, convert_rows, stored_rows

ARRAY = np.arange(600).reshape(50, 4, 3)


def written(path: Path, array: Any) -> LazyRows:
    path.write_bytes(b"head." + array.tobytes())
    return stored_rows(path.open("rb", buffering=0), str(path), 5, array.shape, array.dtype)


@pytest.fixture(params=[1, 7, 2**18])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_module, "BLOCK", request.param)


@pytest.mark.usefixtures("block")
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


@pytest.mark.usefixtures("block")
def test_converted_rows(tmp_path: Path) -> None:
    rows = written(tmp_path / "a", ARRAY)
    expected = ARRAY.sum(axis=2) / 2
    for source in (rows, ARRAY):
        converted = convert_rows(source, lambda block: block.sum(axis=2) / 2, (4,), np.float64)
        assert (converted.shape, converted.dtype) == (expected.shape, expected.dtype)
        for key in (slice(None), slice(2, 5), np.array([[5, 0]]), (3, 1)):
            np.testing.assert_array_equal(converted[key], expected[key])


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
    (tmp_path / "a").write_bytes(ARRAY.tobytes())
    file = (tmp_path / "a").open("rb", buffering=0)
    rows = stored_rows(file, "a", 0, ARRAY.shape, ARRAY.dtype)
    assert not file.closed
    del rows
    assert file.closed


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file of Linux that opens and cannot be read")
def test_a_file_that_cannot_be_read() -> None:
    with Path("/proc/self/mem").open("rb", buffering=0) as file:
        rows = stored_rows(file, "HERE", 0, (9,), np.uint8)
        with pytest.raises(RunError, match="HERE cannot be read: Input/output error"):
            rows[:]
