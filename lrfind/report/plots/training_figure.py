"""A training as a picture: loss above, rate below, on shared steps."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lrfind.core.formats import FigureFormat
from lrfind.core.training import Training
from lrfind.report.plots.axes_parts import LEFT, Cell, add_axes, dot
from lrfind.report.plots.theme import (
    CURVE,
    INK,
    INTERVAL,
    PAPER,
    RATE,
    RIGHT,
    SOFT,
    add_legend,
    canvas,
    fit,
    shortened,
    to_bytes,
)
from lrfind.report.plots.training_view import TrainingView, training_view
from lrfind.report.train.training_report import headline
from lrfind.report.wording import LOSS_NAMES, superscript

WIDTH, HEIGHT = 6.8, 5.0
UPPER = Cell(0, WIDTH - RIGHT, top=1.0, bottom=1.95)
LOWER = Cell(0, WIDTH - RIGHT, top=3.3)
"""Loss and rate."""

LONGEST_NAME = 24
"""Characters of a loss's name that fit beside the upper panel."""


def draw(training: Training, format: FigureFormat) -> bytes:
    """Return the figure of a training."""
    return to_bytes(lambda: _figure(training), format)


def _figure(training: Training) -> Figure:
    view = training_view(training)
    figure = canvas(WIDTH, HEIGHT)
    _loss(figure, view, training)
    _rate(figure, view)
    _title(figure, training)
    return figure


def _loss(figure: Figure, view: TrainingView, training: Training) -> None:
    name = LOSS_NAMES.get(training.facts.loss, training.facts.loss.replace("_", " "))
    if len(name) > LONGEST_NAME:
        name = training.facts.loss.replace("_", " ")
    label = shortened(f"loss ({name})" if name else "loss", LONGEST_NAME + 8)
    labels, _ = aligned(view)
    axes = add_axes(figure, UPPER, view.x, view.y, "", label, labels)
    axes.set_xticklabels([])
    axes.set_xlabel("")
    for x, y, width, alpha in ((view.steps, view.loss, 0.7, 0.3), (view.steps, view.smoothed, 1.6, 1.0)):
        line = Line2D(x, y, color=CURVE, lw=width, alpha=alpha, zorder=2.5 + alpha, solid_joinstyle="round")
        axes.add_line(line)
    if len(view.looks):
        marker = "o" if len(view.looks) <= 25 else ""
        axes.add_line(Line2D(view.looks, view.val_loss, color=RATE, lw=1.8, marker=marker, ms=3, mec="none", zorder=4))
    if view.best is not None:
        dot(axes, view.best, PAPER, RATE, size=6.5, width=1.4, over=5)
    _first_finding(axes, training, view)
    lines = [Line2D([], [], color=CURVE, lw=0.9, alpha=0.45), Line2D([], [], color=CURVE, lw=1.8)]
    names = ["training, each step", "smoothed"]
    if len(view.looks):
        lines += [Line2D([], [], color=RATE, lw=1.8), Line2D([], [], marker="o", ms=6, mfc=PAPER, mec=RATE, ls="")]
        names += ["validation", "its lowest"]
    add_legend(figure, lines, names, "lower right", 1 - RIGHT / WIDTH, 0.92)


def aligned(view: TrainingView) -> tuple[list[str], list[str]]:
    """Return the labels of losses and of rates at one width, so that both panels begin at the same x."""
    upper, lower = ([superscript(label) for label in axis.labels] for axis in (view.y, view.z))
    width = max((len(label) for label in [*upper, *lower]), default=0)
    return tuple([label.rjust(width) for label in labels] for labels in (upper, lower))  # type: ignore[return-value]


def _first_finding(axes: Axes, training: Training, view: TrainingView) -> None:
    """Draw the steps of the most important finding as a band, where they are a part of the training."""
    finding = next((finding for finding in training.findings if finding.severity != "info"), None)
    if finding is None:
        return
    first, last = np.clip(view.x.fractions(np.array(finding.steps)), 0, 1)
    if last - first < 0.95:
        axes.axvspan(float(first), float(last), color=INTERVAL, alpha=0.14, lw=0, zorder=0.7)


def _rate(figure: Figure, view: TrainingView) -> None:
    _, labels = aligned(view)
    axes = add_axes(figure, LOWER, view.x, view.z, "step", "learning rate", labels)
    axes.add_line(Line2D(view.rate_steps, view.rate, color=INK, lw=1.6, zorder=3, drawstyle="steps-post"))


def _title(figure: Figure, training: Training) -> None:
    """Write name, findings and headline of a training."""
    room = WIDTH - LEFT - RIGHT
    title = figure.text(LEFT / WIDTH, 1 - 0.33 / HEIGHT, "", color=INK, size=11, weight="bold", va="baseline")
    ids = ", ".join(finding.id for finding in training.findings)
    fit(title, f"{training.name}: {ids}" if ids else training.name, room)
    line = figure.text(LEFT / WIDTH, 1 - 0.55 / HEIGHT, "", color=SOFT, size=8.5, va="baseline")
    fit(line, headline(training), room)
