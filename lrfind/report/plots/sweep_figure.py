"""The figure of a sweep: the curve, the recommended rate on it, where it diverges, and the evidence.

A confirmation has a panel of its own beside it.
"""

from __future__ import annotations

import textwrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D

from lrfind.core.result import Result
from lrfind.report.plots.confirmation_panel import draw_confirmation
from lrfind.report.plots.curve_view import CurveView, curve_view
from lrfind.report.plots.panel import Cell, above, add_axes, add_legend, dot, mark_rate
from lrfind.report.plots.theme import BACKING, CURVE, PAPER, RATE, RIGHT, SOFT, add_title, canvas, drawable, shortened
from lrfind.report.sweep.fact_rows import half_trust, limit_name
from lrfind.report.wording import LOSS_NAMES, interval, rate

WIDTH, WIDER, HEIGHT = 6.8, 10.2, 4.44
"""Inches of the sweep alone, and with a confirmation."""

TOP = 1.25
"""Inches of title, legend and the strip for names."""


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
