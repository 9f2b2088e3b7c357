"""Tables of pyarrow's; skipped by name where it is not installed, but for the sentence that says so."""

from __future__ import annotations

import sys
import tempfile
import time
from decimal import Decimal
from io import FileIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lrfind.core.errors import InputError, RunError
from lrfind.task.data import parquet_copy, rows
from lrfind.task.data.arrays import Arrays
from lrfind.task.data.parquet import load
from lrfind.task.data.prepare import prepare

COLUMNS: dict[str, Any] = {"a": [1.0, 2.0, 3.0, 4.0], "b": [5, 6, 7, 8], "y": [0, 1, 0, 1]}


def section(path: Path, inputs: tuple[str, ...] = (), targets: Any = "y") -> Any:
    return SimpleNamespace(path=str(path), inputs=inputs, targets=(targets,) if isinstance(targets, str) else targets)


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


def test_many_columns_are_found_at_once(tmp_path: Path) -> None:
    columns = {f"c{number}": [1.0, 2.0] for number in range(4000)}
    begin = time.process_time()
    assert loaded(tmp_path, columns | {"y": [0, 1]}).inputs.shape == (2, 4000)
    assert time.process_time() - begin < 5


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


@pytest.fixture
def too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is copied, some rows at a time."""
    monkeypatch.setattr(rows, "LARGEST", 0)
    monkeypatch.setattr(parquet_copy, "BLOCK", 12)


def written(folder: Path, columns: dict[str, Any]) -> Any:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table(columns), folder / "d.parquet", row_group_size=7)
    return section(folder / "d.parquet")


MANY: dict[str, Any] = {
    "a": np.linspace(-1, 1, 30),
    "b": np.arange(30) + 2**24,  # as float64 and then as float32, as in memory
    "c": np.arange(30) % 3 == 0,
    "y": np.arange(30) % 3,
}
TEXT = [("elm", "oak", "ash")[row % 3] for row in range(30)]


@pytest.mark.parametrize("targets", [MANY["y"], TEXT, np.linspace(0, 1, 30)], ids=["labels", "text", "values"])
def test_a_copy_has_the_same_rows(targets: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = written(tmp_path, MANY | {"y": targets})
    options = {"name": "d", "loss": None, "validation_fraction": 0.2, "batch_size": 4, "seed": 0, "standardize": True}
    wanted = prepare(load(given), **options)
    monkeypatch.setattr(rows, "LARGEST", 0)
    monkeypatch.setattr(parquet_copy, "BLOCK", 12)
    arrays = load(given)
    found = prepare(arrays, **options)
    assert arrays.classes == (("ash", "elm", "oak") if targets is TEXT else None)
    assert found.streamed
    assert found.validation is not None
    assert wanted.validation is not None
    for part, other in ((found.train, wanted.train), (found.validation, wanted.validation)):
        np.testing.assert_array_equal(part.inputs[:], other.inputs)
        np.testing.assert_array_equal(part.targets[:], other.targets)


HOLES = [None if row in (13, 20) else 1.0 for row in range(30)]


@pytest.mark.usefixtures("too_large")
@pytest.mark.parametrize(
    ("columns", "key", "sentence"),
    [
        ({"b": HOLES}, "inputs", "2 empty cells, the first in row 13, column 'b' of d.parquet; "
            "leave such rows out, or fill in a value"),
        ({"y": ["x" if hole else None for hole in HOLES]}, "targets",
            "2 empty cells, the first in row 13, column 'y' of d.parquet; leave such rows out, or fill in a value"),
        ({"a": np.where(np.arange(30) == 17, np.nan, 0)}, "inputs",
            "inputs has a value that is not finite: nan in row 17, column 'a' of d.parquet; "
            "leave such rows out, or fill in a number"),
        ({"a": np.where(np.arange(30) > 17, -1e300, 0)}, "inputs",
            "inputs has 12 values that are too large for float32, the first -1e+300 in row 18, column 'a' of "
            "d.parquet; scale them down"),
        ({"y": np.where(np.arange(30) == 11, -1, 1)}, "targets",
            "labels must run from 0 to classes - 1, and one is negative: -1 in row 11, column 'y' of d.parquet"),
    ],
)  # fmt: skip
def test_refusals_of_a_copy(columns: dict[str, Any], key: str, sentence: str, tmp_path: Path) -> None:
    given = written(tmp_path, MANY | columns)
    with pytest.raises(InputError) as caught:
        prepare(load(given), name="d", loss=None, validation_fraction=0, batch_size=4, seed=0)
    assert (str(caught.value), caught.value.key) == (sentence, f"data.{key}")


@pytest.mark.usefixtures("too_large")
def test_too_many_texts_to_be_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_copy, "MOST_CLASSES", 20)
    given = written(tmp_path, MANY | {"y": [str(row) for row in range(30)]})
    with pytest.raises(InputError, match=r"column 'y' of d.parquet holds more than 20 different texts; classes or"):
        load(given)


@pytest.mark.usefixtures("too_large")
def test_a_file_that_is_damaged_far_inside(tmp_path: Path) -> None:
    given = written(tmp_path, MANY)
    path = tmp_path / "d.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 3 : len(content) // 3 + 200] = b"\xff" * 200
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"d.parquet cannot be read as parquet: .*; write it again") as caught:
        load(given)
    assert caught.value.key == "data.path"


@pytest.mark.usefixtures("too_large")
def test_no_room_for_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = written(tmp_path, MANY)
    monkeypatch.setattr(parquet_copy, "temporary_folder", lambda: tmp_path / "gone")
    with pytest.raises(RunError, match=r"no copy of the columns can be written to .*gone: .*; set TMPDIR to a folder"):
        load(given)
    if Path("/dev/full").exists():
        monkeypatch.setattr(parquet_copy, "temporary_folder", lambda: tmp_path)
        monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: FileIO("/dev/full", "w"))
        with pytest.raises(RunError, match=r"No space left on device; set TMPDIR to a folder with more room"):
            load(given)


def test_where_a_copy_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert parquet_copy.temporary_folder() == tmp_path
    monkeypatch.delenv("TMPDIR")
    assert parquet_copy.temporary_folder() in (Path("/var/tmp"), tmp_path)


@pytest.mark.parametrize("on_disk", [False, True])
def test_several_targets(on_disk: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if on_disk:
        monkeypatch.setattr(rows, "LARGEST", 0)
        monkeypatch.setattr(parquet_copy, "BLOCK", 12)
    written(tmp_path, MANY | {"z": np.arange(30) % 2})
    arrays = load(section(tmp_path / "d.parquet", ("a", "b"), ("z", "c")))
    np.testing.assert_array_equal(arrays.targets[:], np.stack([MANY["b"] % 2, MANY["c"]], axis=1))
    found = prepare(arrays, name="d", loss="binary_cross_entropy", validation_fraction=0.2, batch_size=4, seed=0)
    assert (found.kind, found.outputs) == ("binary", 2)
    written(tmp_path, MANY | {"z": TEXT})
    with pytest.raises(InputError, match=r"column 'z' of .*d.parquet holds string; numbers are needed"):
        load(section(tmp_path / "d.parquet", (), ("z", "c")))
