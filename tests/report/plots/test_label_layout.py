"""Labels side by side, and the box that hides least."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfind.report.plots.label_layout import Spot, beside, dense, free_spot, side_by_side


def test_labels_with_room_stay_where_they_belong() -> None:
    assert side_by_side([0.3, 0.8], [0.2, 0.1], gap=0.02) == [0.3, 0.8]


def test_labels_give_way() -> None:
    first, second = side_by_side([0.9, 0.85], [0.3, 0.1], gap=0.02)
    assert first == pytest.approx(0.85)
    assert second == pytest.approx(0.85 - 0.15 - 0.02 - 0.05)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 0.3)), max_size=3))
def test_labels_never_overlap_and_never_leave(labels: list[tuple[float, float]]) -> None:
    widths = [width for _, width in labels]
    centres = side_by_side([anchor for anchor, _ in labels], widths, gap=0.02)
    spans = sorted((c - w / 2, c + w / 2) for c, w in zip(centres, widths, strict=True))
    assert all(a[1] <= b[0] + 1e-9 for a, b in pairwise(spans))
    assert all(low >= -1e-9 and high <= 1 + 1e-9 for low, high in spans)


def test_labels_too_wide_for_the_row_stand_in_order() -> None:
    assert side_by_side([0.5, 0.4], [0.8, 0.8], gap=0.1) == pytest.approx([1.3, 0.4])


def test_the_free_spot_is_off_the_curve() -> None:
    x = np.linspace(0, 1, 200)
    spot = free_spot(0.4, 0.3, [(x, np.full(200, 0.2), 1.0)])
    assert spot[1] - 0.15 > 0.2
    assert free_spot(2.0, 2.0, []) == (0.5, 0.5)


GAP = (0.02, 0.02)
RIGHT_OR_LEFT = ((1, 0), (-1, 0))


def test_a_label_stands_beside_its_point_on_the_first_side_that_is_free() -> None:
    spot = Spot(0.5, 0.5, RIGHT_OR_LEFT)
    assert beside([(0.2, 0.1, [spot])], [], GAP) == [pytest.approx((0.62, 0.5))]
    across = (np.full(50, 0.6), np.linspace(0, 1, 50), 1.0)
    assert beside([(0.2, 0.1, [spot])], [across], GAP) == [pytest.approx((0.38, 0.5))]


def test_a_label_covers_the_lighter_of_two_curves() -> None:
    spot, heights = Spot(0.5, 0.5, RIGHT_OR_LEFT), np.linspace(0, 1, 50)
    heavy, light = (np.full(50, 0.6), heights, 2.0), (np.full(50, 0.4), heights, 1.0)
    assert beside([(0.2, 0.1, [spot])], [heavy, light], GAP) == [pytest.approx((0.38, 0.5))]


def test_a_label_leaves_neither_the_axes_nor_lies_on_another() -> None:
    at_the_end, above = Spot(0.95, 0.5, RIGHT_OR_LEFT), Spot(0.95, 0.6, ((-1, 0), (-1, 1)))
    first, second = beside([(0.2, 0.1, [at_the_end]), (0.2, 0.12, [above])], [], GAP)
    assert first == pytest.approx((0.83, 0.5))
    assert second == pytest.approx((0.83, 0.68))


def test_labels_of_one_point_stand_above_each_other() -> None:
    spot = Spot(0.5, 0.5, ((1, 0),))
    first, second, third = beside([(0.2, 0.1, [spot])] * 3, [], GAP)
    assert first == pytest.approx((0.62, 0.5))
    for a, b in ((first, second), (first, third), (second, third)):
        assert 0.1 <= abs(a[1] - b[1]) < 0.24


def test_without_any_place_a_label_is_moved_inside() -> None:
    assert beside([(0.4, 0.1, [Spot(0.95, 0.5, ((1, 0),))])], [], GAP) == [pytest.approx((0.8, 0.5))]


sides = st.lists(st.tuples(st.integers(-1, 1), st.integers(-1, 1)), min_size=1, max_size=4).map(tuple)
spots = st.builds(Spot, st.floats(0, 1), st.floats(0, 1), sides)


@given(
    st.lists(st.tuples(st.floats(0.01, 0.5), st.floats(0.01, 0.2), st.lists(spots, min_size=1, max_size=3)), max_size=4)
)
def test_labels_beside_points_are_always_inside(labels: list[tuple[float, float, list[Spot]]]) -> None:
    for (width, height, _), (x, y) in zip(labels, beside(labels, [], GAP), strict=True):
        assert width / 2 - 1e-9 <= x <= 1 - width / 2 + 1e-9
        assert height / 2 - 1e-9 <= y <= 1 - height / 2 + 1e-9


def test_dense_points_lie_on_the_curve() -> None:
    x, y = dense(np.array([0.0, 0.5, np.nan, 1.0]), np.array([0.0, 1.0, 9.0, 0.0]), points=101)
    assert len(x) == 101
    np.testing.assert_allclose(y, 1 - np.abs(2 * x - 1))
    assert len(dense(np.array([0.5, np.nan]), np.array([0.5, 0.5]))[0]) == 1
