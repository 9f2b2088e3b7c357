"""Plots of characters, by plotext."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import plotext

from lrfind.core.dataset import Floats
from lrfind.core.result import Result
from lrfind.core.training import Training
from lrfind.report.plots.axis import Axis
from lrfind.report.plots.curve_view import CurveView, curve_view, training_view
from lrfind.report.wording import interval, rate

CURVE, MARK, LINE = "blue+", "red+", "gray"
"""Colours that can be read on a dark and on a light terminal."""

NARROWEST, LOWEST = 24, 8
"""Below this many columns or lines there is no plot."""

SMALL_WIDTH, SMALL_HEIGHT, MOST_IN_A_ROW = 26, 9, 4
"""Columns that a small plot takes at least, its lines, and how many stand in a row."""

_FRAME = str.maketrans("┌┐└┘├┤┬┴┼─│", "+++++++++-|")


def plot_curve(result: Result, width: int, height: int, *, color: bool, unicode: bool) -> str:
    """Return the smoothed curve with the rate marked; empty where there is no room.

    Args:
        result: outcome of a sweep.
        width: columns of the terminal.
        height: lines of the plot.
        color: whether to use terminal colours.
        unicode: whether the output's encoding has more than ASCII; without, the curve is made of ``*``.
    """
    view = curve_view(result)

    def draw() -> None:
        _axes(view.x, view.y, "learning rate")
        if view.diverges is not None:
            plotext.vertical_line(view.diverges, LINE)
        if view.mark is not None:
            plotext.vertical_line(view.mark[0], MARK)
        _line(view.rates, view.smoothed, unicode)
        if view.mark is not None:
            plotext.scatter([view.mark[0]], [view.mark[1]], marker=_dot(unicode), color=MARK)

    return _plot(draw, _legend(view, result, _dot(unicode), width), width, height, color, unicode)


def plot_training(training: Training, width: int, height: int, *, color: bool, unicode: bool) -> str:
    """Return smoothed training loss and validation loss against steps; empty where there is no room.

    Args:
        training: outcome of a training.
        width: columns of the terminal.
        height: lines of the plot.
        color: whether to use terminal colours.
        unicode: whether the output's encoding has more than ASCII.
    """
    view = training_view(training)

    def draw() -> None:
        _axes(view.x, view.y, "step")
        _line(view.steps, view.smoothed, unicode)
        for xs, ys in segments(view.looks, view.val_loss):
            plotext.scatter(xs, ys, marker=_dot(unicode), color=MARK)

    legend = "training loss" + (f"   {_dot(unicode)} validation loss" if len(view.looks) else "")
    return _plot(draw, legend, width, height, color, unicode)


def plot_schedules(curves: Mapping[str, Floats], width: int, *, color: bool, unicode: bool) -> str:
    """Return small plots of schedules, in rows of up to four.

    Args:
        curves: rate at peak 1 by name, shape (steps,) each.
        width: columns of the terminal.
        color: whether to use terminal colours.
        unicode: whether the output's encoding has more than ASCII.
    """
    names = list(curves)
    across = max(1, min(MOST_IN_A_ROW, width // SMALL_WIDTH))
    rows = []
    for first in range(0, len(names), across):
        parts = [_small(name, curves[name], width // across, color, unicode) for name in names[first : first + across]]
        rows += ["".join(line).rstrip() for line in zip(*parts, strict=True)]
    return "\n".join(rows) + "\n"


def _small(name: str, curve: Floats, width: int, color: bool, unicode: bool) -> list[str]:
    """Return one schedule as `SMALL_HEIGHT` lines of exactly `width` columns."""

    def draw() -> None:
        plotext.xlim(0, len(curve))
        plotext.ylim(0, 1)
        plotext.xticks([])
        plotext.yticks([0, 1], ["0", "1"])
        plotext.title(name)
        plotext.plot(list(range(len(curve))), curve.tolist(), marker="braille" if unicode else "*", color=CURVE)

    lines = _lines(draw, width - 1, SMALL_HEIGHT, color, unicode)[:SMALL_HEIGHT]
    return [line + " " * (width - len(plotext.uncolorize(line))) for line in lines]


def _plot(draw: Callable[[], None], legend: str, width: int, height: int, color: bool, unicode: bool) -> str:
    """Return a plot below its legend, without spaces at the ends of lines; empty where there is no room."""
    if width < NARROWEST or height < LOWEST:
        return ""
    lines = [line.rstrip() for line in _lines(draw, width, height - 1, color, unicode)]
    return "\n".join([legend, *lines]).rstrip("\n") + "\n"


def _lines(draw: Callable[[], None], width: int, height: int, color: bool, unicode: bool) -> list[str]:
    """Return the lines of the plot of the calls that `draw` makes, as the terminal can show them."""
    # plotext keeps one figure for the whole process: it is emptied before and after
    plotext.clear_figure()
    try:
        plotext.limit_size(False, False)
        plotext.plot_size(width, height)
        for channel in (plotext.canvas_color, plotext.axes_color, plotext.ticks_color):
            channel("default")
        draw()
        drawn = str(plotext.build())
    finally:
        plotext.clear_figure()
    shown = drawn if color else str(plotext.uncolorize(drawn))
    return (shown if unicode else shown.translate(_FRAME)).split("\n")


def _axes(x: Axis, y: Axis, name: str) -> None:
    plotext.xlim(0, 1)
    plotext.ylim(0, 1)
    for ticks, axis in ((plotext.xticks, x), (plotext.yticks, y)):
        ticks(axis.fractions(np.array(axis.ticks)).tolist(), list(axis.labels))
    plotext.xlabel(name)


def _line(x: Floats, y: Floats, unicode: bool) -> None:
    for xs, ys in segments(x, y):
        plotext.plot(xs, ys, marker="braille" if unicode else "*", color=CURVE)


def _dot(unicode: bool) -> str:
    return "●" if unicode else "O"


def segments(x: Floats, y: Floats) -> list[tuple[list[float], list[float]]]:
    """Return the parts of a curve between its gaps.

    Args:
        x: shape (points,).
        y: shape (points,); NaN is a gap.
    """
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    parts = np.split(known, np.flatnonzero(np.diff(known) > 1) + 1) if known.size else []
    return [(x[part].tolist(), y[part].tolist()) for part in parts]


def _legend(view: CurveView, result: Result, dot: str, width: int) -> str:
    """Return the meaning of the marks, as far as it fits on a line."""
    advised = result.recommendation
    parts = ["training loss"]
    if view.mark is not None:
        span = interval(advised.low, advised.high)
        parts.append(f"{dot} learning rate {rate(advised.learning_rate)}" + (f" ({span})" if span else ""))
    if view.diverges is not None:
        at = float(result.sweep.learning_rate[int(np.nanargmin(np.abs(view.rates - view.diverges)))])
        parts.append(f"diverges from {rate(at)}")
    while len(parts) > 1 and len("   ".join(parts)) > width:
        parts.pop()
    return "   ".join(parts)[:width].rstrip()
