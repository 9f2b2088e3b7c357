"""The figure of a comparison: the smoothed curves of all runs over each other, each with its recommended rate.

Of batch sizes, also the rates against the batch size with the laws of scaling.
"""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lrfind.analysis.batch_size_scaling import Law
from lrfind.analysis.comparison import ComparedRun, Comparison
from lrfind.core.dataset import Floats
from lrfind.core.formats import FigureFormat
from lrfind.report.plots.axes_parts import LEFT, Cell, add_axes, dot
from lrfind.report.plots.axis import Axis, clipped, linear_axis, log_axis
from lrfind.report.plots.curve_view import curve_view
from lrfind.report.plots.theme import CURVE, INK, PAPER, RATE, RIGHT, SOFT, canvas, fit, shortened, to_bytes
from lrfind.report.wording import LOSS_NAMES, rate, superscript

# Okabe and Ito's colours; the yellow is left out, which nobody sees on white.
COLORS = (CURVE, "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
DASHES = ("-", (0, (4, 1.5)), (0, (1, 1.2)))
"""Runs beyond as many as there are colours are told apart by the dash."""

NAMES = 2.0
"""Inches for the names beside the curves."""

WIDTH, WIDER, HEIGHT = 8.4, 11.8, 4.2


def draw(comparison: Comparison, format: FigureFormat) -> bytes:
    """Return the figure; the same comparison gives the same bytes."""
    return to_bytes(lambda: _figure(comparison), format)


def _figure(comparison: Comparison) -> Figure:
    law = comparison.law
    width = WIDTH if law is None else WIDER
    most = 1 + int((HEIGHT - 1.2) / 0.34)
    height = HEIGHT + 0.34 * max(0, len(comparison.entries) - most)
    figure = canvas(width, height)
    end = WIDTH - RIGHT - NAMES
    _curves(figure, Cell(0, end, top=0.72), comparison)
    if law is not None:
        _scaling(figure, Cell(WIDTH - 0.5, WIDER - RIGHT, top=0.72), comparison, law)
    title = figure.text(LEFT / width, 1 - 0.36 / height, "", color=INK, size=11, weight="bold", va="baseline")
    fit(
        title,
        f"{len(comparison.entries)} runs: training loss of the sweep, and the rate to train with",
        width - LEFT - RIGHT,
    )
    return figure


def style(number: int) -> tuple[str, object]:
    """Return colour and dash of a run."""
    return COLORS[number % len(COLORS)], DASHES[number // len(COLORS) % len(DASHES)]


def _curves(figure: Figure, cell: Cell, comparison: Comparison) -> None:
    """Draw all curves on shared axes; each from its own lowest value to its start where the losses differ."""
    views = [curve_view(entry.result) for entry in comparison.entries]
    names = {entry.result.facts.loss for entry in comparison.entries}
    x = _shared([view.x for view in views], log=all(view.x.log for view in views))
    alike = len(names) == 1
    y = _shared([view.y for view in views], log=all(view.y.low > 0 for view in views) and any(e.y.log for e in views))
    if not alike:
        y = Axis(0.0, 1.0, log=False, ticks=(), minor=(), labels=())
    loss = next(iter(names)) if alike else ""
    unit = LOSS_NAMES.get(loss, loss.replace("_", " "))
    name = shortened(f"training loss ({unit})", 56) if alike else "training loss, each on a scale of its own"
    axes = add_axes(figure, cell, x, y, "learning rate", name, [superscript(label) for label in y.labels])
    for number, (entry, own) in enumerate(zip(comparison.entries, views, strict=True)):
        color, dash = style(number)
        xs = x.fractions(entry.result.sweep.learning_rate)
        smoothed = _on(y, entry) if alike else own.smoothed
        axes.add_line(Line2D(xs, smoothed, color=color, ls=dash, lw=1.9, zorder=3, solid_capstyle="round"))
        if entry.rate is not None and (spot := _mark(x, xs, smoothed, entry.rate)) is not None:
            axes.add_line(Line2D([spot[0]] * 2, [0, 0.03], color=color, lw=1.6, zorder=4))
            dot(axes, spot, color, PAPER, size=7.5, width=1.3, over=5)
        named(figure, number, entry.label, "no rate" if entry.rate is None else rate(entry.rate))


def named(figure: Figure, number: int, label: str, below: str) -> None:
    """Write the name of a run and a line below it beside the curves."""
    width, height = figure.get_size_inches().tolist()
    color, dash = style(number)
    top = height - 0.72 - 0.34 * number
    at = (WIDTH - RIGHT - NAMES + 0.25) / width
    figure.add_artist(Line2D([at, at + 0.28 / width], [(top - 0.04) / height] * 2, color=color, ls=dash, lw=2.2))
    text = figure.text(at + 0.38 / width, top / height, "", color=INK, size=8.5, va="center")
    fit(text, label, NAMES - 0.65)
    figure.text(at + 0.38 / width, (top - 0.14) / height, below, color=SOFT, size=7.5, va="center")


def _shared(axes: list[Axis], *, log: bool) -> Axis:
    """Return an axis that spans several axes."""
    low, high = min(axis.low for axis in axes), max(axis.high for axis in axes)
    return log_axis(low, high) if log else linear_axis(low, high)


def _on(y: Axis, entry: ComparedRun) -> Floats:
    """Return the smoothed curve as fractions of the axis, shape (steps,), cut beyond the axis."""
    smoothed = np.where(np.isfinite(entry.result.sweep.smoothed), entry.result.sweep.smoothed, np.nan)
    return clipped(y, np.clip(smoothed, -1e300, 1e300))


def _mark(x: Axis, xs: Floats, smoothed: Floats, learning_rate: float) -> tuple[float, float] | None:
    """Return the point of a curve at a rate; None outside of the axes."""
    at = float(x.fractions(np.array([learning_rate]))[0])
    known = np.isfinite(xs) & np.isfinite(smoothed)
    if not 0 <= at <= 1 or not known.any():
        return None
    return at, float(np.clip(np.interp(at, xs[known], smoothed[known]), 0, 1))


def _scaling(figure: Figure, cell: Cell, comparison: Comparison, law: Law) -> None:
    """Draw rates with their intervals, and the scaling laws through them."""
    known = [entry for entry in comparison.entries if entry.rate and entry.batch_size]
    sizes = np.array([entry.batch_size for entry in known], np.float64)
    spans = [entry.result.recommendation for entry in known]
    rates = [value for span in spans for value in (span.learning_rate, span.low, span.high) if value]
    x = log_axis(float(sizes.min()) / 1.3, float(sizes.max()) * 1.3)
    x = Axis(x.low, x.high, True, tuple(sizes.tolist()), (), tuple(f"{size:,.0f}" for size in sizes))
    y = log_axis(min(rates) / 1.4, max(rates) * 1.4)
    axes = add_axes(figure, cell, x, y, "batch size", "learning rate (log scale)", [superscript(e) for e in y.labels])
    ends = np.array([x.low, x.high])
    lines = []
    for name, rule, dash, color, width in (
        (f"fit: batch^{law.fitted.exponent:.2f} ({law.low:.2f} to {law.high:.2f})", law.fitted, "-", RATE, 1.8),
        ("linear", law.linear, (0, (5, 2)), SOFT, 1.1),
        ("square root", law.root, (0, (1, 1.5)), SOFT, 1.3),
    ):
        values = y.fractions(np.array([rule.rate(float(end)) for end in ends]))
        line = Line2D([0, 1], values, color=color, ls=dash, lw=width, zorder=2, label=name)
        axes.add_line(line)
        lines.append(line)
    for number, entry in enumerate(comparison.entries):
        if entry not in known:
            continue
        color, span = style(number)[0], entry.result.recommendation
        at = float(x.fractions(np.array([float(entry.batch_size or 1)]))[0])
        if span.low and span.high:
            axes.add_line(Line2D([at, at], y.fractions(np.array([span.low, span.high])), color=color, lw=1.6, zorder=3))
        dot(axes, (at, float(y.fractions(np.array([entry.rate or math.nan]))[0])), color, PAPER, 7.5, 1.3, over=5)
    axes.legend(
        lines,
        [str(line.get_label()) for line in lines],
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=3,
        frameon=False,
        fontsize=7,
        labelcolor=SOFT,
        handlelength=1.8,
        columnspacing=0.9,
    )
