"""Tables as text: what is read of them, and the exact sentence of every one that cannot be learnt from."""

from __future__ import annotations

import csv
import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfind.core.dataset import Dataset
from lrfind.core.errors import InputError
from lrfind.task.data.arrays import Arrays
from lrfind.task.data.csv_ import load
from lrfind.task.data.prepare import prepare

SMALL = "a,b,y\n1,2.5,0\n3,-4e-1,1\n5,6,0\n7,8,1\n"


def section(path: Path, inputs: tuple[str, ...] = (), targets: str | tuple[str, ...] = "y") -> Any:
    return SimpleNamespace(path=str(path), inputs=inputs, targets=(targets,) if isinstance(targets, str) else targets)


def loaded(folder: Path, content: str | bytes, *columns: Any) -> Arrays:
    path = folder / "d.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load(section(path, *columns))


def refusal(folder: Path, content: str | bytes, *columns: Any) -> tuple[str, str | None]:
    with pytest.raises(InputError) as caught:
        loaded(folder, content, *columns)
    return str(caught.value).replace(str(folder), "HERE"), caught.value.key


def made(arrays: Arrays, loss: str | None = None) -> Dataset:
    return prepare(arrays, name="d", loss=loss, validation_fraction=0, batch_size=2, seed=0)


def test_all_columns_but_the_target(tmp_path: Path) -> None:
    arrays = loaded(tmp_path, SMALL)
    assert arrays.inputs.tolist() == [[1, 2.5], [3, -0.4], [5, 6], [7, 8]]
    assert arrays.targets.tolist() == [0, 1, 0, 1]
    assert arrays.targets.dtype == np.int64
    assert made(arrays).kind == "classification"


def test_chosen_columns_in_their_order(tmp_path: Path) -> None:
    arrays = loaded(tmp_path, "a,name,b,y\n1,x,2,0.5\n3,y,4,1\n", ("b", "a"))
    assert arrays.inputs.tolist() == [[2, 1], [4, 3]]
    assert arrays.targets.tolist() == [0.5, 1]
    assert made(arrays).kind == "regression"
    assert loaded(tmp_path, SMALL, ("b",), "a").inputs.tolist() == [[2.5], [-0.4], [6], [8]]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_other_separators(mark: str, tmp_path: Path) -> None:
    assert loaded(tmp_path, SMALL.replace(",", mark)).inputs.tolist()[0] == [1, 2.5]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + SMALL.encode(),
        SMALL.replace("\n", "\r\n").encode(),
        SMALL.rstrip().encode(),
        SMALL.replace(",", ", ").encode(),
        (SMALL + "\n,,\n\n").encode(),
        SMALL.replace("5,6", '"5","6"').encode(),
    ],
    ids=["byte order mark", "Windows", "no last line end", "spaces", "empty lines", "quotes"],
)
def test_forms_of_the_same_table(content: bytes, tmp_path: Path) -> None:
    first, second = loaded(tmp_path, SMALL), loaded(tmp_path, content)
    np.testing.assert_array_equal(first.inputs, second.inputs)
    np.testing.assert_array_equal(first.targets, second.targets)


def test_text_becomes_classes_in_sorted_order(tmp_path: Path) -> None:
    arrays = loaded(tmp_path, 'a,y\n1,oak\n2, ash \n3,"elm, wych"\n4,oak\n')
    assert arrays.classes == ("ash", "elm, wych", "oak")
    assert arrays.targets.tolist() == [2, 0, 1, 2]
    assert (made(arrays).kind, made(arrays).outputs) == ("classification", 3)
    with pytest.raises(InputError) as caught:
        made(arrays, "mse")
    assert caught.value.key == "loss"
    assert str(caught.value) == (
        "mse needs numbers, and the targets are text (ash, elm, wych, oak); use cross_entropy, or leave loss out"
    )
    with pytest.raises(InputError) as caught:
        made(arrays, "binary_cross_entropy")
    assert str(caught.value) == (
        "binary_cross_entropy has two classes, and the targets are 3 (ash, elm, wych, oak); use cross_entropy"
    )
    two = made(loaded(tmp_path, "a,y\n1,no\n2,yes\n3,no\n"), "binary_cross_entropy")
    assert two.train.targets.tolist() == [[0], [1], [0]]


# The table; the columns; the key; the sentence.
REFUSED: dict[str, tuple[str | bytes, tuple[Any, ...], str, str]] = {
    "empty": ("", (), "path", "the first line of HERE/d.csv is empty; it must name the columns"),
    "blank": ("\n\n", (), "path", "the first line of HERE/d.csv is empty; it must name the columns"),
    "no header": ("1,2,0\n3,4,1\n", (), "path",
        "the first line of HERE/d.csv holds numbers; it must name the columns"),
    "no rows": ("a,b,y\n", (), "path", "HERE/d.csv names columns and has no rows"),
    "no such target": (SMALL, ((), "Y"), "targets",
        "HERE/d.csv has no column 'Y' (did you mean 'y'?); it has a, b, y"),
    "no such input": ("width,height,y\n1,2,3\n", (("width", "heigth"),), "inputs.1",
        "HERE/d.csv has no column 'heigth' (did you mean 'height'?); it has width, height, y"),
    "many columns": (",".join(f"c{i}" for i in range(30)) + "\n", (), "targets",
        f"HERE/d.csv has no column 'y'; it has {', '.join(f'c{i}' for i in range(20))} and 10 more"),
    "the target as an input": (SMALL, (("a", "y"),), "inputs.1",
        "'y' is a target, and no input beside it; take it out"),
    "an input twice": (SMALL, (("a", "a"),), "inputs.1", "'a' is named twice; once is enough"),
    "a name twice": ("a,a,y\n1,2,0\n", (), "inputs",
        "HERE/d.csv has 2 columns called 'a'; give each a name of its own"),
    "a nameless column": (",a,y\n0,1,0\n", (), "inputs",
        "column 1 of HERE/d.csv has no name (row numbers that were saved along?); name those that are inputs in "
        "data.inputs, or write the file without it"),
    "nothing but the target": ("y\n1\n2\n", (), "path", "HERE/d.csv has no column beside 'y' to learn from"),
    "too few cells": ("a,b,y\n1,2,0\n\n1,2\n", (), "path",
        "line 4 of HERE/d.csv has 2 cells, and the first line names 3 columns; they must agree "
        "(put text with a separator in it in quotes)"),
    "too many cells": ("a,b,y\n1,2,0,\n", (), "path",
        "line 2 of HERE/d.csv has 4 cells, and the first line names 3 columns; they must agree "
        "(put text with a separator in it in quotes)"),
    "text": ("a,city,y\n1,Rome,0\n", (), "inputs",
        "'Rome' in line 2, column 'city' of HERE/d.csv; inputs must be numbers: "
        "leave such rows out, or fill in a number, or name the columns of numbers"),
    "text in a chosen column": ("a,city,y\n1,1,0\n2,NA,0\n", (("a", "city"),), "inputs",
        "'NA' in line 3, column 'city' of HERE/d.csv; inputs must be numbers: "
        "leave such rows out, or fill in a number, or take that column out"),
    "an empty cell": ("a,b,y\n1,2,0\n3,,1\n", (), "inputs",
        "nothing in line 3, column 'b' of HERE/d.csv; inputs must be numbers: "
        "leave such rows out, or fill in a number, or name the columns of numbers"),
    "after a cell of two lines": ('a,b,c,y\n1,2,"x\ny",0\n3,z,w,1\n', (("a", "b"),), "inputs",
        "'z' in line 4, column 'b' of HERE/d.csv; inputs must be numbers: "
        "leave such rows out, or fill in a number, or take that column out"),
    "long text": (f"a,y\n{'x' * 99},0\n", (), "inputs",
        f"'{'x' * 37}...' in line 2, column 'a' of HERE/d.csv; inputs must be numbers: "
        "leave such rows out, or fill in a number, or name the columns of numbers"),
    "mixed targets": ("a,y\n1,5\n2,5\n3,n/a\n", (), "targets",
        "'n/a' in line 4, column 'y' of d.csv, and the number 5 in line 2, column 'y' of d.csv; "
        "targets must be all numbers or all text"),
    "a label left out": ("a,y\n1,oak\n2,\n", (), "targets",
        "nothing in line 3, column 'y' of d.csv; leave such rows out, or fill in a label"),
    "an open quote": ('a,y\n1,0\n"2,0\n3,0\n', (), "path",
        "a quote that is opened in line 3 of HERE/d.csv is never closed"),
    "text after a quote": ('a,y\n"1"2,0\n', (), "path",
        "line 2 of HERE/d.csv cannot be read: ',' expected after '\"'"),
    "latin-1": ("a,y\n1,0\n2,caf\xe9\n".encode("latin-1"), (), "path",
        "line 3 of HERE/d.csv is no UTF-8 text: byte 0xe9; save the file as UTF-8"),
    "UTF-16": (SMALL.encode("utf-16"), (), "path",
        "line 1 of HERE/d.csv is no UTF-8 text: byte 0xff; save the file as UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case: str, tmp_path: Path) -> None:
    content, columns, key, sentence = REFUSED[case]
    assert refusal(tmp_path, content, *columns) == (sentence, f"data.{key}")


# What only shows when the whole table is checked: the table; the key; the sentence.
CHECKED = {
    "NaN": ("a,b,y\n1,2,0\n\n3,nan,1\n", "inputs",
        "inputs has a value that is not finite: nan in line 4, column 'b' of d.csv; "
        "leave such rows out, or fill in a number"),
    "infinities": ("a,y\n1,0\ninf,1\n-inf,1\n", "inputs",
        "inputs has 2 values that are not finite, the first inf in line 3, column 'a' of d.csv; "
        "leave such rows out, or fill in a number"),
    "too large": ("a,y\n1,0\n1e300,1\n", "inputs",
        "inputs has a value that is too large for float32: 1e+300 in line 3, column 'a' of d.csv; scale them down"),
    "NaN among targets": ("a,y\n1,0.5\n2,nan\n", "targets",
        "targets has a value that is not finite: nan in line 3, column 'y' of d.csv; "
        "leave such rows out, or fill in a number"),
    "a negative label": ("a,y\n1,0\n2,-1\n", "targets",
        "labels must run from 0 to classes - 1, and one is negative: -1 in line 3, column 'y' of d.csv"),
    "a large label": ("a,y\n1,0\n2,1850\n", "targets",
        "label 1850 in line 3, column 'y' of d.csv would mean 1851 classes for 2 rows; labels must run from 0 to "
        "classes - 1 (for values to be predicted use 'loss: mse')"),
    "one class": ("a,y\n1,oak\n2,oak\n", "targets", "every label is 'oak'; there is nothing to learn"),
    "a label of many digits": (f"a,y\n1,0\n2,{'9' * 400}\n", "targets",
        "targets has a value that is not finite: inf in line 3, column 'y' of d.csv; "
        "leave such rows out, or fill in a number"),
}  # fmt: skip


@pytest.mark.parametrize("case", CHECKED)
def test_what_is_found_later_is_named_by_its_line(case: str, tmp_path: Path) -> None:
    content, key, sentence = CHECKED[case]
    with pytest.raises(InputError) as caught:
        made(loaded(tmp_path, content))
    assert (str(caught.value), caught.value.key) == (sentence, f"data.{key}")


def test_a_cell_beyond_reason(tmp_path: Path) -> None:
    said, key = refusal(tmp_path, f"a,y\n{'1' * 200_000},0\n")
    assert said == "line 2 of HERE/d.csv cannot be read: field larger than field limit (131072)"
    assert key == "data.path"


def test_a_line_beyond_reason(tmp_path: Path) -> None:
    for start, line in (("", 1), ("a,y\n1,0\n", 3)):
        (tmp_path / "d.csv").write_text(start, encoding="utf-8")
        os.truncate(tmp_path / "d.csv", 2**34)
        with pytest.raises(InputError) as caught:
            load(section(tmp_path / "d.csv"))
        assert str(caught.value) == (
            f"line {line} of {tmp_path / 'd.csv'} cannot be read: it has 16,777,216 letters or more; a row of a table "
            "ends with a line break"
        )


def test_many_columns_are_found_at_once(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(20_000)]
    begin = time.process_time()
    assert loaded(tmp_path, f"{','.join(names)},y\n{'1,' * 20_000}0\n").inputs.shape == (1, 20_000)
    assert time.process_time() - begin < 5


def test_no_file(tmp_path: Path) -> None:
    for path, said in {
        tmp_path / "gone.csv": f"there is no file {tmp_path / 'gone.csv'}",
        tmp_path: f"{tmp_path} is a directory; name a .csv file",
    }.items():
        with pytest.raises(InputError) as caught:
            load(section(path))
        assert (str(caught.value), caught.value.key) == (said, "data.path")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may read everything")
def test_no_permission(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text(SMALL)
    path.chmod(0)
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        load(section(path))


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=8).map(str.strip)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=64)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[float]], list[Any]]:
    """Column names (the target's last), rows of numbers, and targets: whole numbers, numbers or text."""

    def is_text(name: str) -> bool:
        try:
            float(name)
        except ValueError:
            return bool(name)
        return False

    width, rows = draw(st.integers(1, 4)), draw(st.integers(1, 8))
    names = draw(st.lists(NAMES.filter(is_text), min_size=width + 1, max_size=width + 1, unique=True))
    cells = st.lists(NUMBERS, min_size=width, max_size=width)
    numbers = draw(st.lists(cells, min_size=rows, max_size=rows))
    whole = st.integers(-(2**63), 2**63 - 1)
    kind = draw(st.sampled_from([whole, NUMBERS, NAMES.filter(is_text)]))
    return names, numbers, draw(st.lists(kind, min_size=rows, max_size=rows))


@given(table=tables(), mark=st.sampled_from(",;\t"), quoting=st.sampled_from([csv.QUOTE_NONNUMERIC, csv.QUOTE_ALL]))
@settings(deadline=None)
def test_what_is_written_is_read(
    table: tuple[list[str], list[list[float]], list[Any]],
    mark: str,
    quoting: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    names, numbers, targets = table
    path = tmp_path_factory.getbasetemp() / "round.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = ([*row, target] for row, target in zip(numbers, targets, strict=True))
        csv.writer(file, delimiter=mark, quoting=quoting).writerows([names, *rows])
    arrays = load(section(path, (), names[-1]))
    assert arrays.inputs.tolist() == numbers
    if isinstance(targets[0], str):
        assert arrays.classes == tuple(sorted(set(targets)))
        assert [arrays.classes[label] for label in arrays.targets] == targets
    else:
        assert arrays.targets.tolist() == targets


def test_several_targets(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("a,p,b,q\n1,0,2,1\n3,1,4,0\n", encoding="utf-8")
    arrays = load(section(path, (), ("q", "p")))
    assert (arrays.inputs[:].tolist(), arrays.targets[:].tolist()) == ([[1, 2], [3, 4]], [[1, 0], [0, 1]])
    assert arrays.place("targets", (1, 0)) == "line 3, column 'q' of d.csv"
    path.write_text("a,p,b,q\n1,0,2,1\n3,1,4,yes\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load(section(path, ("a",), ("q", "p")))
    assert str(caught.value) == (
        f"'yes' in line 3, column 'q' of {path}; several targets must be numbers: leave such rows out, or "
        "fill in a number"
    )
    assert caught.value.key == "data.targets"
    with pytest.raises(InputError, match="'p' is named twice; once is enough") as caught:
        load(section(path, (), ("p", "p")))
    assert caught.value.key == "data.targets.1"
