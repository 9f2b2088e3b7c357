"""The figure of a sweep: the curve, the recommended rate on it, where it diverges, and the evidence.

A confirmation has a panel of its own beside it.
"""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D

from lrfind.core.result import Confirmation, Result
from lrfind.report.plots.axis import Axis
from lrfind.report.plots.confirmation_view import ConfirmationView, Line, confirmation_view
from lrfind.report.plots.curve_view import CurveView, curve_view
from lrfind.report.plots.panel import Cell, above, add_axes, add_legend, dot, extent, mark_rate, spread
from lrfind.report.plots.theme import CURVE, PAPER, RATE, RIGHT, SOFT, add_title, canvas, drawable, shortened, tint
from lrfind.report.sweep.fact_rows import half_trust, limit_name
from lrfind.report.wording import LOSS_NAMES, interval, rate, superscript

WIDTH, WIDER, HEIGHT = 6.8, 10.2, 4.44
"""Inches of the sweep alone, and with a confirmation."""

TOP = 1.25
"""Inches of title, legend and the strip for names."""

BACKING = {"fc": PAPER, "ec": "none", "alpha": 0.7, "pad": 0.6}
"""Behind a name among curves, so that it can be read where it crosses one."""


def build(result: Result) -> Figure:
    """Return the figure of a sweep, and of its confirmation."""
    confirmation = result.confirmation
    figure = canvas(WIDTH if confirmation is None else WIDER, HEIGHT)
    known, section = result.facts, result.config.get("optimizer") or {}
    own = str(section.get("target") or "").rpartition(":")[2]
    optimizer = own or str(section.get("name") or known.optimizer.partition("(")[0]).replace("none", "")
    parts = [part for part in (known.model, known.data.partition(":")[0], optimizer) if part]
    add_title(figure, result.name, " · ".join(parts))
    _curve(figure, Cell(0, WIDTH - RIGHT if confirmation is None else 5.75, TOP), curve_view(result), result)
    if confirmation is not None:
        draw_confirmation(figure, Cell(6.0, WIDER - RIGHT, TOP), result, confirmation)
    return figure


def _curve(figure: Figure, cell: Cell, view: CurveView, result: Result) -> None:
    loss = LOSS_NAMES.get(result.facts.loss, result.facts.loss)
    name = shortened(f"training loss ({loss})" if loss else "training loss", 56)
    axes = add_axes(figure, cell, view.x, view.y, ("learning rate", name))
    if view.diverges is not None and view.diverges < 1:
        axes.axvspan(view.diverges, 1, fc="none", ec="#d4d4d4", lw=0, hatch="////", zorder=0.6)
        axes.axvline(view.diverges, color=SOFT, lw=1.0, ls=(0, (1, 2)), zorder=2)
    seeds = "one seed" if len(view.seeds) == 1 else f"each of {len(view.seeds)} seeds"
    for number, row in enumerate(view.seeds):
        axes.plot(view.rates, row, color=CURVE, lw=0.8, alpha=0.32, zorder=2.5, label="" if number else seeds)
    axes.plot(view.rates, view.smoothed, color=CURVE, lw=2.2, zorder=3, solid_capstyle="round", label="smoothed")
    if view.other is not None:
        dot(axes, view.other, label=f"suggestion ({shortened(next(iter(result.suggestions)), 12)})")
    add_legend(axes)
    _marks(axes, view, result)
    _evidence(axes, view, result)


def _marks(axes: Axes, view: CurveView, result: Result) -> None:
    """Mark rate, interval and divergence, named in the strip above the axes where no curve can be."""
    advised, names = result.recommendation, []
    mark_rate(axes, None if view.mark is None else view.mark[0], view.interval)
    if view.mark is not None:
        dot(axes, view.mark, RATE, PAPER)
        span = interval(advised.low, advised.high).replace(" .. ", " – ")
        names.append((view.mark[0], rate(advised.learning_rate) + (f"  ({span})" if span else ""), RATE))
    if view.diverges is not None:
        names.append((view.diverges, "diverges", SOFT))
    above(axes, names)
    if advised.learning_rate is None:
        reason = textwrap.shorten(drawable(advised.reason), 220, placeholder=" …")
        _notice(axes, "\n".join(["no learning rate to recommend", *textwrap.wrap(reason, 46)]))


def _notice(axes: Axes, text: str) -> None:
    """Write a text in a box, where it hides least of the curve."""
    frame: dict[str, Any] = {"frameon": True, "facecolor": PAPER, "edgecolor": RATE, "borderpad": 0.6}
    words: dict[str, Any] = {"labelcolor": RATE, "fontsize": 9, "handlelength": 0, "handletextpad": 0}
    box = Legend(axes, [Line2D([], [], ls="")], [text], loc="best", borderaxespad=1.0, **frame, **words)
    box.set_zorder(6)
    axes.add_artist(box)


def _evidence(axes: Axes, view: CurveView, result: Result) -> None:
    """Draw the limit of stability, and the rate at which the trust ratio passes 1/2."""
    limit, half = view.x.inside(result.evidence.stability_limit), view.x.inside(half_trust(result))
    if limit is not None:
        axes.axvline(limit, color=SOFT, lw=0.7, alpha=0.7, ls=(0, (5, 3)), zorder=2.1)
        free = limit < 0.9 and not (view.mark is not None and limit < view.mark[0] < limit + 0.1)
        _beside(axes, limit, limit_name(result.evidence.stability_rule), right=free, row=1)
    if half is not None:
        axes.plot(half, 1, "v", ms=4, mfc=SOFT, mec="none", zorder=4, clip_on=False)
        _beside(axes, half, "trust ½", right=half < 0.1, row=0)


def _beside(axes: Axes, x: float, name: str, *, right: bool, row: int) -> None:
    """Write a name beside what stands at x, in a row at the top of the axes."""
    offset = (4 if right else -4, -4 - 11 * row)
    text = axes.annotate(drawable(name), (x, 1), offset, textcoords="offset points", color=SOFT, size=7.5, zorder=6)
    text.set(ha="left" if right else "right", va="center", bbox=BACKING)


LONGEST_NAME = 46
"""Characters that fit beside the axes; the unit is left out where it does not, as the curve's axis has it too."""

PALEST = 0.42
"""How strong the shortest trainings' line is; the eye still follows it on white."""

GAP = 0.02
"""Between a point and a name beside it, in fractions of the axes."""


def draw_confirmation(figure: Figure, cell: Cell, result: Result, confirmation: Confirmation) -> None:
    """Draw the panel of a confirmation."""
    view = confirmation_view(result, confirmation)
    loss = LOSS_NAMES.get(result.facts.loss, result.facts.loss)
    name = f"final {confirmation.judged_on}"
    name = f"{name} ({loss})" if loss and len(f"{name} ({loss})") <= LONGEST_NAME else name
    names = ("learning rate", shortened(name, LONGEST_NAME))
    axes = add_axes(figure, cell, view.x, view.y, names, _numbers(view.y))
    if view.untrained is not None:
        axes.axhline(view.untrained, color=SOFT, lw=0.8, ls=(0, (1, 2)), zorder=1.5)
    mark_rate(axes, view.mark, view.interval)
    if view.mark is not None:
        above(axes, [(view.mark, rate(result.recommendation.learning_rate), RATE)])
    for line in view.lines:
        _line(axes, line, view if line is view.lines[-1] else None)
    add_legend(axes)
    if view.lines and not any(len(line.seeds) for line in view.lines):
        axes.text(0.5, 0.25, "every training diverged", color=SOFT, size=9, ha="center", va="center")
    _path(axes, view)
    _names(axes, view, result)


def _numbers(axis: Axis) -> list[str]:
    """Return the labels of the loss: plain numbers where the axis has no more than a few decades of them."""
    plain = axis.log and all(1e-3 <= tick < 1e4 for tick in axis.ticks)
    return [f"{tick:g}" for tick in axis.ticks] if plain else [superscript(label) for label in axis.labels]


def _color(line: Line) -> str:
    return tint(CURVE, PALEST + (1 - PALEST) * line.strength)


def _line(axes: Axes, line: Line, legend: ConfirmationView | None) -> None:
    """Draw the line of one length, its seeds, and what is off the scale; with labels for the legend of a view."""
    color, labels = _color(line), ["", "", ""]
    if legend is not None:
        labels = ["median", "each seed", legend.off] if legend.several else ["one seed", "", legend.off]
    style: dict[str, Any] = {"color": color, "lw": 1.3 + 0.9 * line.strength, "marker": "o", "ms": 3.2, "mec": "none"}
    axes.plot(line.rates, line.loss, zorder=3 + 0.1 * line.strength, label=labels[0], **style)
    axes.plot(*line.seeds.T, "o", ms=3.4, mfc=color, mec="none", alpha=0.5, zorder=2.6, label=labels[1])
    crosses: dict[str, Any] = {"marker": "x", "ms": 4.5, "mec": color, "mew": 1.2, "ls": ""}
    axes.plot(line.off, [line.lane] * len(line.off), label=labels[2], **crosses)
    axes.plot(line.off_seeds, [line.lane] * len(line.off_seeds), alpha=0.4, **crosses)


def _path(axes: Axes, view: ConfirmationView) -> None:
    """Draw the path of best rates over lengths, and the arrow to the recommended rate."""
    path = [line.best for line in view.lines if line.best is not None]
    if len(path) > 1:
        axes.plot(*np.array(path).T, color=RATE, lw=1.0, ls=(0, (1, 1.6)), zorder=3.3)
    if view.ahead is not None and path:
        shape = "-|>,head_width=0.22,head_length=0.5"
        arrow = {"arrowstyle": shape, "color": RATE, "lw": 1.0, "shrinkA": 4, "shrinkB": 0}
        axes.annotate("", xy=view.ahead, xytext=path[-1], arrowprops=arrow, zorder=3.4)
    for line in view.lines:
        if line.best is not None:
            dot(axes, line.best, PAPER, _color(line))
    if view.on_line is not None:
        dot(axes, view.on_line, RATE, PAPER)


def _names(axes: Axes, view: ConfirmationView, result: Result) -> None:
    """Name every line at its right end, at the left one where the rate's line is in the way; and what else there is."""
    style: dict[str, Any] = {"size": 8, "ha": "center", "va": "center", "bbox": BACKING, "zorder": 6}
    texts, heights = [], []
    for line in reversed(view.lines):
        color = tint(CURVE, max(0.75, PALEST + (1 - PALEST) * line.strength))
        text = axes.text(0, 0, f"{line.steps:,} steps", color=color, **style)
        width, height = extent(axes, text)
        known = line.loss <= 1
        points = [*zip(line.rates[known], line.loss[known], strict=True)] or [(x, line.lane) for x in line.off]
        x, y = points[-1]
        centre = min(x + GAP + width / 2, 1 - width / 2)
        if view.mark is not None and x + GAP < view.mark < centre + width / 2:
            x, y = points[0]
            centre = x + width / 2
        text.set_x(centre)
        texts.append(text)
        heights.append(y if centre > x + width / 2 else y + height)  # over the end of the line where none is beside it
    if view.untrained is not None:
        texts.append(axes.text(0, 0, "untrained", color=SOFT, **style))
        width, height = extent(axes, texts[-1])
        texts[-1].set_x(1 - width / 2)
        heights.append(view.untrained - 0.8 * height)
    for text, y in zip(texts, spread(heights, [extent(axes, text)[1] for text in texts]), strict=True):
        text.set_y(y)
    if view.ahead is not None:
        x, y = view.ahead
        text = axes.text(0, y, f"for {result.recommendation.steps:,} steps", color=RATE, **style)
        width, _ = extent(axes, text)
        text.set_x(x - GAP - width / 2 if x > GAP + width else x + GAP + width / 2)
