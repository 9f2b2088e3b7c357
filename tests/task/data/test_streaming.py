"""Rows that stay on the disk: the same checks, split and numbers as in memory."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lrfind.core.dataset import Dataset
from lrfind.core.errors import InputError
from lrfind.task.data import row_split, rows
from lrfind.task.data.npy import load
from lrfind.task.data.prepare import digest, prepare
from lrfind.task.data.rows import LazyRows
from lrfind.task.objective import fitted

RNG = np.random.default_rng(5)
N = 4000
FLAT = RNG.normal([0, 5, -3], [1, 4, 0.1], (N, 3))
LABELS = RNG.choice(4, N, p=[0.5, 0.3, 0.199, 0.001])
LABELS[:4] = range(4)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many blocks and many draws of held-out rows, in small files as in large ones."""
    monkeypatch.setattr(rows, "BLOCK", 1000)
    monkeypatch.setattr(row_split, "DRAWN", 800)


def saved(folder: Path, inputs: Any = FLAT, targets: Any = LABELS) -> Any:
    np.save(folder / "x.npy", inputs)
    np.save(folder / "y.npy", targets)
    return SimpleNamespace(inputs=str(folder / "x.npy"), targets=str(folder / "y.npy"))


def made(section: Any, monkeypatch: pytest.MonkeyPatch, *, on_disk: bool, **options: Any) -> Dataset:
    monkeypatch.setattr(rows, "LARGEST", 0 if on_disk else 2**28)
    given = {"name": "x", "loss": None, "validation_fraction": 0.2, "batch_size": 4, "seed": 0}
    data = prepare(load(section), **{**given, **options})
    assert data.streamed == on_disk
    return data


CASES: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "labels": (FLAT, LABELS, {}),
    "float32": (FLAT.astype(np.float32), LABELS.astype(np.uint8), {}),
    "standardized": (FLAT, LABELS, {"standardize": True}),
    "other byte order": (FLAT.astype(">f4"), LABELS.astype(">i2"), {"standardize": True}),
    "nothing held out": (FLAT, LABELS, {"validation_fraction": 0, "standardize": True}),
    "values": (FLAT.astype(np.float16), FLAT[:, :2], {"loss": "huber"}),
    "labels in a column": (FLAT, LABELS[:, None], {}),
    "images": (RNG.integers(0, 256, (N, 4, 4, 3), dtype=np.uint8), LABELS, {}),
    "standardized images": (RNG.integers(0, 256, (N, 4, 4), dtype=np.uint8), LABELS, {"standardize": True}),
    "yes or no": (FLAT, (LABELS % 2).astype(float), {"loss": "binary_cross_entropy"}),
    "several answers": (FLAT, RNG.integers(0, 2, (N, 5)), {"loss": "binary_cross_entropy"}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_same_bits_as_in_memory(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs, targets, options = CASES[case]
    section = saved(tmp_path, inputs, targets)
    wanted, found = (made(section, monkeypatch, on_disk=where, **options) for where in (False, True))
    assert (found.kind, found.outputs, found.input_shape) == (wanted.kind, wanted.outputs, wanted.input_shape)
    assert (found.validation is None) == (wanted.validation is None)
    for part, other in ((found.train, wanted.train), (found.validation, wanted.validation)):
        if part is None or other is None:
            continue
        assert part.rows == other.rows
        for streamed, array in ((part.inputs, other.inputs), (part.targets, other.targets)):
            assert (streamed.shape, streamed.dtype, streamed.nbytes) == (array.shape, array.dtype, 0)
            np.testing.assert_array_equal(streamed[:], array)
            some = RNG.integers(0, part.rows, (3, 2, 4))
            np.testing.assert_array_equal(streamed[some], array[some])
    for loss in {"classification": ["cross_entropy"], "binary": ["binary_cross_entropy", "mse"]}.get(
        found.kind, ["mse"]
    ):
        known = fitted(loss, wanted.train.targets, wanted.outputs)
        assert known is not None
        assert fitted(loss, found.train.targets, found.outputs) == known


def test_every_class_keeps_its_share_over_the_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = made(saved(tmp_path), monkeypatch, on_disk=True)
    assert data.validation is not None
    held_out = np.bincount(data.validation.targets[:], minlength=4)
    assert held_out.tolist() == [round(0.2 * count) for count in np.bincount(LABELS)]
    numbers = made(saved(tmp_path, np.arange(float(N))[:, None]), monkeypatch, on_disk=True).validation
    assert numbers is not None
    in_parts = np.histogram(numbers.inputs[:], bins=5, range=(0, N))[0]
    assert np.abs(in_parts - N / 25).max() <= 4


def test_what_changes_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def of(inputs: Any = FLAT, targets: Any = LABELS, **options: Any) -> str:
        return digest(made(saved(tmp_path, inputs, targets), monkeypatch, on_disk=True, **options))

    changed = FLAT.copy()
    changed[3333, 1] += 1e-9
    relabelled = np.where(np.arange(N) == 3999, (LABELS + 1) % 3, LABELS)
    found = [of(), of(changed), of(targets=relabelled), of(seed=1), of(FLAT.astype(np.float32)), of(FLAT[:, :2])]
    assert len(set(found)) == len(found)
    assert of() == found[0]


def spoilt(place: Any, value: float) -> Any:
    inputs = FLAT.copy()
    inputs[place] = value
    return inputs


BINARY = {"loss": "binary_cross_entropy"}
ALONE = np.where(np.arange(N) == 3001, 4, LABELS)
REFUSED: dict[str, tuple[Any, Any, dict[str, Any], str, str]] = {
    "a NaN far inside": (spoilt((3777, 2), np.nan), LABELS, {}, "inputs",
        "inputs has a value that is not finite: nan in row 3777, column 2; leave such rows out, or fill in a number"),
    "several": (spoilt((slice(1000, 3000), 1), -np.inf), LABELS, {}, "inputs",
        "inputs has 2,000 values that are not finite, the first -inf in row 1000, column 1; "
        "leave such rows out, or fill in a number"),
    "too large": (spoilt((2500, 0), 1e39), LABELS, {"standardize": True}, "inputs",
        "inputs has a value that is too large for float32: 1e+39 in row 2500, column 0; scale them down"),
    "rows that differ": (FLAT, LABELS[:-7], {}, "targets",
        "inputs has 4000 rows and targets has 3993; they must agree"),
    "complex numbers": (FLAT + 1j, LABELS, {}, "inputs", "inputs holds complex numbers; real numbers are needed"),
    "text": (FLAT, LABELS.astype(str), {}, "targets", "targets holds text; real numbers are needed"),
    "one axis": (FLAT[:, 0], LABELS, {}, "inputs",
        "inputs has shape (4000,); it needs rows and columns, e.g. (4000, 1)"),
    "a negative label": (FLAT, np.where(np.arange(N) == 3210, -2, LABELS), {}, "targets",
        "labels must run from 0 to classes - 1, and one is negative: -2 in row 3210"),
    "a label beyond the rows": (FLAT, np.where(np.arange(N) == 3210, 5000, LABELS), {}, "targets",
        "label 5000 in row 3210 would mean 5001 classes for 4000 rows; labels must run from 0 to classes - 1 "
        "(for values to be predicted use 'loss: mse')"),
    "one class": (FLAT, LABELS * 0, {}, "targets", "every label is 0; there is nothing to learn"),
    "an answer that is none": (FLAT, np.stack([LABELS % 2, ALONE // 2], axis=1), BINARY, "targets",
        "targets of binary_cross_entropy must be 0 or 1, and one is not: 2 in row 3001, column 1 (for values use "
        "'loss: mse')"),
    "a batch of too many": (FLAT, LABELS, {"batch_size": 3201}, "batch_size",
        "a batch of 3201 needs as many rows to train on, and there are 3200 (4000 less 800 held out); "
        "use a batch_size of 3200 or less"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs, targets, options, key, sentence = REFUSED[case]
    section = saved(tmp_path, inputs, targets)
    said = []
    for on_disk in (False, True):
        with pytest.raises(InputError) as caught:
            made(section, monkeypatch, on_disk=on_disk, **options)
        said.append((str(caught.value), caught.value.key))
    assert said == [(sentence, f"data.{key}")] * 2


def test_held_out_values_too_far_to_be_standardized(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbered = made(saved(tmp_path, np.arange(float(N))[:, None]), monkeypatch, on_disk=True).validation
    assert numbered is not None
    inputs = np.where(np.arange(N) % 2, 1e-30, 2e-30)[:, None]
    inputs[int(numbered.inputs[0, 0])] = 1e30
    for on_disk in (False, True):
        with pytest.raises(InputError, match="too far from all rows to train on") as caught:
            made(saved(tmp_path, inputs), monkeypatch, on_disk=on_disk, standardize=True)
        assert caught.value.key == "data.standardize"


def test_the_order_of_fortran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    section = saved(tmp_path, np.asfortranarray(FLAT))
    with pytest.raises(InputError) as caught:
        made(section, monkeypatch, on_disk=True)
    assert str(caught.value).replace(str(tmp_path), "HERE") == (
        "HERE/x.npy holds columns one after another (Fortran's order), and 0.0 GB are read row by row; "
        "write it again with numpy.save(path, numpy.ascontiguousarray(array))"
    )
    assert caught.value.key == "data.inputs"


def test_how_large_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in numbers, whatever their type: as float32 they would be in memory."""
    section = saved(tmp_path, FLAT.astype(np.uint8))
    for largest, where in ((4 * (3 * N + N), np.ndarray), (4 * (3 * N + N) - 1, LazyRows)):
        monkeypatch.setattr(rows, "LARGEST", largest)
        arrays = load(section)
        assert isinstance(arrays.inputs, where)
        assert isinstance(arrays.targets, where)


def test_nothing_is_asked_for_too_far_ahead() -> None:
    asked: list[int] = []

    def numbers() -> Any:
        for number in range(100):
            asked.append(number)
            yield number

    done = 0
    for found in rows.map_ahead(lambda number: number**2, numbers()):
        assert found == done**2
        done += 1
        assert len(asked) <= done + rows.READERS
    assert done == 100
