"""Labels in one row."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfind.report.plots.panel import spread


def test_labels_with_room_stay_where_they_belong() -> None:
    assert spread([0.3, 0.8], [0.2, 0.1], gap=0.02) == [0.3, 0.8]


def test_labels_give_way() -> None:
    first, second = spread([0.9, 0.85], [0.3, 0.1], gap=0.02)
    assert first == pytest.approx(0.85)
    assert second == pytest.approx(0.85 - 0.15 - 0.02 - 0.05)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 0.3)), max_size=3))
def test_labels_never_overlap_and_never_leave(labels: list[tuple[float, float]]) -> None:
    widths = [width for _, width in labels]
    centres = spread([anchor for anchor, _ in labels], widths, gap=0.02)
    spans = sorted((c - w / 2, c + w / 2) for c, w in zip(centres, widths, strict=True))
    assert all(a[1] <= b[0] + 1e-9 for a, b in pairwise(spans))
    assert all(low >= -1e-9 and high <= 1 + 1e-9 for low, high in spans)
