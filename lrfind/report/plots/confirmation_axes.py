"""The panel of the confirmation: what each rate's training ends with, one line for each length of training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from lrfind.core.dataset import Floats
from lrfind.core.result import Confirmation, Result
from lrfind.report.plots.axes_parts import Cell, add_axes, band, dot, extent, label, place_beside, rate_line
from lrfind.report.plots.axis import Axis
from lrfind.report.plots.confirmation_view import ConfirmationView, Line
from lrfind.report.plots.label_layout import Spot, dense, side_by_side
from lrfind.report.plots.theme import CURVE, PAPER, RATE, SOFT, shortened, tint
from lrfind.report.wording import LOSS_NAMES, rate, superscript

LONGEST_NAME = 46
"""Characters that fit beside the axes; the unit is left out where it does not, as the curve's axis has it too."""

PALEST = 0.42
"""How strong the shortest trainings' line is; the eye still follows it on white."""


def draw_confirmation(
    figure: Figure, cell: Cell, view: ConfirmationView, result: Result, confirmation: Confirmation
) -> None:
    """Draw the panel of a confirmation."""
    loss = LOSS_NAMES.get(result.facts.loss, result.facts.loss)
    name = f"final {confirmation.judged_on}"
    name = f"{name} ({loss})" if loss and len(f"{name} ({loss})") <= LONGEST_NAME else name
    axes = add_axes(figure, cell, view.x, view.y, "learning rate", shortened(name, LONGEST_NAME), _numbers(view.y))
    if view.untrained is not None:
        axes.add_line(Line2D([0, 1], [view.untrained] * 2, color=SOFT, lw=0.8, ls=(0, (1, 2)), zorder=1.5))
    if view.interval is not None:
        band(axes, view.interval)
    for line in view.lines:
        _line(axes, line)
    if view.lines and not any(len(line.seeds) for line in view.lines):
        axes.text(0.5, 0.25, "every training diverged", color=SOFT, size=9, ha="center", va="center")
    _path(axes, view)
    if view.mark is not None:
        rate_line(axes, view.mark)
        text = label(axes, view.mark, rate(result.recommendation.learning_rate), RATE, "bold")
        text.set_x(side_by_side([view.mark], [extent(axes, text)[0]], gap=0)[0])
    _names(axes, view, result)


def legend(view: ConfirmationView) -> tuple[list[Line2D], list[str]]:
    """Return the samples of the legend and their names."""
    lines, names = [Line2D([], [], color=CURVE, lw=2.0, marker="o", ms=3.2)], ["one seed"]
    if view.several:
        lines.append(Line2D([], [], marker="o", **_FAINT))
        names = ["median", "each seed"]
    if view.off:
        lines.append(Line2D([], [], marker="x", ms=4.5, mec=CURVE, mew=1.2, ls=""))
        names.append(view.off)
    return lines, names


_FAINT: dict[str, Any] = {"ms": 3.4, "mfc": CURVE, "mec": "none", "ls": "", "alpha": 0.35}


def _numbers(axis: Axis) -> list[str]:
    """Return the labels of the loss: plain numbers where the axis has no more than a few decades of them."""
    plain = axis.log and all(1e-3 <= tick < 1e4 for tick in axis.ticks)
    return [f"{tick:g}" for tick in axis.ticks] if plain else [superscript(label) for label in axis.labels]


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
    for xs, alpha in ((line.off, 1.0), (line.off_seeds, 0.4)):
        marks = Line2D(xs, [line.lane] * len(xs), marker="x", ms=4.5, mec=color, mew=1.2, ls="", alpha=alpha)
        axes.add_line(marks)


def _path(axes: Axes, view: ConfirmationView) -> None:
    """Draw the path of best rates over lengths, and the arrow to the recommended rate."""
    stops = [(line, line.best) for line in view.lines if line.best is not None]
    path = [best for _, best in stops]
    if len(path) > 1:
        axes.add_line(Line2D(*np.array(path).T, color=RATE, lw=1.0, ls=(0, (1, 1.6)), zorder=3.3))
    if view.ahead is not None and path:
        axes.annotate(
            "",
            xy=view.ahead,
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
    if view.on_line is not None:
        dot(axes, view.on_line, RATE, PAPER, size=7.5, width=1.3, over=5)


def _names(axes: Axes, view: ConfirmationView, result: Result) -> None:
    """Name every line at one of its ends, and the arrow's end."""
    labels = []
    if view.ahead is not None:
        # first on the side that the arrow does not come from
        side = -1 if any(line.best and line.best[0] > view.ahead[0] for line in view.lines[-1:]) else 1
        spots = [Spot(*view.ahead, ((side, 0), (-side, -1), (-side, 0)))]
        labels.append((_text(axes, f"for {result.recommendation.steps:,} steps", RATE), spots))
    for line in reversed(view.lines):
        color = tint(CURVE, max(0.75, PALEST + (1 - PALEST) * line.strength))
        labels.append((_text(axes, f"{line.steps:,} steps", color), _spots(line)))
    if view.untrained is not None:
        spots = [Spot(x, view.untrained, ((0, 1), (0, -1))) for x in (0.9, 0.12, 0.5, 0.7, 0.3)]
        labels.append((_text(axes, "untrained", SOFT), spots))
    place_beside(axes, labels, _obstacles(view))


def _text(axes: Axes, content: str, color: str) -> Text:
    return axes.text(0, 0, content, color=color, size=8, ha="center", va="center", zorder=6)


def _spots(line: Line) -> list[Spot]:
    """Return the points where the label of a line may stand: its ends, then its other points."""
    known = np.flatnonzero(line.loss <= 1)
    points = [(float(line.rates[i]), float(line.loss[i])) for i in known]
    if not points:
        return [Spot(line.off[-1], line.lane, ((1, 0), (0, -1), (-1, -1))), Spot(line.off[0], line.lane, ((-1, 0),))]
    ends = [Spot(*points[-1], ((1, 0), (1, 1), (1, -1))), Spot(*points[0], ((-1, 0), (0, 1), (0, -1), (1, 1), (1, -1)))]
    return [*ends, *(Spot(x, y, ((0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))) for x, y in points[::-1])]


def _obstacles(view: ConfirmationView) -> list[tuple[Floats, Floats, float]]:
    """Return the curves ``(x, y, weight)`` that labels should not hide."""
    confirmation = [(*dense(line.rates, line.loss), 2.0) for line in view.lines]
    bests = [line.best for line in view.lines if line.best is not None]
    path = [*bests, *([view.ahead] if view.ahead is not None else [])]
    marks = [*bests, *((x, line.lane) for line in view.lines for x in line.off)]
    marks += [(x, y) for line in view.lines for x, y in line.seeds.tolist()]
    confirmation.append((*dense(*_columns(path)), 1.0))
    confirmation += [(*(_columns(marks) + np.array([[dx], [dy]])), 5.0) for dx in _REACH for dy in _REACH]
    if view.mark is not None:
        confirmation.append((np.full(200, view.mark), np.linspace(0, 1, 200), 1.0))
    if view.untrained is not None:
        confirmation.append((np.linspace(0, 1, 200), np.full(200, view.untrained), 0.5))
    return confirmation


_REACH = (-0.015, 0.0, 0.015)
"""About the size of a mark, in fractions of the axes."""


def _columns(points: Sequence[tuple[float, float]]) -> Floats:
    """Return the x and the y of points, shape (2, points)."""
    return np.array(points, dtype=np.float64).reshape(-1, 2).T
