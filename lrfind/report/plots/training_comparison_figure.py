"""The figure of trainings side by side: their losses over each other on shared steps.

The losses are held-out ones, or of the training where nothing is held out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lrfind.analysis.comparison import Trained, TrainingComparison
from lrfind.core.dataset import Floats
from lrfind.core.formats import FigureFormat
from lrfind.report.plots.axes_parts import LEFT, Cell, add_axes
from lrfind.report.plots.axis import Axis, clipped, finite, linear_axis, log_axis
from lrfind.report.plots.comparison_figure import HEIGHT, NAMES, WIDTH, named, style
from lrfind.report.plots.loss_scale import EDGE, LOG_LOSS_RATIO
from lrfind.report.plots.theme import INK, RIGHT, canvas, fit, shortened, to_bytes
from lrfind.report.plots.training_view import moving_mean, thinned
from lrfind.report.wording import LOSS_NAMES, rate, superscript

SMOOTH = 50
"""A training loss is smoothed over one part in so many."""


def draw(comparison: TrainingComparison, format: FigureFormat) -> bytes:
    """Return the figure; the same trainings give the same bytes."""
    return to_bytes(lambda: _figure(comparison.entries), format)


def _figure(entries: Sequence[Trained]) -> Figure:
    most = 1 + int((HEIGHT - 1.2) / 0.34)
    height = HEIGHT + 0.34 * max(0, len(entries) - most)
    figure = canvas(WIDTH, height)
    held_out = all(entry.training.scores is not None and len(entry.training.scores.loss) for entry in entries)
    lines = [line(entry, held_out=held_out) for entry in entries]
    losses = {entry.training.facts.loss for entry in entries}
    alike = len(losses) == 1
    x = linear_axis(0.0, float(max(1, *(len(entry.training.loss) for entry in entries))))
    axis = loss_axis([loss for _, loss in lines])
    y = axis if alike else Axis(0.0, 1.0, log=False, ticks=(), minor=(), labels=())
    what = "held-out loss" if held_out else "training loss"
    unit = LOSS_NAMES.get(next(iter(losses)), next(iter(losses)).replace("_", " "))
    label = shortened(f"{what} ({unit})", 56) if alike else f"{what}, each on a scale of its own"
    cell = Cell(0, WIDTH - RIGHT - NAMES, top=0.72)
    axes = add_axes(figure, cell, x, y, "step", label, [superscript(label) for label in y.labels])
    for number, (entry, (steps, loss)) in enumerate(zip(entries, lines, strict=True)):
        color, dash = style(number)
        heights = clipped(y if alike else loss_axis([loss]), loss)
        xs = x.fractions(steps)
        axes.add_line(Line2D(xs, heights, color=color, ls=dash, lw=1.9, zorder=3, solid_capstyle="round"))
        named(figure, number, entry.label, rate(entry.training.learning_rate))
    title = figure.text(LEFT / WIDTH, 1 - 0.36 / height, "", color=INK, size=11, weight="bold", va="baseline")
    fit(title, f"{len(entries)} trainings: {what}", WIDTH - LEFT - RIGHT)
    return figure


def line(entry: Trained, *, held_out: bool) -> tuple[Floats, Floats]:
    """Return steps and losses of a training's line, shape (points,) each; NaN for losses that are not finite."""
    training = entry.training
    if held_out and training.scores is not None:
        return training.scores.step, finite(training.scores.loss)
    steps, loss = thinned(finite(training.loss))
    return steps, moving_mean(loss, max(1, len(loss) // SMOOTH))


def loss_axis(losses: Sequence[Floats]) -> Axis:
    """Return an axis from the lowest loss to the highest start."""
    known = [loss[np.isfinite(loss)] for loss in losses]
    known = [loss for loss in known if loss.size]
    if not known:
        return Axis(0.0, 1.0, log=False, ticks=(), minor=(), labels=())
    low, high = min(float(loss.min()) for loss in known), max(float(loss[0]) for loss in known)
    if low > 0 and high > LOG_LOSS_RATIO * low:
        span = (high / low) ** EDGE
        return log_axis(low / span, high * span)
    pad = EDGE * (high - low) or max(0.1 * abs(high), 1e-12)
    return linear_axis(low - pad, high + pad)
