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

from lrfind.report.evidence import limit_name
from lrfind.report.layout import Spot, dense, free_spot, side_by_side
from lrfind.report.panel import Cell, add_axes, band, dot, extent, label, place_beside, rate_line
from lrfind.report.style import CURVE, PAPER, RATE, SOFT, drawable, short
from lrfind.report.text import LOSS_NAMES, interval, rate, superscript
from lrfind.report.view import View
from lrfind.types import Floats, Result


def draw_curve(figure: Figure, cell: Cell, seen: View, result: Result) -> None:
    """Draw the panel."""
    loss = LOSS_NAMES.get(result.facts.loss, result.facts.loss)
    name = short(f"training loss ({loss})" if loss else "training loss", 56)
    labels = [superscript(each) for each in seen.y.labels]
    axes = add_axes(figure, cell, seen.x, seen.y, "learning rate", name, labels)
    _curves(axes, seen)
    _marks(axes, seen, result)
    _evidence(axes, seen, result)


def legend(seen: View, result: Result) -> tuple[list[Line2D], list[str]]:
    """Samples of what the panel shows, and their names."""
    names = ["one seed" if len(seen.seeds) == 1 else f"each of {len(seen.seeds)} seeds", "smoothed"]
    lines = [Line2D([], [], color=CURVE, lw=0.9, alpha=0.45), Line2D([], [], color=CURVE, lw=2.2)]
    if seen.other is not None:
        lines.append(Line2D([], [], marker="o", ms=6, mfc=PAPER, mec=SOFT, mew=1.2, ls=""))
        names.append(f"suggestion ({short(next(iter(result.suggestions)), 12)})")
    return lines, names


def _curves(axes: Axes, seen: View) -> None:
    if seen.diverges is not None and seen.diverges < 1:
        region = Rectangle(
            (seen.diverges, 0), 1 - seen.diverges, 1, fc="none", ec="#d4d4d4", lw=0, hatch="////", zorder=0.6
        )
        axes.add_patch(region)
        axes.add_line(Line2D([seen.diverges] * 2, [0, 1], color=SOFT, lw=1.0, ls=(0, (1, 2)), zorder=2))
    if seen.interval is not None:
        band(axes, seen.interval)
    for row in seen.seeds:
        axes.add_line(Line2D(seen.rates, row, color=CURVE, lw=0.8, alpha=0.32, zorder=2.5))
    axes.add_line(
        Line2D(
            seen.rates, seen.smoothed, color=CURVE, lw=2.2, zorder=3, solid_capstyle="round", solid_joinstyle="round"
        )
    )


def _marks(axes: Axes, seen: View, result: Result) -> None:
    """The rate with its interval and the divergence, named in the strip above the axes where no curve can be."""
    labels: list[Text] = []
    anchors: list[float] = []
    if seen.other is not None:
        dot(axes, seen.other, PAPER, SOFT, size=6, width=1.2, over=4)
    if seen.mark is not None:
        x = seen.mark[0]
        rate_line(axes, x)
        dot(axes, seen.mark, RATE, PAPER, size=7.5, width=1.3, over=5)
        found = result.recommendation
        span = interval(found.low, found.high).replace(" .. ", " – ")
        labels.append(label(axes, x, rate(found.learning_rate) + (f"  ({span})" if span else ""), RATE, "bold"))
        anchors.append(x)
    if seen.diverges is not None:
        labels.append(label(axes, seen.diverges, "diverges", SOFT, "normal"))
        anchors.append(seen.diverges)
    widths = [extent(axes, each)[0] for each in labels]
    for each, centre in zip(labels, side_by_side(anchors, widths, gap=0.02), strict=True):
        each.set_x(centre)
    if result.recommendation.learning_rate is None:
        _verdict(axes, seen, result)


def _evidence(axes: Axes, seen: View, result: Result) -> None:
    """The limit of stability and where steps become too long to trust, quietly: they decide nothing."""
    found: list[tuple[float, str]] = []
    if seen.stability is not None:
        line = Line2D([seen.stability] * 2, [0, 1], color=SOFT, lw=0.7, alpha=0.7, ls=(0, (5, 3)), zorder=2.1)
        axes.add_line(line)
        found.append((seen.stability, limit_name(result.evidence.stability_rule)))
    if seen.trust is not None:
        mark = Line2D([seen.trust], [1], marker="v", ms=4, mfc=SOFT, mec="none", ls="", zorder=4, clip_on=False)
        axes.add_line(mark)
        found.append((seen.trust, "trust ½"))
    if not found:
        return
    texts = [
        axes.text(0, 0, drawable(name), color=SOFT, size=7.5, ha="center", va="center", zorder=6) for _, name in found
    ]
    upright = [(seen.mark or (None,))[0], seen.diverges, seen.stability]
    heights = np.linspace(0, 1, 60)
    curves = [(*dense(seen.rates, row, 20 * len(row)), weight) for row, weight in _weighted(seen)]
    curves += [(np.full(60, at), heights, 4.0) for at in upright if at is not None]
    height = extent(axes, texts[0])[1]
    spots = [[Spot(x, 1 - (0.7 + 1.2 * k) * height, ((1, 0), (-1, 0))) for k in range(4)] for x, _ in found]
    place_beside(axes, list(zip(texts, spots, strict=True)), curves)


def _verdict(axes: Axes, seen: View, result: Result) -> None:
    """Why there is no rate, where it hides least of the curve."""
    reason = textwrap.shorten(drawable(result.recommendation.reason), 220, placeholder=" …")
    lines = ["no learning rate to recommend", *textwrap.wrap(reason, 46)]
    text = axes.text(0, 0, "\n".join(lines), color=RATE, size=9, linespacing=1.35, ha="center", va="center", zorder=6)
    text.set_bbox({"boxstyle": "round,pad=0.5,rounding_size=0.3", "fc": PAPER, "ec": RATE, "lw": 0.8, "alpha": 0.94})
    width, height = extent(axes, text)
    steps = np.linspace(0, 1, 4 * max(len(seen.rates), 1))
    curves = [(np.interp(steps, np.linspace(0, 1, len(row)), row), weight) for row, weight in _weighted(seen)]
    rates = np.interp(steps, np.linspace(0, 1, len(seen.rates)), seen.rates) if len(seen.rates) else steps
    text.set_position(free_spot(width + 0.05, height + 0.1, [(rates, row, weight) for row, weight in curves]))


def _weighted(seen: View) -> list[tuple[Floats, float]]:
    rows: list[tuple[Any, float]] = [(seen.smoothed, 4.0), *((row, 1.0) for row in seen.seeds)]
    return [(row, weight) for row, weight in rows if len(row)]
