"""Tables of pyarrow's; skipped by name where it is not installed, but for the sentence that says so."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lrfind.data.arrays import Arrays
from lrfind.data.parquet import load
from lrfind.data.prepare import prepare
from lrfind.errors import InputError

COLUMNS: dict[str, Any] = {"a": [1.0, 2.0, 3.0, 4.0], "b": [5, 6, 7, 8], "y": [0, 1, 0, 1]}


def section(path: Path, inputs: tuple[str, ...] = (), targets: str = "y") -> Any:
    return SimpleNamespace(path=str(path), inputs=inputs, targets=targets)


def loaded(folder: Path, columns: dict[str, Any], *chosen: Any) -> Arrays:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table(columns), folder / "d.parquet")
    return load(section(folder / "d.parquet", *chosen))


def refusal(folder: Path, columns: dict[str, Any], *chosen: Any) -> tuple[str, str | None]:
    with pytest.raises(InputError) as caught:
        loaded(folder, columns, *chosen)
    return str(caught.value).replace(str(folder), "HERE"), caught.value.key


def test_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError) as caught:
        load(section(tmp_path / "d.parquet"))
    expected = "parquet needs pyarrow, which is not installed; install it with: pip install pyarrow"
    assert (str(caught.value), caught.value.key) == (expected, "data.name")


def test_all_columns_but_the_target(tmp_path: Path) -> None:
    arrays = loaded(tmp_path, COLUMNS)
    assert arrays.inputs.tolist() == [[1, 5], [2, 6], [3, 7], [4, 8]]
    assert arrays.targets.tolist() == [0, 1, 0, 1]


def test_chosen_columns_in_their_order(tmp_path: Path) -> None:
    arrays = loaded(tmp_path, COLUMNS | {"city": ["x"] * 4}, ("b", "y"), "a")
    assert arrays.inputs.tolist() == [[5, 0], [6, 1], [7, 0], [8, 1]]
    assert arrays.targets.tolist() == [1, 2, 3, 4]


def test_kinds_of_numbers(tmp_path: Path) -> None:
    columns = {
        "flag": [True, False, True, True],
        "price": [Decimal("1.25"), Decimal("2.5"), Decimal("0"), Decimal("-3")],
        "half": np.array([1, 2, 3, 4], np.float16),
        "y": np.array([1.5, 2, 3, 4], np.float32),
    }
    arrays = loaded(tmp_path, columns)
    assert arrays.inputs.tolist() == [[1, 1.25, 1], [0, 2.5, 2], [1, 0, 3], [1, -3, 4]]
    small = loaded(tmp_path, {"a": np.ones(4, np.float32), "y": np.ones(4, np.float32)})
    assert (small.inputs.dtype, small.targets.dtype) == (np.float32, np.float32)


@pytest.mark.parametrize("categories", [False, True])
def test_text_becomes_classes_in_sorted_order(categories: bool, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    text = pyarrow.array(["oak", "ash", "oak", "elm"])
    arrays = loaded(tmp_path, COLUMNS | {"y": text.dictionary_encode() if categories else text})
    assert arrays.classes == ("ash", "elm", "oak")
    assert arrays.targets.tolist() == [2, 0, 2, 1]


# The columns; those chosen; the key; the sentence.
REFUSED: dict[str, tuple[dict[str, Any], tuple[Any, ...], str, str]] = {
    "no such target": (COLUMNS, ((), "Y"), "targets",
        "HERE/d.parquet has no column 'Y' (did you mean 'y'?); it has a, b, y"),
    "no such input": (COLUMNS, (("a", "z"),), "inputs.1",
        "HERE/d.parquet has no column 'z'; it has a, b, y"),
    "text": (COLUMNS | {"b": ["x"] * 4}, (), "inputs",
        "column 'b' of HERE/d.parquet holds string; numbers are needed; name the columns of numbers"),
    "lists": (COLUMNS | {"y": [[1], [2], [3], [4]]}, (), "targets", None),
    "an empty cell": (COLUMNS | {"b": [5, None, 7, 8]}, (), "inputs",
        "nothing in row 1, column 'b' of d.parquet; leave such rows out, or fill in a value"),
    "empty cells": (COLUMNS | {"y": ["oak", "ash", None, None]}, (), "targets",
        "2 empty cells, the first in row 2, column 'y' of d.parquet; leave such rows out, or fill in a value"),
    "no rows": ({"a": np.ones(0), "y": np.ones(0)}, (), "path", "HERE/d.parquet names columns and has no rows"),
}  # type: ignore[dict-item]  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case: str, tmp_path: Path) -> None:
    columns, chosen, key, sentence = REFUSED[case]
    said, at = refusal(tmp_path, columns, *chosen)
    assert at == f"data.{key}"
    if sentence is None:
        assert said.startswith("column 'y' of HERE/d.parquet holds list<")
        assert said.endswith("; numbers or text are needed")
    else:
        assert said == sentence


def test_what_is_found_later_is_named_by_its_cell(tmp_path: Path) -> None:
    arrays = loaded(tmp_path, COLUMNS | {"a": [1.0, 2.0, np.nan, 4.0]})
    with pytest.raises(InputError) as caught:
        prepare(arrays, name="d", loss=None, validation_fraction=0, batch_size=2, seed=0)
    assert "nan in row 2, column 'a' of d.parquet" in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "d.parquet"
    with pytest.raises(InputError, match=r"there is no file .*d\.parquet"):
        load(section(path))
    for content in (b"", b"a,b\n1,2\n", b"PAR1" + b"x" * 40 + b"PAR1"):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"cannot be read as parquet: .*; write it again") as caught:
            load(section(path))
        assert caught.value.key == "data.path"
    loaded(tmp_path, COLUMNS)
    whole = path.read_bytes()
    for end in range(0, len(whole), 37):
        path.write_bytes(whole[:end])
        with pytest.raises(InputError):
            load(section(path))
