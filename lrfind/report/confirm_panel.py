"""The panel of the confirmation: what each rate's training ends with, one line for each length of training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from lrfind.report.axis import Axis
from lrfind.report.confirm_view import ConfirmView, Line
from lrfind.report.layout import Spot, dense, side_by_side
from lrfind.report.panel import Cell, add_axes, band, dot, extent, label, place_beside, rate_line
from lrfind.report.style import CURVE, PAPER, RATE, SOFT, short, tint
from lrfind.report.text import LOSS_NAMES, rate, superscript
from lrfind.types import Confirmation, Floats, Result

LONGEST_NAME = 46
"""Characters that fit beside the axes; the unit is left out where it does not, as the curve's axis has it too."""

PALEST = 0.42
"""How strong the shortest trainings' line is; the eye still follows it on white."""


def draw_confirmation(figure: Figure, cell: Cell, seen: ConfirmView, result: Result, found: Confirmation) -> None:
    """Draw the panel."""
    loss = LOSS_NAMES.get(result.facts.loss, result.facts.loss)
    name = f"final {found.judged_on}"
    name = f"{name} ({loss})" if loss and len(f"{name} ({loss})") <= LONGEST_NAME else name
    axes = add_axes(figure, cell, seen.x, seen.y, "learning rate", short(name, LONGEST_NAME), _numbers(seen.y))
    if seen.untrained is not None:
        axes.add_line(Line2D([0, 1], [seen.untrained] * 2, color=SOFT, lw=0.8, ls=(0, (1, 2)), zorder=1.5))
    if seen.interval is not None:
        band(axes, seen.interval)
    for line in seen.lines:
        _line(axes, line)
    if seen.lines and not any(len(line.seeds) for line in seen.lines):
        axes.text(0.5, 0.25, "every training diverged", color=SOFT, size=9, ha="center", va="center")
    _path(axes, seen)
    if seen.mark is not None:
        rate_line(axes, seen.mark)
        text = label(axes, seen.mark, rate(result.recommendation.learning_rate), RATE, "bold")
        text.set_x(side_by_side([seen.mark], [extent(axes, text)[0]], gap=0)[0])
    _names(axes, seen, result)


def legend(seen: ConfirmView) -> tuple[list[Line2D], list[str]]:
    """Samples of what the panel shows, and their names."""
    lines, names = [Line2D([], [], color=CURVE, lw=2.0, marker="o", ms=3.2)], ["one seed"]
    if seen.several:
        lines.append(Line2D([], [], marker="o", **_FAINT))
        names = ["median", "each seed"]
    if seen.off:
        lines.append(Line2D([], [], marker="x", ms=4.5, mec=CURVE, mew=1.2, ls=""))
        names.append(seen.off)
    return lines, names


_FAINT: dict[str, Any] = {"ms": 3.4, "mfc": CURVE, "mec": "none", "ls": "", "alpha": 0.35}


def _numbers(axis: Axis) -> list[str]:
    """Labels of the loss: plain numbers where the axis has no more than a few decades of them."""
    plain = axis.log and all(1e-3 <= tick < 1e4 for tick in axis.ticks)
    return [f"{tick:g}" for tick in axis.ticks] if plain else [superscript(each) for each in axis.labels]


def _color(line: Line) -> str:
    return tint(CURVE, PALEST + (1 - PALEST) * line.strength)


def _line(axes: Axes, line: Line) -> None:
    color, over = _color(line), 3 + 0.1 * line.strength
    axes.add_line(Line2D(*line.seeds.T, marker="o", zorder=2.6, **{**_FAINT, "mfc": color, "alpha": 0.5}))
    axes.add_line(
        Line2D(
            line.rates,
            line.loss,
            color=color,
            lw=1.3 + 0.9 * line.strength,
            marker="o",
            ms=3.2,
            mec="none",
            zorder=over,
            solid_capstyle="round",
            solid_joinstyle="round",
        )
    )
    for places, alpha in ((line.off, 1.0), (line.off_seeds, 0.4)):
        marks = Line2D(places, [line.lane] * len(places), marker="x", ms=4.5, mec=color, mew=1.2, ls="", alpha=alpha)
        axes.add_line(marks)


def _path(axes: Axes, seen: ConfirmView) -> None:
    """The best rate of each length, and how they lead to the recommended one."""
    stops = [(line, line.best) for line in seen.lines if line.best is not None]
    path = [best for _, best in stops]
    if len(path) > 1:
        axes.add_line(Line2D(*np.array(path).T, color=RATE, lw=1.0, ls=(0, (1, 1.6)), zorder=3.3))
    if seen.ahead is not None and path:
        axes.annotate(
            "",
            xy=seen.ahead,
            xytext=path[-1],
            arrowprops={
                "arrowstyle": "-|>,head_width=0.22,head_length=0.5",
                "color": RATE,
                "lw": 1.0,
                "shrinkA": 4,
                "shrinkB": 0,
            },
            zorder=3.4,
        )
    for line, best in stops:
        dot(axes, best, PAPER, _color(line), size=5.5, width=1.3, over=4)
    if seen.on_line is not None:
        dot(axes, seen.on_line, RATE, PAPER, size=7.5, width=1.3, over=5)


def _names(axes: Axes, seen: ConfirmView, result: Result) -> None:
    """Every line named at one of its ends, and what the arrow leads to."""
    labels = []
    if seen.ahead is not None:
        # first on the side that the arrow does not come from
        side = -1 if any(line.best and line.best[0] > seen.ahead[0] for line in seen.lines[-1:]) else 1
        spots = [Spot(*seen.ahead, ((side, 0), (-side, -1), (-side, 0)))]
        labels.append((_text(axes, f"for {result.recommendation.steps:,} steps", RATE), spots))
    for line in reversed(seen.lines):
        color = tint(CURVE, max(0.75, PALEST + (1 - PALEST) * line.strength))
        labels.append((_text(axes, f"{line.steps:,} steps", color), _spots(line)))
    if seen.untrained is not None:
        spots = [Spot(x, seen.untrained, ((0, 1), (0, -1))) for x in (0.9, 0.12, 0.5, 0.7, 0.3)]
        labels.append((_text(axes, "untrained", SOFT), spots))
    place_beside(axes, labels, _obstacles(seen))


def _text(axes: Axes, content: str, color: str) -> Text:
    return axes.text(0, 0, content, color=color, size=8, ha="center", va="center", zorder=6)


def _spots(line: Line) -> list[Spot]:
    """The ends of a line, then its other points."""
    known = np.flatnonzero(line.loss <= 1)
    points = [(float(line.rates[i]), float(line.loss[i])) for i in known]
    if not points:
        return [Spot(line.off[-1], line.lane, ((1, 0), (0, -1), (-1, -1))), Spot(line.off[0], line.lane, ((-1, 0),))]
    ends = [Spot(*points[-1], ((1, 0), (1, 1), (1, -1))), Spot(*points[0], ((-1, 0), (0, 1), (0, -1), (1, 1), (1, -1)))]
    return [*ends, *(Spot(x, y, ((0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))) for x, y in points[::-1])]


def _obstacles(seen: ConfirmView) -> list[tuple[Floats, Floats, float]]:
    """What labels should not hide."""
    found = [(*dense(line.rates, line.loss), 2.0) for line in seen.lines]
    bests = [line.best for line in seen.lines if line.best is not None]
    path = [*bests, *([seen.ahead] if seen.ahead is not None else [])]
    marks = [*bests, *((x, line.lane) for line in seen.lines for x in line.off)]
    marks += [(x, y) for line in seen.lines for x, y in line.seeds.tolist()]
    found.append((*dense(*_columns(path)), 1.0))
    found += [(*(_columns(marks) + np.array([[dx], [dy]])), 5.0) for dx in _REACH for dy in _REACH]
    if seen.mark is not None:
        found.append((np.full(200, seen.mark), np.linspace(0, 1, 200), 1.0))
    if seen.untrained is not None:
        found.append((np.linspace(0, 1, 200), np.full(200, seen.untrained), 0.5))
    return found


_REACH = (-0.015, 0.0, 0.015)
"""About the size of a mark, in fractions of the axes."""


def _columns(points: Sequence[tuple[float, float]]) -> Floats:
    """The x and the y of points, shape (2, points)."""
    return np.array(points, dtype=np.float64).reshape(-1, 2).T
