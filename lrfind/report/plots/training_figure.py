"""A training as a picture: loss above, rate below, on shared steps."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrfind.core.training import Training
from lrfind.report.plots.curve_view import TrainingView, training_view
from lrfind.report.plots.panel import Cell, add_axes, add_legend, dot
from lrfind.report.plots.theme import CURVE, INK, INTERVAL, PAPER, RATE, RIGHT, add_title, canvas, shortened
from lrfind.report.train.training_report import headline
from lrfind.report.wording import LOSS_NAMES, superscript

WIDTH, HEIGHT = 6.8, 5.0
UPPER = Cell(0, WIDTH - RIGHT, top=1.0, bottom=1.95)
LOWER = Cell(0, WIDTH - RIGHT, top=3.3)
"""Loss and rate."""

LONGEST_NAME = 24
"""Characters of a loss's name that fit beside the upper panel."""


def build(training: Training) -> Figure:
    """Return the figure of a training."""
    view = training_view(training)
    figure = canvas(WIDTH, HEIGHT)
    ids = ", ".join(finding.id for finding in training.findings)
    add_title(figure, f"{training.name}: {ids}" if ids else training.name, headline(training))
    labels = [superscript(label) for axis in (view.y, view.z) for label in axis.labels]
    labels = [label.rjust(max(map(len, labels))) for label in labels]  # at one width, so that both begin at the same x
    name = LOSS_NAMES.get(training.facts.loss, training.facts.loss.replace("_", " "))
    name = name if len(name) <= LONGEST_NAME else training.facts.loss.replace("_", " ")
    name = shortened(f"loss ({name})" if name else "loss", LONGEST_NAME + 8)
    axes = add_axes(figure, UPPER, view.x, view.y, ("", name), labels[: len(view.y.labels)])
    axes.tick_params(labelbottom=False)
    _loss(axes, view)
    finding = next((finding for finding in training.findings if finding.severity != "info"), None)
    steps = finding and view.x.interval(*finding.steps)
    if steps and steps[1] - steps[0] < 0.95:
        axes.axvspan(*steps, color=INTERVAL, alpha=0.14, lw=0, zorder=0.7)
    axes = add_axes(figure, LOWER, view.x, view.z, ("step", "learning rate"), labels[len(view.y.labels) :])
    axes.plot(view.rate_steps, view.rate, color=INK, lw=1.6, zorder=3, drawstyle="steps-post")
    return figure


def _loss(axes: Axes, view: TrainingView) -> None:
    axes.plot(view.steps, view.loss, color=CURVE, lw=0.8, alpha=0.4, zorder=2.8, label="training, each step")
    axes.plot(view.steps, view.smoothed, color=CURVE, lw=1.6, zorder=3.5, label="smoothed")
    if len(view.looks):
        marker = "o" if len(view.looks) <= 25 else ""
        (line,) = axes.plot(view.looks, view.val_loss, color=RATE, lw=1.8, zorder=4, label="validation")
        line.set(marker=marker, ms=3, mec="none")
    if view.best is not None:
        dot(axes, view.best, PAPER, RATE, label="its lowest")
    add_legend(axes, gap=0.08)
