"""The figure of trainings side by side: held-out losses, or training losses where nothing is held out, over each
other on shared steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lrfind.comparison import Trained
from lrfind.report.axis import Axis, linear_axis, log_axis
from lrfind.report.card import RIGHT, Format, card, rendered
from lrfind.report.compare_figure import HEIGHT, NAMES, WIDTH, named, style
from lrfind.report.loss_scale import EDGE, LOG_LOSS_RATIO
from lrfind.report.panel import LEFT, Cell, add_axes
from lrfind.report.style import INK, fit, short
from lrfind.report.text import LOSS_NAMES, rate, superscript
from lrfind.report.train_view import clipped, finite, moving_mean, thinned
from lrfind.types import Floats

SMOOTH = 50
"""A training loss is smoothed over one part in so many."""


def draw(found: Sequence[Trained], format: Format) -> bytes:
    """The figure; the same trainings give the same bytes."""
    return rendered(lambda: _figure(found), format)


def _figure(found: Sequence[Trained]) -> Figure:
    most = 1 + int((HEIGHT - 1.2) / 0.34)
    height = HEIGHT + 0.34 * max(0, len(found) - most)
    figure = card(WIDTH, height)
    held_out = all(each.training.scores is not None and len(each.training.scores.loss) for each in found)
    lines = [line(each, held_out=held_out) for each in found]
    losses = {each.training.facts.loss for each in found}
    alike = len(losses) == 1
    x = linear_axis(0.0, float(max(1, *(len(each.training.loss) for each in found))))
    axis = loss_axis([loss for _, loss in lines])
    y = axis if alike else Axis(0.0, 1.0, log=False, ticks=(), minor=(), labels=())
    what = "held-out loss" if held_out else "training loss"
    unit = LOSS_NAMES.get(next(iter(losses)), next(iter(losses)).replace("_", " "))
    label = short(f"{what} ({unit})", 56) if alike else f"{what}, each on a scale of its own"
    cell = Cell(0, WIDTH - RIGHT - NAMES, top=0.72)
    axes = add_axes(figure, cell, x, y, "step", label, [superscript(each) for each in y.labels])
    for number, (entry, (steps, loss)) in enumerate(zip(found, lines, strict=True)):
        color, dash = style(number)
        places = clipped(y if alike else loss_axis([loss]), loss)
        axes.add_line(Line2D(x.place(steps), places, color=color, ls=dash, lw=1.9, zorder=3, solid_capstyle="round"))
        named(figure, number, entry.label, rate(entry.training.learning_rate))
    title = figure.text(LEFT / WIDTH, 1 - 0.36 / height, "", color=INK, size=11, weight="bold", va="baseline")
    fit(title, f"{len(found)} trainings: {what}", WIDTH - LEFT - RIGHT)
    return figure


def line(entry: Trained, *, held_out: bool) -> tuple[Floats, Floats]:
    """Steps and losses of a training's line; NaN where they are not finite."""
    training = entry.training
    if held_out and training.scores is not None:
        return training.scores.step, finite(training.scores.loss)
    steps, loss = thinned(finite(training.loss))
    return steps, moving_mean(loss, max(1, len(loss) // SMOOTH))


def loss_axis(losses: Sequence[Floats]) -> Axis:
    """From the lowest loss to the highest start; what rises beyond leaves the axis."""
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
