"""A training's losses as a plot of characters, by plotext."""

from __future__ import annotations

import numpy as np
import plotext

from lrfind.report.terminal import CURVE, LOWEST, MARK, NARROWEST, runs
from lrfind.report.train_view import train_view
from lrfind.trace import Training

FRAME = str.maketrans("┌┐└┘├┤┬┴┼─│", "+++++++++-|")


def plot(training: Training, width: int, height: int, *, color: bool, unicode: bool) -> str:
    """Smoothed training loss and validation loss against steps; empty where there is no room."""
    if width < NARROWEST or height < LOWEST:
        return ""
    seen = train_view(training)
    plotext.clear_figure()
    try:
        plotext.limit_size(False, False)
        plotext.plot_size(width, height - 1)
        for channel in (plotext.canvas_color, plotext.axes_color, plotext.ticks_color):
            channel("default")
        plotext.xlim(0, 1)
        plotext.ylim(0, 1)
        for ticks, axis in ((plotext.xticks, seen.x), (plotext.yticks, seen.y)):
            ticks(axis.place(np.array(axis.ticks)).tolist(), list(axis.labels))
        plotext.xlabel("step")
        for xs, ys in runs(seen.steps, seen.smoothed):
            plotext.plot(xs, ys, marker="braille" if unicode else "*", color=CURVE)
        for xs, ys in runs(seen.looks, seen.val_loss):
            plotext.scatter(xs, ys, marker="●" if unicode else "O", color=MARK)
        drawn = str(plotext.build())
    finally:
        plotext.clear_figure()
    if not color:
        drawn = str(plotext.uncolorize(drawn))
    if not unicode:
        drawn = drawn.translate(FRAME)
    lines = [line.rstrip() for line in drawn.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    legend = "training loss" + (f"   {'●' if unicode else 'O'} validation loss" if len(seen.looks) else "")
    return "\n".join([legend, *lines]) + "\n"
