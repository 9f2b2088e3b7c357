"""The user's arrays, and the exact sentence of every file that cannot be read."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lrfind.core.errors import InputError
from lrfind.task.data.loading import brief
from lrfind.task.data.numpy_files import load_npz as load

X, Y = np.arange(60.0).reshape(20, 3), np.arange(20) % 2


def section(path: Path, inputs: str = "x", targets: str = "y") -> Any:
    return SimpleNamespace(path=str(path), inputs=inputs, targets=targets)


def refusal(path: Path, inputs: str = "x", targets: str = "y") -> tuple[str, str | None]:
    with pytest.raises(InputError) as caught:
        load(section(path, inputs, targets))
    return str(caught.value).replace(str(path), "PATH"), caught.value.key


def saved(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def test_two_arrays_by_name(tmp_path: Path) -> None:
    path = saved(tmp_path / "d.npz", images=X, digit=Y, other=Y)
    inputs, targets, *_ = load(section(path, "images", "digit"))
    np.testing.assert_array_equal(inputs, X)
    np.testing.assert_array_equal(targets, Y)


def test_no_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "d.npz") == ("there is no file PATH", "data.path")


def test_a_directory(tmp_path: Path) -> None:
    assert refusal(tmp_path) == ("PATH is a directory; name an .npz file", "data.path")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may read everything")
def test_no_permission(tmp_path: Path) -> None:
    path = saved(tmp_path / "d.npz", x=X, y=Y)
    path.chmod(0)
    assert refusal(path) == ("PATH cannot be read: Permission denied", "data.path")


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\x80\x04\x95."], ids=["empty", "csv", "pickle"])
def test_something_else(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    path.write_bytes(content)
    assert refusal(path) == ("PATH is no .npz file; write one with numpy.savez(path, x=..., y=...)", "data.path")


def test_a_single_array(tmp_path: Path) -> None:
    path = tmp_path / "d.npy"
    np.save(path, X)
    expected = "PATH holds a single array; write both with numpy.savez(path, x=..., y=...)"
    assert refusal(path) == (expected, "data.path")


def test_half_a_file(tmp_path: Path) -> None:
    path = saved(tmp_path / "d.npz", x=X, y=Y)
    path.write_bytes(path.read_bytes()[:400])
    assert refusal(path) == ("PATH is cut off or damaged; write it again", "data.path")


@pytest.mark.parametrize(
    ("inputs", "targets", "said", "key"),
    [
        ("input", "labels", "PATH has no array 'input' (did you mean 'inputs'?); it holds inputs, labels", "inputs"),
        ("inputs", "label", "PATH has no array 'label' (did you mean 'labels'?); it holds inputs, labels", "targets"),
        ("x", "labels", "PATH has no array 'x'; it holds inputs, labels", "inputs"),
    ],
)
def test_no_such_array(inputs: str, targets: str, said: str, key: str, tmp_path: Path) -> None:
    path = saved(tmp_path / "d.npz", inputs=X, labels=Y)
    assert refusal(path, inputs, targets) == (said, f"data.{key}")


def test_no_array_at_all(tmp_path: Path) -> None:
    assert refusal(saved(tmp_path / "d.npz")) == ("PATH has no array 'x'; it holds nothing", "data.inputs")


class Trap:
    """Unpickling it would be noticed."""

    def __reduce__(self) -> Any:
        return pytest.fail, ("a pickle was opened",)


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    path = saved(tmp_path / "d.npz", x=X, y=np.array([Trap()] * 20, dtype=object))
    expected = "array 'y' of PATH holds Python objects, which are never unpickled; save numbers"
    assert refusal(path) == (expected, "data.targets")


def test_a_flipped_byte(tmp_path: Path) -> None:
    path = saved(tmp_path / "d.npz", x=X, y=Y)
    content = bytearray(path.read_bytes())
    content[300] ^= 255
    path.write_bytes(content)
    assert refusal(path) == ("array 'x' of PATH is damaged: Bad CRC-32 for file 'x.npy'", "data.inputs")


def test_damaged_compression(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    np.savez_compressed(path, x=np.random.default_rng(0).normal(size=(200, 3)), y=Y)
    content = bytearray(path.read_bytes())
    content[60:70] = b"\xff" * 10
    path.write_bytes(content)
    said, key = refusal(path)
    assert said.startswith("array 'x' of PATH is damaged: Error -3 while decompressing data")
    assert key == "data.inputs"


def test_damaged_lzma(tmp_path: Path) -> None:
    pytest.importorskip("lzma")
    path = tmp_path / "d.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("x.npy", bytes(1000))
    content = bytearray(path.read_bytes())
    content[45:49] = b"\xff" * 4
    path.write_bytes(content)
    assert refusal(path) == ("array 'x' of PATH is damaged: Corrupt input data", "data.inputs")


@pytest.mark.parametrize("header", [b"{'descr': (), 'fortran_order': False, 'shape': (2,)}", b"{[]: 1}"])
def test_a_header_that_numpy_stumbles_over(header: bytes, tmp_path: Path) -> None:
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(8)
    said, key = refusal(archive(tmp_path / "d.npz", x=content))
    assert said.startswith("array 'x' of PATH is damaged: ")
    assert key == "data.inputs"


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def test_a_zip_of_other_things(tmp_path: Path) -> None:
    expected = "'x' of PATH is no array; write both with numpy.savez(path, x=..., y=...)"
    assert refusal(archive(tmp_path / "d.npz", x=b"hello", y=b"you")) == (expected, "data.inputs")


def test_a_header_that_makes_no_sense(tmp_path: Path) -> None:
    file = io.BytesIO()
    np.save(file, X)
    said, key = refusal(archive(tmp_path / "d.npz", x=file.getvalue().replace(b"descr", b"dexcr"), y=b""))
    assert said.startswith("array 'x' of PATH is damaged: Header does not contain the correct keys")
    assert key == "data.inputs"


def test_an_array_that_ends_too_soon(tmp_path: Path) -> None:
    file = io.BytesIO()
    np.save(file, X)
    said, _ = refusal(archive(tmp_path / "d.npz", x=file.getvalue()[:-8], y=b""))
    assert said.startswith("array 'x' of PATH is damaged: EOF: reading array data")


def test_an_archive_of_a_version_that_there_is_not(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    np.savez(path, x=X, y=Y)
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 200
    path.write_bytes(content)
    assert refusal(path) == ("PATH is cut off or damaged; write it again", "data.path")


def test_what_is_quoted_of_a_damaged_file_is_short(tmp_path: Path) -> None:
    assert brief(ValueError("one\n  line. ")) == "one line"
    path = tmp_path / "d.npz"
    np.savez(path, x=X, y=Y)
    content = bytearray(path.read_bytes())
    content[26:28] = b"\xff\x00"  # the name in the header of `x` takes in what follows it
    path.write_bytes(content)
    said, _ = refusal(path)
    assert said.startswith("array 'x' of PATH is damaged: File name in directory")
    assert len(said) < 250
