"""Checking and splitting of arrays, with the exact sentence of every refusal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfind.core.dataset import Dataset, Split
from lrfind.core.errors import InputError
from lrfind.task.data.arrays import Arrays
from lrfind.task.data.prepare import digest, prepare

X = np.arange(40.0).reshape(20, 2)
LABELS = np.arange(20) % 4
VALUES = np.linspace(-1, 1, 20)


def made(inputs: Any = X, targets: Any = LABELS, **options: Any) -> Dataset:
    given = {"name": "mine", "loss": None, "validation_fraction": 0.2, "batch_size": 4, "seed": 0}
    return prepare(Arrays(inputs, targets), **{**given, **options})


def put(array: Any, *values: tuple[Any, Any], dtype: Any = None) -> Any:
    changed = np.array(array, dtype=dtype)
    for place, value in values:
        changed[place] = value
    return changed


IMAGES = np.zeros((20, 3, 3, 1))
MANY = np.stack([LABELS % 2, LABELS > 1, LABELS == 3], axis=1).astype(float)
BINARY = {"loss": "binary_cross_entropy"}

# Inputs, targets, further options; the key; the sentence.
REFUSED: dict[str, tuple[Any, Any, dict[str, Any], str, str]] = {
    "single value": (np.float64(3), LABELS, {}, "inputs", "inputs is a single value; it needs one row per example"),
    "single target": (X, np.int64(3), {}, "targets", "targets is a single value; it needs one row per example"),
    "text": (X.astype(str), LABELS, {}, "inputs", "inputs holds text; real numbers are needed"),
    "bytes": (X, np.array([b"a"] * 20), {}, "targets", "targets holds text; real numbers are needed"),
    "complex": (X + 1j, LABELS, {}, "inputs", "inputs holds complex numbers; real numbers are needed"),
    "objects": (X, LABELS.astype(object), {}, "targets", "targets holds Python objects; real numbers are needed"),
    "dates": (X.astype("M8[D]"), LABELS, {}, "inputs", "inputs holds dates; real numbers are needed"),
    "records": (np.zeros(20, "i4,f4"), LABELS, {}, "inputs",
        "inputs holds [('f0', '<i4'), ('f1', '<f4')]; real numbers are needed"),
    "no rows": (X[:0], LABELS[:0], {}, "inputs", "inputs is empty: its shape is (0, 2)"),
    "no columns": (X[:, :0], LABELS, {}, "inputs", "inputs is empty: its shape is (20, 0)"),
    "no targets": (X, VALUES[:0], {}, "targets", "targets is empty: its shape is (0,)"),
    "one axis": (X[:, 0], LABELS, {}, "inputs", "inputs has shape (20,); it needs rows and columns, e.g. (20, 1)"),
    "rows": (X, LABELS[:-1], {}, "targets", "inputs has 20 rows and targets has 19; they must agree"),
    "targets with three axes": (X, np.zeros((20, 2, 2)), {}, "targets",
        "targets has shape (20, 2, 2); it needs (rows,) or (rows, outputs)"),
    "a NaN": (put(X, ((3, 1), np.nan)), LABELS, {}, "inputs",
        "inputs has a value that is not finite: nan in row 3, column 1; leave such rows out, or fill in a number"),
    "NaNs": (put(X, (slice(3, 5), np.nan)), LABELS, {}, "inputs",
        "inputs has 4 values that are not finite, the first nan in row 3, column 0; "
        "leave such rows out, or fill in a number"),
    "NaN in images": (put(IMAGES, ((7, 0, 2, 0), np.nan)), LABELS, {}, "inputs",
        "inputs has a value that is not finite: nan in row 7, index (7, 0, 2, 0); "
        "leave such rows out, or fill in a number"),
    "minus infinity": (put(X, ((0, 0), -np.inf)), LABELS, {}, "inputs",
        "inputs has a value that is not finite: -inf in row 0, column 0; leave such rows out, or fill in a number"),
    "NaN among targets": (X, put(VALUES, (5, np.nan), (7, np.inf)), {}, "targets",
        "targets has 2 values that are not finite, the first nan in row 5; leave such rows out, or fill in a number"),
    "too large": (put(X, ((1, 0), 1e39)), LABELS, {}, "inputs",
        "inputs has a value that is too large for float32: 1e+39 in row 1, column 0; scale them down"),
    "too large among targets": (X, put(VALUES[:, None], ((2, 0), -1e300)), {}, "targets",
        "targets has a value that is too large for float32: -1e+300 in row 2, column 0; scale them down"),
    "negative label": (X, put(LABELS, (4, -1)), {}, "targets",
        "labels must run from 0 to classes - 1, and one is negative: -1 in row 4"),
    "negative labels": (X, LABELS - 1, {}, "targets",
        "labels must run from 0 to classes - 1, and 5 are negative, the first -1 in row 0"),
    "label beyond the rows": (X, put(LABELS, (6, 20)), {}, "targets",
        "label 20 in row 6 would mean 21 classes for 20 rows; labels must run from 0 to classes - 1 "
        "(for values to be predicted use 'loss: mse')"),
    "labels from 1": (X, LABELS + 1, {}, "targets",
        "labels must start at 0, and the lowest is 1; subtract 1 from all"),
    "single class": (X, LABELS * 0 + 3, {}, "targets", "every label is 3; there is nothing to learn"),
    "labels as floats": (X, LABELS.astype(float), {"loss": "cross_entropy"}, "targets",
        "labels must be integers of shape (rows,), and targets is float64 of shape (20,); convert them "
        "(for values to be predicted use 'loss: mse')"),
    "one-hot labels": (X, np.eye(4, dtype=int)[LABELS], {"loss": "cross_entropy"}, "targets",
        f"labels must be integers of shape (rows,), and targets is {np.dtype(int)} of shape (20, 4); convert them "
        "(for values to be predicted use 'loss: mse')"),
    "answers that are none": (X, put(LABELS % 2, (3, 2), (5, 7)), BINARY, "targets",
        "targets of binary_cross_entropy must be 0 or 1, and 2 are not, the first 2 in row 3 "
        "(for several classes use 'loss: cross_entropy')"),
    "an answer in between": (X, put(MANY, ((3, 1), 0.5)), BINARY, "targets",
        "targets of binary_cross_entropy must be 0 or 1, and one is not: 0.5 in row 3, column 1 "
        "(for values use 'loss: mse')"),
    "no answer": (X, put(MANY, ((4, 0), np.nan)), BINARY, "targets",
        "targets of binary_cross_entropy must be 0 or 1, and one is not: nan in row 4, column 0 "
        "(for values use 'loss: mse')"),
    "always the same answer": (X, LABELS * 0 + 1, BINARY, "targets", "every label is 1; there is nothing to learn"),
    "always the same answers": (X, np.tile([0, 1], (20, 1)), BINARY, "targets",
        "every row of targets is the same; there is nothing to learn"),
    "rows of a batch": (X, LABELS, {"batch_size": 17}, "batch_size",
        "a batch of 17 needs as many rows to train on, and there are 16 (20 less 4 held out); "
        "use a batch_size of 16 or less"),
    "everything held out": (X, VALUES, {"validation_fraction": 0.99}, "validation_fraction",
        "all 20 rows would be held out, and none are left to train on; use a smaller share"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case: str) -> None:
    inputs, targets, options, key, sentence = REFUSED[case]
    with pytest.raises(InputError) as caught:
        made(inputs, targets, **options)
    assert (str(caught.value), caught.value.key) == (sentence, f"data.{key}")


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, bool, np.float16, np.float64])
def test_numbers_of_every_kind_become_float32(dtype: Any) -> None:
    data = made(X.astype(dtype))
    assert data.train.inputs.dtype == np.float32
    rows = np.concatenate([data.train.inputs, data.validation.inputs if data.validation else []])
    np.testing.assert_array_equal(np.sort(rows, axis=0), np.sort(X.astype(dtype), axis=0))


@pytest.mark.parametrize("targets", [LABELS, LABELS[:, None], LABELS.astype(np.uint8), LABELS % 2 == 1], ids=str)
@pytest.mark.parametrize("loss", [None, "cross_entropy"])
def test_whole_numbers_are_labels(targets: Any, loss: str | None) -> None:
    data = made(targets=targets, loss=loss)
    assert (data.kind, data.outputs) == ("classification", len(np.unique(targets)))
    assert (data.train.targets.dtype, data.train.targets.ndim) == (np.int32, 1)


@pytest.mark.parametrize(
    ("targets", "loss", "outputs"),
    [(VALUES, None, 1), (np.ones((20, 3)), None, 3), (LABELS, "mse", 1), (np.ones((20, 3), int), None, 3)],
)
def test_everything_else_are_values(targets: Any, loss: str | None, outputs: int) -> None:
    data = made(targets=targets, loss=loss)
    assert (data.kind, data.outputs) == ("regression", outputs)
    assert (data.train.targets.dtype, data.train.targets.shape[1:]) == (np.float32, (outputs,))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float64])
def test_yes_or_no(dtype: Any) -> None:
    many = made(targets=MANY.astype(dtype), **BINARY)
    assert (many.kind, many.outputs) == ("binary", 3)
    assert (many.train.targets.dtype, many.train.targets.shape) == (np.float32, (16, 3))
    assert set(np.unique(many.train.targets)) == {0, 1}
    for targets in (MANY[:, 2].astype(dtype), MANY[:, 2:].astype(dtype)):
        one = made(targets=targets, **BINARY)
        assert (one.kind, one.outputs, one.train.targets.shape) == ("binary", 1, (16, 1))
        assert one.validation is not None
        assert (one.train.targets.sum(), one.validation.targets.sum()) == (4, 1)  # the same share of ones


def test_several_columns_are_values_where_no_loss_is_named() -> None:
    assert made(targets=MANY.astype(int)).kind == "regression"
    assert made(targets=LABELS % 2).kind == "classification"


@settings(deadline=None)
@given(
    counts=st.lists(st.integers(2, 30), min_size=2, max_size=5),
    fraction=st.floats(0, 0.5),
    seed=st.integers(0, 2**31 - 1),
)
def test_the_same_share_of_every_class_is_held_out(counts: list[int], fraction: float, seed: int) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    rows = np.arange(len(labels))[:, None]
    data = made(rows, labels, validation_fraction=fraction, batch_size=1, seed=seed)
    wanted = [round(fraction * n) for n in counts]
    if sum(wanted) == 0:
        assert data.validation is None
        return
    assert data.validation is not None
    assert np.bincount(data.validation.targets, minlength=len(counts)).tolist() == wanted
    parts = [part.inputs[:, 0].astype(int) for part in (data.train, data.validation)]
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(len(labels)))
    for part, picked in zip((data.train, data.validation), parts, strict=True):
        np.testing.assert_array_equal(part.targets, labels[picked])


def test_the_seed_fixes_the_split() -> None:
    first, again, other = made(seed=1), made(seed=1), made(seed=2)
    assert digest(first) == digest(again) != digest(other)


def test_nothing_is_held_out_of_a_fraction_of_zero() -> None:
    data = made(validation_fraction=0)
    assert data.validation is None
    np.testing.assert_array_equal(data.train.inputs, X)
    assert (data.name, data.input_shape, data.train.rows) == ("mine", (2,), 20)


def test_any_value_changes_the_digest() -> None:
    data = made()
    assert data.validation is not None
    digests = {digest(data), digest(replace(data, validation=None))}
    for part in ("train", "validation"):
        for array in ("inputs", "targets"):
            split: Split = getattr(data, part)
            values = getattr(split, array)
            for place in ((0,) * values.ndim, (-1,) * values.ndim):
                changed = put(values, (place, values[place] + 1))
                digests.add(digest(replace(data, **{part: replace(split, **{array: changed})})))
    digests.add(digest(replace(data, train=replace(data.train, inputs=data.train.inputs.reshape(8, 4)))))
    assert len(digests) == 2 + 8 + 1
    assert digest(made(X.copy())) == digest(data)
