"""A training as a picture: loss above, rate below, on shared steps."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lrfind.report.card import RIGHT, Format, card, key, rendered
from lrfind.report.panel import LEFT, Cell, add_axes, dot
from lrfind.report.style import CURVE, INK, INTERVAL, PAPER, RATE, SOFT, fit, short
from lrfind.report.text import LOSS_NAMES, superscript
from lrfind.report.train_text import headline
from lrfind.report.train_view import TrainView, train_view
from lrfind.trace import Training

WIDTH, HEIGHT = 6.8, 5.0
UPPER = Cell(0, WIDTH - RIGHT, top=1.0, bottom=1.95)
LOWER = Cell(0, WIDTH - RIGHT, top=3.3)
"""Loss and rate."""

LONGEST_NAME = 24
"""Characters of a loss's name that fit beside the upper panel."""


def draw(training: Training, format: Format) -> bytes:
    """The figure of a training."""
    return rendered(lambda: _figure(training), format)


def _figure(training: Training) -> Figure:
    seen = train_view(training)
    figure = card(WIDTH, HEIGHT)
    _loss(figure, seen, training)
    _rate(figure, seen)
    _title(figure, training)
    return figure


def _loss(figure: Figure, seen: TrainView, training: Training) -> None:
    name = LOSS_NAMES.get(training.facts.loss, training.facts.loss.replace("_", " "))
    if len(name) > LONGEST_NAME:
        name = training.facts.loss.replace("_", " ")
    label = short(f"loss ({name})" if name else "loss", LONGEST_NAME + 8)
    labels, _ = aligned(seen)
    axes = add_axes(figure, UPPER, seen.x, seen.y, "", label, labels)
    axes.set_xticklabels([])
    axes.set_xlabel("")
    for x, y, width, alpha in ((seen.steps, seen.loss, 0.7, 0.3), (seen.steps, seen.smoothed, 1.6, 1.0)):
        line = Line2D(x, y, color=CURVE, lw=width, alpha=alpha, zorder=2.5 + alpha, solid_joinstyle="round")
        axes.add_line(line)
    if len(seen.looks):
        marker = "o" if len(seen.looks) <= 25 else ""
        axes.add_line(Line2D(seen.looks, seen.val_loss, color=RATE, lw=1.8, marker=marker, ms=3, mec="none", zorder=4))
    if seen.best is not None:
        dot(axes, seen.best, PAPER, RATE, size=6.5, width=1.4, over=5)
    _first_finding(axes, training, seen)
    lines = [Line2D([], [], color=CURVE, lw=0.9, alpha=0.45), Line2D([], [], color=CURVE, lw=1.8)]
    names = ["training, each step", "smoothed"]
    if len(seen.looks):
        lines += [Line2D([], [], color=RATE, lw=1.8), Line2D([], [], marker="o", ms=6, mfc=PAPER, mec=RATE, ls="")]
        names += ["validation", "its lowest"]
    key(figure, lines, names, "lower right", 1 - RIGHT / WIDTH, 0.92)


def aligned(seen: TrainView) -> tuple[list[str], list[str]]:
    """The labels of losses and of rates, as wide as each other, so that both panels begin at the same place."""
    upper, lower = ([superscript(each) for each in axis.labels] for axis in (seen.y, seen.z))
    width = max((len(label) for label in [*upper, *lower]), default=0)
    return tuple([label.rjust(width) for label in labels] for labels in (upper, lower))  # type: ignore[return-value]


def _first_finding(axes: Axes, training: Training, seen: TrainView) -> None:
    """Where the most important finding is seen, as a band, where it is a part of the training."""
    found = next((each for each in training.findings if each.severity != "info"), None)
    if found is None:
        return
    first, last = np.clip(seen.x.place(np.array(found.steps)), 0, 1)
    if last - first < 0.95:
        axes.axvspan(float(first), float(last), color=INTERVAL, alpha=0.14, lw=0, zorder=0.7)


def _rate(figure: Figure, seen: TrainView) -> None:
    _, labels = aligned(seen)
    axes = add_axes(figure, LOWER, seen.x, seen.z, "step", "learning rate", labels)
    axes.add_line(Line2D(seen.rate_steps, seen.rate, color=INK, lw=1.6, zorder=3, drawstyle="steps-post"))


def _title(figure: Figure, training: Training) -> None:
    """The config's name, how it ended, and what was found."""
    room = WIDTH - LEFT - RIGHT
    title = figure.text(LEFT / WIDTH, 1 - 0.33 / HEIGHT, "", color=INK, size=11, weight="bold", va="baseline")
    ids = ", ".join(each.id for each in training.findings)
    fit(title, f"{training.name}: {ids}" if ids else training.name, room)
    line = figure.text(LEFT / WIDTH, 1 - 0.55 / HEIGHT, "", color=SOFT, size=8.5, va="baseline")
    fit(line, headline(training), room)
