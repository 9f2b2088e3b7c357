"""The curve as a plot of characters, by plotext."""

from __future__ import annotations

import numpy as np
import plotext

from lrfind.report.text import interval, rate
from lrfind.report.view import View, view
from lrfind.types import Floats, Result

CURVE, MARK, LINE = "blue+", "red+", "gray"
"""Colours that can be read on a dark and on a light terminal."""

NARROWEST, LOWEST = 24, 8
"""Below this many columns or lines there is no plot."""

_FRAME = str.maketrans("┌┐└┘├┤┬┴┼─│", "+++++++++-|")


def plot(result: Result, width: int, height: int, *, color: bool, unicode: bool) -> str:
    """The smoothed curve with the rate marked, at most `width` columns and `height` lines; empty where too small.

    Args:
        result: what to plot.
        width: columns of the terminal.
        height: lines to use.
        color: whether to use terminal colours.
        unicode: whether the output's encoding has more than ASCII; without, the curve is made of ``*``.
    """
    if width < NARROWEST or height < LOWEST:
        return ""
    seen = view(result)
    # plotext keeps one figure for the whole process: it is emptied before and after
    plotext.clear_figure()
    try:
        _draw(seen, width, height - 1, unicode)
        drawn = str(plotext.build())
    finally:
        plotext.clear_figure()
    if not color:
        drawn = str(plotext.uncolorize(drawn))
    if not unicode:
        drawn = drawn.translate(_FRAME)
    lines = [line.rstrip() for line in drawn.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    legend = _legend(seen, result, "●" if unicode else "O", width)
    return "\n".join([*([legend] if legend else []), *lines]) + "\n"


def _draw(seen: View, width: int, height: int, unicode: bool) -> None:
    plotext.limit_size(False, False)
    plotext.plot_size(width, height)
    for channel in (plotext.canvas_color, plotext.axes_color, plotext.ticks_color):
        channel("default")
    plotext.xlim(0, 1)
    plotext.ylim(0, 1)
    for ticks, axis in ((plotext.xticks, seen.x), (plotext.yticks, seen.y)):
        places = axis.place(np.array(axis.ticks))
        ticks(places.tolist(), list(axis.labels))
    plotext.xlabel("learning rate")
    if seen.diverges is not None:
        plotext.vertical_line(seen.diverges, LINE)
    if seen.mark is not None:
        plotext.vertical_line(seen.mark[0], MARK)
    for xs, ys in runs(seen.rates, seen.smoothed):
        plotext.plot(xs, ys, marker="braille" if unicode else "*", color=CURVE)
    if seen.mark is not None:
        plotext.scatter([seen.mark[0]], [seen.mark[1]], marker="●" if unicode else "O", color=MARK)


def runs(x: Floats, y: Floats) -> list[tuple[list[float], list[float]]]:
    """The parts of a curve between its gaps."""
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    parts = np.split(known, np.flatnonzero(np.diff(known) > 1) + 1) if known.size else []
    return [(x[part].tolist(), y[part].tolist()) for part in parts]


def _legend(seen: View, result: Result, dot: str, width: int) -> str:
    """What the marks mean; as much of it as fits on a line."""
    found = result.recommendation
    parts = ["training loss"]
    if seen.mark is not None:
        span = interval(found.low, found.high)
        parts.append(f"{dot} learning rate {rate(found.learning_rate)}" + (f" ({span})" if span else ""))
    if seen.diverges is not None:
        at = float(result.sweep.learning_rate[int(np.nanargmin(np.abs(seen.rates - seen.diverges)))])
        parts.append(f"diverges from {rate(at)}")
    while len(parts) > 1 and len("   ".join(parts)) > width:
        parts.pop()
    return "   ".join(parts)[:width].rstrip()
