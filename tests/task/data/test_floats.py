"""float32 block by block, and inputs brought to mean 0 and deviation 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from lrfind.core.dataset import Dataset
from lrfind.core.errors import InputError
from lrfind.task.data import rows as rows_module
from lrfind.task.data.arrays import Arrays
from lrfind.task.data.floats import Scaling, check_finite, standardization
from lrfind.task.data.prepare import prepare
from lrfind.task.data.row_split import RowSplit
from lrfind.task.data.rows import blocks

VALUES = st.integers(-(2**20), 2**20).map(lambda number: number / 8)
SHAPES = st.tuples(st.integers(3, 12), st.integers(1, 5)) | st.tuples(*[st.integers(2, 4)] * 3).map(
    lambda shape: (shape[0] + 2, *shape)
)
TABLES = arrays_of.arrays(np.float32, SHAPES, elements=VALUES)


def made(inputs: Any, **options: Any) -> Dataset:
    given = {"name": "mine", "loss": "mse", "validation_fraction": 0.3, "batch_size": 1, "seed": 0}
    return prepare(Arrays(inputs, np.linspace(0, 1, len(inputs))), **{**given, **options})


@pytest.fixture(params=[1, 7, 2**20])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(rows_module, "BLOCK", request.param)
    return int(request.param)


def test_blocks_are_all_rows_once(block: int) -> None:
    for shape in ((1, 1), (10, 3), (11, 2, 2)):
        array = np.arange(np.prod(shape)).reshape(shape)
        np.testing.assert_array_equal(np.concatenate([array[part] for part in blocks(array)]), array)


def test_the_first_of_several_blocks_that_is_bad_is_named(block: int) -> None:
    inputs = np.ones((20, 3))
    check_finite(Arrays(inputs, inputs), "inputs")
    inputs[4, 1] = inputs[17, 2] = np.nan
    with pytest.raises(InputError, match=r"2 values that are not finite, the first nan in row 4, column 1;"):
        check_finite(Arrays(inputs, inputs), "inputs")


def everything(rows: int) -> RowSplit:
    return RowSplit(rows, np.empty(0, np.int64))


def test_numbers_over_a_divisor() -> None:
    array = np.arange(60).reshape(20, 3)
    scaled = Scaling(4)(array)
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, array / 4)
    assert Scaling()(scaled) is scaled


def test_mean_and_scale_do_not_depend_on_the_blocks(block: int) -> None:
    array = np.random.default_rng(0).normal(3, 2, (50, 4)).astype(np.float32)
    scaling = standardization(array, everything(50))
    np.testing.assert_allclose(scaling.mean, array.mean(axis=0, dtype=float), rtol=1e-12)
    np.testing.assert_allclose(1 / scaling.scale, array.std(axis=0, dtype=float), rtol=1e-12)
    kept = standardization(array, RowSplit(50, np.arange(3, 40)))
    train = array[np.r_[:3, 40:50]]
    np.testing.assert_allclose(kept.mean, train.mean(axis=0, dtype=float), rtol=1e-12)
    np.testing.assert_allclose(1 / kept.scale, train.std(axis=0, dtype=float), rtol=1e-12)


@given(TABLES)
@settings(deadline=None)
def test_standardized_rows_have_mean_0_and_deviation_1(inputs: Any) -> None:
    data = made(inputs, standardize=True)
    assert data.validation is not None
    plain = made(inputs)
    assert plain.validation is not None
    axes = 0 if inputs.ndim == 2 else (0, 1, 2)
    train = plain.train.inputs
    varies = train.min(axis=axes) < train.max(axis=axes)
    found = data.train.inputs.astype(float)
    np.testing.assert_allclose(found.mean(axis=axes), 0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=axes), varies, atol=1e-5)
    assert not data.validation.inputs[..., ~varies].any()
    for plain_part, part in ((plain.train, data.train), (plain.validation, data.validation)):
        again = standardization(train, everything(len(train)))(plain_part.inputs)
        np.testing.assert_array_equal(part.inputs, again)


@given(TABLES, st.integers(0, 1000))
@settings(deadline=None)
def test_held_out_rows_have_no_part_in_it(inputs: Any, seed: int) -> None:
    numbers = np.arange(len(inputs), dtype=np.float32)[:, None]
    held_out = made(numbers, seed=seed).validation
    assert held_out is not None
    changed = inputs.copy()
    changed[held_out.inputs[:, 0].astype(int)] += 1
    first, second = (made(each, seed=seed, standardize=True) for each in (inputs, changed))
    np.testing.assert_array_equal(first.train.inputs, second.train.inputs)


def test_channels_of_images_and_images_without() -> None:
    rng = np.random.default_rng(0)
    colour = rng.normal([0, 5, -3], [1, 4, 0.1], (40, 6, 6, 3))
    found = made(colour, standardize=True, validation_fraction=0).train.inputs
    np.testing.assert_allclose(found.mean(axis=(0, 1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(found.std(axis=(0, 1, 2)), 1, atol=1e-6)
    grey = rng.normal(np.arange(6), 1, (40, 6, 6))
    found = made(grey, standardize=True, validation_fraction=0).train.inputs
    assert found.mean() == pytest.approx(0, abs=1e-6)
    assert found.std() == pytest.approx(1, abs=1e-6)
    assert np.ptp(found.mean(axis=(0, 1))) > 2  # one channel: pixels keep what sets them apart


def test_values_too_far_to_be_standardized() -> None:
    inputs = np.full((20, 1), 1e-30)
    inputs[::2] = 2e-30
    held_out = made(np.arange(20.0)[:, None]).validation
    assert held_out is not None
    inputs[int(held_out.inputs[0, 0])] = 1e30
    with pytest.raises(InputError, match="too far from all rows to train on") as caught:
        made(inputs, standardize=True)
    assert caught.value.key == "data.standardize"


@pytest.mark.parametrize("shape", [(20, 4, 4), (20, 4, 4, 3), (20, 2, 4, 4, 1)])
def test_images_of_bytes_come_to_lie_in_the_unit_interval(shape: tuple[int, ...]) -> None:
    bytes_ = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    data = made(bytes_, validation_fraction=0)
    np.testing.assert_array_equal(data.train.inputs, bytes_.astype(np.float32) / np.float32(255))
    flat = bytes_.reshape(20, -1)
    np.testing.assert_array_equal(made(flat, validation_fraction=0).train.inputs, flat)
    wide = bytes_.astype(np.int32)
    np.testing.assert_array_equal(made(wide, validation_fraction=0).train.inputs, wide)
