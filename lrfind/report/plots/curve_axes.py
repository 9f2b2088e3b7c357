"""The panel of the sweep: the curve, the recommended rate on it, where it diverges, and the evidence."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from lrfind.core.dataset import Floats
from lrfind.core.result import Result
from lrfind.report.plots.axes_parts import Cell, add_axes, band, dot, extent, label, place_beside, rate_line
from lrfind.report.plots.curve_view import CurveView
from lrfind.report.plots.label_layout import Spot, dense, free_spot, side_by_side
from lrfind.report.plots.theme import CURVE, PAPER, RATE, SOFT, drawable, shortened
from lrfind.report.sweep.trust_ratio import limit_name
from lrfind.report.wording import LOSS_NAMES, interval, rate, superscript


def draw_curve(figure: Figure, cell: Cell, view: CurveView, result: Result) -> None:
    """Draw the panel of a sweep."""
    loss = LOSS_NAMES.get(result.facts.loss, result.facts.loss)
    name = shortened(f"training loss ({loss})" if loss else "training loss", 56)
    labels = [superscript(tick) for tick in view.y.labels]
    axes = add_axes(figure, cell, view.x, view.y, "learning rate", name, labels)
    _curves(axes, view)
    _marks(axes, view, result)
    _evidence(axes, view, result)


def legend(view: CurveView, result: Result) -> tuple[list[Line2D], list[str]]:
    """Return the samples of the legend and their names."""
    names = ["one seed" if len(view.seeds) == 1 else f"each of {len(view.seeds)} seeds", "smoothed"]
    lines = [Line2D([], [], color=CURVE, lw=0.9, alpha=0.45), Line2D([], [], color=CURVE, lw=2.2)]
    if view.other is not None:
        lines.append(Line2D([], [], marker="o", ms=6, mfc=PAPER, mec=SOFT, mew=1.2, ls=""))
        names.append(f"suggestion ({shortened(next(iter(result.suggestions)), 12)})")
    return lines, names


def _curves(axes: Axes, view: CurveView) -> None:
    if view.diverges is not None and view.diverges < 1:
        region = Rectangle(
            (view.diverges, 0), 1 - view.diverges, 1, fc="none", ec="#d4d4d4", lw=0, hatch="////", zorder=0.6
        )
        axes.add_patch(region)
        axes.add_line(Line2D([view.diverges] * 2, [0, 1], color=SOFT, lw=1.0, ls=(0, (1, 2)), zorder=2))
    if view.interval is not None:
        band(axes, view.interval)
    for row in view.seeds:
        axes.add_line(Line2D(view.rates, row, color=CURVE, lw=0.8, alpha=0.32, zorder=2.5))
    axes.add_line(
        Line2D(
            view.rates, view.smoothed, color=CURVE, lw=2.2, zorder=3, solid_capstyle="round", solid_joinstyle="round"
        )
    )


def _marks(axes: Axes, view: CurveView, result: Result) -> None:
    """Mark rate, interval and divergence, named in the strip above the axes where no curve can be."""
    labels: list[Text] = []
    anchors: list[float] = []
    if view.other is not None:
        dot(axes, view.other, PAPER, SOFT, size=6, width=1.2, over=4)
    if view.mark is not None:
        x = view.mark[0]
        rate_line(axes, x)
        dot(axes, view.mark, RATE, PAPER, size=7.5, width=1.3, over=5)
        advised = result.recommendation
        span = interval(advised.low, advised.high).replace(" .. ", " – ")
        labels.append(label(axes, x, rate(advised.learning_rate) + (f"  ({span})" if span else ""), RATE, "bold"))
        anchors.append(x)
    if view.diverges is not None:
        labels.append(label(axes, view.diverges, "diverges", SOFT, "normal"))
        anchors.append(view.diverges)
    widths = [extent(axes, label)[0] for label in labels]
    for text, centre in zip(labels, side_by_side(anchors, widths, gap=0.02), strict=True):
        text.set_x(centre)
    if result.recommendation.learning_rate is None:
        _verdict(axes, view, result)


def _evidence(axes: Axes, view: CurveView, result: Result) -> None:
    """Draw the limit of stability and the rate at which the trust ratio passes 1/2."""
    limits: list[tuple[float, str]] = []
    if view.stability is not None:
        line = Line2D([view.stability] * 2, [0, 1], color=SOFT, lw=0.7, alpha=0.7, ls=(0, (5, 3)), zorder=2.1)
        axes.add_line(line)
        limits.append((view.stability, limit_name(result.evidence.stability_rule)))
    if view.trust is not None:
        mark = Line2D([view.trust], [1], marker="v", ms=4, mfc=SOFT, mec="none", ls="", zorder=4, clip_on=False)
        axes.add_line(mark)
        limits.append((view.trust, "trust ½"))
    if not limits:
        return
    texts = [
        axes.text(0, 0, drawable(name), color=SOFT, size=7.5, ha="center", va="center", zorder=6) for _, name in limits
    ]
    upright = [(view.mark or (None,))[0], view.diverges, view.stability]
    heights = np.linspace(0, 1, 60)
    curves = [(*dense(view.rates, row, 20 * len(row)), weight) for row, weight in _weighted(view)]
    curves += [(np.full(60, at), heights, 4.0) for at in upright if at is not None]
    height = extent(axes, texts[0])[1]
    spots = [[Spot(x, 1 - (0.7 + 1.2 * k) * height, ((1, 0), (-1, 0))) for k in range(4)] for x, _ in limits]
    place_beside(axes, list(zip(texts, spots, strict=True)), curves)


def _verdict(axes: Axes, view: CurveView, result: Result) -> None:
    """Write why there is no rate, where the text hides least of the curve."""
    reason = textwrap.shorten(drawable(result.recommendation.reason), 220, placeholder=" …")
    lines = ["no learning rate to recommend", *textwrap.wrap(reason, 46)]
    text = axes.text(0, 0, "\n".join(lines), color=RATE, size=9, linespacing=1.35, ha="center", va="center", zorder=6)
    text.set_bbox({"boxstyle": "round,pad=0.5,rounding_size=0.3", "fc": PAPER, "ec": RATE, "lw": 0.8, "alpha": 0.94})
    width, height = extent(axes, text)
    steps = np.linspace(0, 1, 4 * max(len(view.rates), 1))
    curves = [(np.interp(steps, np.linspace(0, 1, len(row)), row), weight) for row, weight in _weighted(view)]
    rates = np.interp(steps, np.linspace(0, 1, len(view.rates)), view.rates) if len(view.rates) else steps
    text.set_position(free_spot(width + 0.05, height + 0.1, [(rates, row, weight) for row, weight in curves]))


def _weighted(view: CurveView) -> list[tuple[Floats, float]]:
    rows: list[tuple[Any, float]] = [(view.smoothed, 4.0), *((row, 1.0) for row in view.seeds)]
    return [(row, weight) for row, weight in rows if len(row)]
