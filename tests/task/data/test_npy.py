"""Mapped arrays, and the exact sentence of every file that is none."""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lrfind.core.errors import InputError
from lrfind.task.data.arrays import Arrays
from lrfind.task.data.npy import load, mapped
from lrfind.task.data.prepare import prepare

X, Y = np.arange(60.0).reshape(20, 3), np.arange(20) % 2


def loaded(folder: Path, x: Any = X, y: Any = Y) -> Arrays:
    for name, array in (("x", x), ("y", y)):
        if array is not None:
            np.save(folder / f"{name}.npy", array)
    return load(SimpleNamespace(inputs=str(folder / "x.npy"), targets=str(folder / "y.npy")))


def refusal(folder: Path, **arrays: Any) -> tuple[str, str | None]:
    with pytest.raises(InputError) as caught:
        loaded(folder, **arrays)
    return str(caught.value).replace(str(folder), "HERE"), caught.value.key


def is_mapped(array: Any) -> bool:
    while array is not None and not isinstance(array, mmap.mmap):
        array = getattr(array, "base", None)
    return array is not None


def test_two_files(tmp_path: Path) -> None:
    inputs, targets, *_ = loaded(tmp_path)
    np.testing.assert_array_equal(inputs, X)
    np.testing.assert_array_equal(targets, Y)
    assert is_mapped(inputs)
    assert not inputs.flags.writeable


@pytest.mark.parametrize(
    ("dtype", "fraction", "standardize", "mapped"),
    [
        (np.float32, 0, False, True),
        (np.float32, 0.2, False, False),
        (np.float32, 0, True, False),
        (np.float64, 0, False, False),
        (">f4", 0, False, False),
    ],
)
def test_nothing_is_copied_where_floats_are_taken_as_they_are(
    dtype: Any, fraction: float, standardize: bool, mapped: bool, tmp_path: Path
) -> None:
    arrays = loaded(tmp_path, X.astype(dtype))
    data = prepare(
        arrays,
        name="x",
        loss=None,
        validation_fraction=fraction,
        batch_size=4,
        seed=0,
        standardize=standardize,
    )
    assert is_mapped(data.train.inputs) == mapped
    if not standardize:
        assert set(data.train.inputs[:, 0]) <= set(X[:, 0])


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_either_order(order: Any, tmp_path: Path) -> None:
    inputs, *_ = loaded(tmp_path, np.asarray(X, order=order))
    np.testing.assert_array_equal(inputs, X)


def test_no_file(tmp_path: Path) -> None:
    assert refusal(tmp_path, y=None) == ("there is no file HERE/y.npy", "data.targets")
    (tmp_path / "x.npy").unlink()
    assert refusal(tmp_path, x=None) == ("there is no file HERE/x.npy", "data.inputs")


def test_a_directory(tmp_path: Path) -> None:
    (tmp_path / "x.npy").mkdir()
    assert refusal(tmp_path, x=None) == ("HERE/x.npy is a directory; name an .npy file", "data.inputs")


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\x80\x04\x95."], ids=["empty", "csv", "pickle"])
def test_something_else(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_bytes(content)
    expected = "HERE/x.npy is no .npy file; write one with numpy.save(path, array)"
    assert refusal(tmp_path, x=None) == (expected, "data.inputs")


def test_an_archive(tmp_path: Path) -> None:
    with (tmp_path / "y.npy").open("wb") as file:
        np.savez(file, x=X, y=Y)
    expected = "HERE/y.npy is an .npz archive; read it with 'name: npz' and its path"
    assert refusal(tmp_path, y=None) == (expected, "data.targets")


def test_a_file_that_ends_too_soon(tmp_path: Path) -> None:
    loaded(tmp_path)
    path = tmp_path / "x.npy"
    path.write_bytes(path.read_bytes()[:-8])
    assert refusal(tmp_path, x=None) == ("HERE/x.npy is cut off; write it again", "data.inputs")
    path.write_bytes(path.read_bytes()[:9])
    said, key = refusal(tmp_path, x=None)
    assert said.startswith("HERE/x.npy is damaged: EOF: reading array header")
    assert key == "data.inputs"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"descr", b"dexcr"),
        (b"(20, 3)", b"(20, 3("),
        (b"<f8", b"<q9"),
        (b"'<f8',", b"(),    "),
        (b"(20, 3)", b"(True,)"),
        (b"{'descr'", b"{[     ]"),
    ],
)
def test_a_header_that_makes_no_sense(old: bytes, new: bytes, tmp_path: Path) -> None:
    loaded(tmp_path)
    path = tmp_path / "x.npy"
    path.write_bytes(path.read_bytes().replace(old, new))
    said, key = refusal(tmp_path, x=None)
    assert said.startswith("HERE/x.npy is damaged: ")
    assert key == "data.inputs"


class Trap:
    """Unpickling it would be noticed."""

    def __reduce__(self) -> Any:
        return pytest.fail, ("a pickle was opened",)


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    expected = "HERE/y.npy holds Python objects, which are never unpickled; save numbers"
    assert refusal(tmp_path, y=np.array([Trap()] * 20, dtype=object)) == (expected, "data.targets")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file of Linux that opens and cannot be read")
def test_a_file_that_opens_and_cannot_be_read() -> None:
    with pytest.raises(InputError, match="/proc/self/mem cannot be read: Input/output error"):
        mapped(Path("/proc/self/mem"), "data.inputs")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.npy")
    with pytest.raises(
        InputError, match=r"x\.npy is a pipe or a device, which cannot be read twice; name an \.npy file"
    ):
        mapped(tmp_path / "x.npy", "data.inputs")
