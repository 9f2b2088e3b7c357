"""Where labels go so that they hide nothing: pure geometry in fractions of the axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lrfind.types import Floats


def side_by_side(anchors: Sequence[float], widths: Sequence[float], gap: float) -> list[float]:
    """Centres of labels in one row, each as near to its anchor as the others and the row's ends, 0 and 1, allow.

    Anchors may come in any order. Labels that are too wide for the row together stand in order from the left.
    """
    order = sorted(range(len(anchors)), key=lambda i: anchors[i])
    centres = list(anchors)
    left = 0.0
    for i in order:  # from the left: no label over the one before
        centres[i] = max(anchors[i], left + widths[i] / 2)
        left = centres[i] + widths[i] / 2 + gap
    right = 1.0
    for i in reversed(order):  # back from the right: no label beyond the end
        centres[i] = min(centres[i], right - widths[i] / 2)
        right = centres[i] - widths[i] / 2 - gap
    if order and right + gap < 0:
        left = 0.0
        for i in order:
            centres[i] = left + widths[i] / 2
            left += widths[i] + gap
    return centres


def free_spot(width: float, height: float, curves: Sequence[tuple[Floats, Floats, float]]) -> tuple[float, float]:
    """Centre of the box of this size, inside the axes, that covers least of the curves ``(x, y, weight)``.

    Of equally good places the one nearest to the middle is taken.
    """
    width, height = min(width, 1.0), min(height, 1.0)
    best, spot = (np.inf, np.inf), (0.5, 0.5)
    for x in np.linspace(width / 2, 1 - width / 2, 25):
        for y in np.linspace(height / 2, 1 - height / 2, 25):
            covered = sum(
                weight * np.count_nonzero((np.abs(xs - x) <= width / 2) & (np.abs(ys - y) <= height / 2))
                for xs, ys, weight in curves
            )
            rank = (float(covered), float((x - 0.5) ** 2 + (y - 0.5) ** 2))
            if rank < best:
                best, spot = rank, (float(x), float(y))
    return spot
