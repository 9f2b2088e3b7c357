"""Where labels go so that they hide nothing: pure geometry in fractions of the axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lrfind.core.dataset import Floats


def side_by_side(anchors: Sequence[float], widths: Sequence[float], gap: float) -> list[float]:
    """Return centres of labels in one row, as near to their anchors as the others and the ends, 0 and 1, allow.

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
    """Return the centre of the box of this size, inside the axes, that covers least of the curves ``(x, y, weight)``.

    Of equally good places the one nearest to the middle is taken.
    """
    width, height = min(width, 1.0), min(height, 1.0)
    best, spot = (np.inf, np.inf), (0.5, 0.5)
    for x in np.linspace(width / 2, 1 - width / 2, 25):
        for y in np.linspace(height / 2, 1 - height / 2, 25):
            covered = _covered(float(x), float(y), width, height, curves)
            rank = (covered, float((x - 0.5) ** 2 + (y - 0.5) ** 2))
            if rank < best:
                best, spot = rank, (float(x), float(y))
    return spot


@dataclass(frozen=True)
class Spot:
    """A point that a label may stand beside.

    Attributes:
        x: of the point.
        y: of the point.
        sides: where the label may stand, best first: a step in x and one in y, each -1, 0 or 1.
    """

    x: float
    y: float
    sides: tuple[tuple[int, int], ...]


def beside(
    labels: Sequence[tuple[float, float, Sequence[Spot]]],
    curves: Sequence[tuple[Floats, Floats, float]],
    gap: tuple[float, float],
) -> list[tuple[float, float]]:
    """Return centres of labels beside the points they name, in the order of the labels.

    One label after the other gets the place, of all that its spots allow, that covers least of the curves, lies inside
    the axes and on no label before it; of equal ones the first. Where there is no such place it gets the first one,
    moved inside and then up or down until it lies on no other.

    Args:
        labels: ``(width, height, spots)`` of each, the most important first.
        curves: ``(x, y, weight)`` of each, dense enough for the labels.
        gap: between a point and its label, in x and in y.
    """
    boxes: list[tuple[float, float, float, float]] = []
    for width, height, spots in labels:
        centres = [
            (spot.x + dx * (width / 2 + gap[0]), spot.y + dy * (height / 2 + gap[1]))
            for spot in spots
            for dx, dy in spot.sides
        ]
        ranks = [
            (_covered(x, y, width, height, curves), i)
            for i, (x, y) in enumerate(centres)
            if _inside(x, y, width, height) and _apart((x, y, width, height), boxes)
        ]
        if ranks:
            x, y = centres[min(ranks)[1]]
        else:
            x, first = (
                max(size / 2, min(at, 1 - size / 2)) for at, size in zip(centres[0], (width, height), strict=True)
            )
            moved = sorted(np.linspace(height / 2, 1 - height / 2, 60).tolist(), key=lambda at: abs(at - first))
            y = next((at for at in (first, *moved) if _apart((x, at, width, height), boxes)), first)
        boxes.append((x, y, width, height))
    return [(x, y) for x, y, _, _ in boxes]


def _inside(x: float, y: float, width: float, height: float) -> bool:
    return width / 2 <= x <= 1 - width / 2 and height / 2 <= y <= 1 - height / 2


def _apart(box: tuple[float, float, float, float], others: Sequence[tuple[float, float, float, float]]) -> bool:
    """Return whether a box, by its centre and size, overlaps none of the others."""
    x, y, width, height = box
    return all(abs(x - ox) >= (width + ow) / 2 or abs(y - oy) >= (height + oh) / 2 for ox, oy, ow, oh in others)


def _covered(x: float, y: float, width: float, height: float, curves: Sequence[tuple[Floats, Floats, float]]) -> float:
    """Return the weighted number of points of the curves in a box."""
    return float(
        sum(
            weight * np.count_nonzero((np.abs(xs - x) <= width / 2) & (np.abs(ys - y) <= height / 2))
            for xs, ys, weight in curves
        )
    )


def dense(x: Floats, y: Floats, points: int = 200) -> tuple[Floats, Floats]:
    """Return points along the straight pieces of a curve, shape (points,) each; gaps are bridged."""
    known = np.isfinite(x) & np.isfinite(y)
    if known.sum() < 2:
        return x[known], y[known]
    along = np.linspace(0, 1, points)
    at = np.linspace(0, 1, int(known.sum()))
    return np.interp(along, at, x[known]), np.interp(along, at, y[known])
