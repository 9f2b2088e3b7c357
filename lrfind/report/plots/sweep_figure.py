"""The result as a picture for a paper, a README or a browser: PNG, SVG or PDF.

Matplotlib is used through `Figure`, never pyplot: no backend is chosen and no state outlives a call. All positions
come from `curve_view` and `confirmation_view` as fractions of linear axes, which is several times faster than
matplotlib's log scales with their locators and formatters, and cannot overflow.
"""

from __future__ import annotations

from matplotlib.figure import Figure

from lrfind.core.formats import FigureFormat
from lrfind.core.result import Result
from lrfind.report.plots import confirmation_axes, curve_axes
from lrfind.report.plots.axes_parts import LEFT, Cell
from lrfind.report.plots.confirmation_view import confirmation_view
from lrfind.report.plots.curve_view import curve_view
from lrfind.report.plots.theme import INK, RIGHT, SOFT, add_legend, canvas, fit, styled, to_bytes

WIDTH, HEIGHT = 6.8, 4.2
SINGLE = Cell(0, WIDTH - RIGHT, top=1.0)
"""The sweep alone."""

WIDE, TALL = 10.2, 4.44
PAIR = Cell(0, 5.75, top=1.25), Cell(6.0, WIDE - RIGHT, top=1.25)
"""Sweep and confirmation: each with a legend of its own above it, in one more line of height."""


def draw(result: Result, format: FigureFormat) -> bytes:
    """Return the figure of a result; the same result gives the same bytes, whatever the user's settings."""
    return to_bytes(lambda: _drawn(result), format)


def figure(result: Result) -> Figure:
    """Return the figure of a result for a notebook, or to draw on."""
    with styled():
        return _drawn(result)


def _drawn(result: Result) -> Figure:
    return _single(result) if result.confirmation is None else _pair(result)


def _single(result: Result) -> Figure:
    view = curve_view(result)
    figure = canvas(WIDTH, HEIGHT)
    curve_axes.draw_curve(figure, SINGLE, view, result)
    lines, names = curve_axes.legend(view, result)
    room = WIDTH - LEFT - RIGHT
    _title(figure, result, room - sum(0.42 + 0.066 * len(name) for name in names) - 0.15, room)
    add_legend(figure, lines, names, "lower right", 1 - RIGHT / WIDTH, 0.39)
    return figure


def _pair(result: Result) -> Figure:
    assert result.confirmation is not None
    curve, confirmed = curve_view(result), confirmation_view(result, result.confirmation)
    figure = canvas(WIDE, TALL)
    left, right = PAIR
    curve_axes.draw_curve(figure, left, curve, result)
    confirmation_axes.draw_confirmation(figure, right, confirmed, result, result.confirmation)
    room = WIDE - LEFT - RIGHT
    _title(figure, result, room, room)
    for cell, samples in ((left, curve_axes.legend(curve, result)), (right, confirmation_axes.legend(confirmed))):
        add_legend(figure, *samples, "lower left", (cell.start + LEFT) / WIDE, 0.89)
    return figure


def _title(figure: Figure, result: Result, room: float, below: float) -> None:
    """Write the run's name, and model, data and optimiser below it, in so many inches."""
    width, height = figure.get_size_inches().tolist()
    known = result.facts
    section = result.config.get("optimizer") or {}
    own = str(section.get("target") or "").rpartition(":")[2]
    optimizer = own or str(section.get("name") or known.optimizer.partition("(")[0]).replace("none", "")
    parts = [part for part in (known.model, known.data.partition(":")[0], optimizer) if part]
    title = figure.text(LEFT / width, 1 - 0.36 / height, "", color=INK, size=11, weight="bold", va="baseline")
    fit(title, result.name, room)
    line = figure.text(LEFT / width, 1 - 0.57 / height, "", color=SOFT, size=8.5, va="baseline")
    fit(line, " · ".join(parts), below)
