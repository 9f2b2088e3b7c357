"""The generated classes: what they promise, held against the rows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lrfind.task.data.sets import PERIOD, classification, images


def clusters(**changes: Any) -> Any:
    given = {"rows": 3000, "features": 8, "classes": 3, "separation": 4.0}
    return classification(SimpleNamespace(**{**given, **changes}))


def stripes(**changes: Any) -> Any:
    given = {"rows": 400, "size": 16, "channels": 2, "classes": 4}
    return images(SimpleNamespace(**{**given, **changes}))


@pytest.mark.parametrize("separation", [0.0, 2.0, 20.0])
def test_clusters_are_where_they_should_be(separation: float) -> None:
    inputs, labels, *_ = clusters(separation=separation)
    assert (inputs.shape, inputs.dtype, labels.dtype) == ((3000, 8), np.float32, np.int32)
    for label in range(3):
        rows = inputs[labels == label]
        # The mean of 1,000 rows of 8 features is off by sqrt(8 / 1000) = 0.09 in the root mean square.
        assert np.linalg.norm(rows.mean(axis=0)) == pytest.approx(separation, abs=0.25)
        np.testing.assert_allclose(np.cov(rows.T), np.eye(8), atol=0.2)


@pytest.mark.parametrize("make", [clusters, stripes])
def test_every_class_has_its_share_and_the_order_says_nothing(make: Any) -> None:
    _, labels, *_ = make(rows=302, classes=5)
    assert sorted(np.bincount(labels).tolist()) == [60, 60, 60, 61, 61]
    assert abs(np.corrcoef(np.arange(302), labels)[0, 1]) < 0.2
    _, few, *_ = make(rows=16, classes=16)
    assert sorted(few.tolist()) == list(range(16))


@pytest.mark.parametrize("make", [clusters, stripes])
def test_they_are_always_the_same(make: Any) -> None:
    first, again = make(), make()
    np.testing.assert_array_equal(first.inputs, again.inputs)
    np.testing.assert_array_equal(first.targets, again.targets)


def test_images_are_stripes_at_the_angle_of_their_class() -> None:
    inputs, labels, *_ = stripes()
    assert (inputs.shape, inputs.dtype, labels.dtype) == ((400, 16, 16, 2), np.float32, np.int32)
    assert 0 <= inputs.min() < 0.2
    assert 0.8 < inputs.max() <= 1
    down, right = np.mgrid[:16, :16] - 7.5
    window = np.exp(-(down**2 + right**2) / 32)
    angles = np.pi * np.arange(4) / 4
    waves = [np.exp(2j * np.pi / PERIOD * (np.cos(angle) * right + np.sin(angle) * down)) * window for angle in angles]
    for channel in range(2):
        energy = [np.abs(((inputs[..., channel] - 0.5) * wave).sum(axis=(1, 2))) for wave in waves]
        assert (np.argmax(energy, axis=0) == labels).mean() > 0.99


def test_the_mean_image_of_every_class_is_grey() -> None:
    inputs, labels, *_ = stripes(rows=4000)
    for label in range(4):
        np.testing.assert_allclose(inputs[labels == label].mean(axis=0), 0.5, atol=0.04)
