"""The figure of a comparison: the curves of all runs over each other, named beside them.

Sweeps have their smoothed loss against the rate, and a mark at the rate to train with; sweeps of batch sizes also the
rates against the batch size with the laws of scaling. Trainings have their losses against the step: held-out ones, or
of the training where nothing is held out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrfind.analysis.comparison import ComparedRun, Comparison, Law, Trained, TrainingComparison
from lrfind.core.dataset import Floats
from lrfind.report.plots.axis import EMPTY, Axis, finite, linear_axis, log_axis
from lrfind.report.plots.curve_view import SMOOTH, curve_view, loss_axis, moving_mean, on_curve, thinned
from lrfind.report.plots.panel import Cell, add_axes, dot
from lrfind.report.plots.theme import CURVE, INK, PAPER, RATE, RIGHT, SOFT, add_title, canvas, shortened
from lrfind.report.wording import LOSS_NAMES, rate

# Okabe and Ito's colours; the yellow is left out, which nobody sees on white.
COLORS = (CURVE, "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
DASHES = ("-", (0, (4, 1.5)), (0, (1, 1.2)))
"""Runs beyond as many as there are colours are told apart by the dash."""

NAMES = 2.0
"""Inches for the names beside the curves."""

NAME = 0.34
"""Inches of height that a name takes, with the rate below it."""

WIDTH, WIDER, HEIGHT, TOP = 8.4, 11.8, 4.2, 0.72


def build(comparison: Comparison | TrainingComparison) -> Figure:
    """Return the figure of a comparison."""
    count = len(comparison.entries)
    law = comparison.law if isinstance(comparison, Comparison) else None
    height = HEIGHT + NAME * max(0, count - 1 - int((HEIGHT - 1.2) / NAME))
    figure = canvas(WIDTH if law is None else WIDER, height)
    cell = Cell(0, WIDTH - RIGHT - NAMES, TOP)
    if isinstance(comparison, Comparison):
        add_title(figure, f"{count} runs: training loss of the sweep, and the rate to train with")
        _sweeps(figure, cell, comparison.entries)
    else:
        held_out = all(e.training.scores is not None and len(e.training.scores.loss) for e in comparison.entries)
        what = "held-out loss" if held_out else "training loss"
        add_title(figure, f"{count} trainings: {what}")
        _trainings(figure, cell, comparison.entries, what, held_out=held_out)
    figure.axes[0].legend(loc="upper left", bbox_to_anchor=(1.03, 1), labelcolor=INK, labelspacing=0.8)
    if isinstance(comparison, Comparison) and law is not None:
        _scaling(figure, Cell(WIDTH - 0.5, WIDER - RIGHT, TOP), comparison, law)
    return figure


def style(number: int) -> tuple[str, object]:
    """Return colour and dash of a run."""
    return COLORS[number % len(COLORS)], DASHES[number // len(COLORS) % len(DASHES)]


def _sweeps(figure: Figure, cell: Cell, entries: Sequence[ComparedRun]) -> None:
    views = [curve_view(entry.result) for entry in entries]
    x = _shared([view.x for view in views], log=all(view.x.log for view in views))
    log = all(view.y.low > 0 for view in views) and any(view.y.log for view in views)
    y = _shared([view.y for view in views], log=log)
    axes, alike = _axes(figure, cell, x, y, ("learning rate", "training loss"), [e.result.facts.loss for e in entries])
    for number, (entry, view) in enumerate(zip(entries, views, strict=True)):
        xs = x.fractions(entry.result.sweep.learning_rate)
        ys = y.clipped(entry.result.sweep.smoothed) if alike else view.smoothed
        _curve(axes, number, xs, ys, entry.label, "no rate" if entry.rate is None else rate(entry.rate))
        spot = on_curve(x.at(entry.rate), xs, ys)
        if spot is not None:
            color, _ = style(number)
            axes.plot([spot[0]] * 2, [0, 0.03], color=color, lw=1.6, zorder=4)
            dot(axes, spot, color, PAPER)


def _shared(axes: Sequence[Axis], *, log: bool) -> Axis:
    """Return an axis that spans several axes."""
    return (log_axis if log else linear_axis)(min(axis.low for axis in axes), max(axis.high for axis in axes))


def _trainings(figure: Figure, cell: Cell, entries: Sequence[Trained], what: str, *, held_out: bool) -> None:
    trainings = [entry.training for entry in entries]
    if held_out:
        lines = [(scores.step, finite(scores.loss)) for scores in (training.scores for training in trainings) if scores]
    else:
        thin = [thinned(finite(training.loss)) for training in trainings]
        lines = [(steps, moving_mean(loss, max(1, len(loss) // SMOOTH))) for steps, loss in thin]
    x = linear_axis(0.0, float(max(1, *(len(training.loss) for training in trainings))))
    losses = [loss for _, loss in lines]
    y = loss_axis(losses, losses)
    axes, alike = _axes(figure, cell, x, y, ("step", what), [training.facts.loss for training in trainings])
    for number, (entry, (steps, loss)) in enumerate(zip(entries, lines, strict=True)):
        ys = (y if alike else loss_axis([loss], [loss])).clipped(loss)
        _curve(axes, number, x.fractions(steps), ys, entry.label, rate(entry.training.learning_rate))


def _axes(
    figure: Figure, cell: Cell, x: Axis, y: Axis, names: tuple[str, str], losses: Sequence[str]
) -> tuple[Axes, bool]:
    """Return shared axes, and whether the losses of all runs are the same; else each curve has a scale of its own."""
    alike = len(set(losses)) == 1
    unit = LOSS_NAMES.get(losses[0], losses[0].replace("_", " "))
    name = shortened(f"{names[1]} ({unit})", 56) if alike else f"{names[1]}, each on a scale of its own"
    return add_axes(figure, cell, x, y if alike else EMPTY, (names[0], name)), alike


def _curve(axes: Axes, number: int, xs: Floats, ys: Floats, name: str, below: str) -> None:
    color, dash = style(number)
    label = f"{shortened(name, 24)}\n{below}"
    axes.plot(xs, ys, color=color, ls=dash, lw=1.9, zorder=3, solid_capstyle="round", label=label)


def _scaling(figure: Figure, cell: Cell, comparison: Comparison, law: Law) -> None:
    """Draw rates with their intervals, and the scaling laws through them."""
    known = [(number, entry) for number, entry in enumerate(comparison.entries) if entry.rate and entry.batch_size]
    sizes = np.array([entry.batch_size for _, entry in known], np.float64)
    spans = [entry.result.recommendation for _, entry in known]
    rates = [value for span in spans for value in (span.learning_rate, span.low, span.high) if value]
    x = log_axis(float(sizes.min()) / 1.3, float(sizes.max()) * 1.3)
    x = Axis(x.low, x.high, True, tuple(sizes.tolist()), (), tuple(f"{size:,.0f}" for size in sizes))
    y = log_axis(min(rates) / 1.4, max(rates) * 1.4)
    axes = add_axes(figure, cell, x, y, ("batch size", "learning rate (log scale)"))
    for name, rule, dash, color, width in (
        (f"fit: batch^{law.fitted.exponent:.2f} ({law.low:.2f} to {law.high:.2f})", law.fitted, "-", RATE, 1.8),
        ("linear", law.linear, (0, (5, 2)), SOFT, 1.1),
        ("square root", law.root, (0, (1, 1.5)), SOFT, 1.3),
    ):
        ends = [y.at(rule.rate(end)) for end in (x.low, x.high)]
        axes.plot([0, 1], ends, color=color, ls=dash, lw=width, zorder=2, label=name)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1.02), ncols=3, fontsize=7, columnspacing=0.9)
    for (number, entry), size, span in zip(known, sizes, spans, strict=True):
        color, at = style(number)[0], x.at(size)
        if span.low and span.high:
            axes.plot([at, at], [y.at(span.low), y.at(span.high)], color=color, lw=1.6, zorder=3)
        dot(axes, (at, y.at(entry.rate)), color, PAPER)
