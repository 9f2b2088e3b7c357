"""The result as a picture for a paper, a README or a browser: PNG, SVG or PDF.

Matplotlib is used through `Figure`, never pyplot: no backend is chosen and no state outlives a call. All positions
come from `lrfind.report.view` and `lrfind.report.confirm_view` as fractions of linear axes, which is several times
faster than matplotlib's log scales with their locators and formatters, and cannot overflow.
"""

from __future__ import annotations

import io
from typing import Any, Literal, get_args

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch

from lrfind.report import confirm_panel, curve_panel
from lrfind.report.confirm_view import confirm_view
from lrfind.report.panel import LEFT, Cell
from lrfind.report.style import DPI, INK, PAPER, SOFT, STYLE, fit
from lrfind.report.view import view
from lrfind.types import Result

Format = Literal["png", "svg", "pdf"]
Corner = Literal["lower left", "lower right"]

RIGHT = 0.26
"""Margin at the right, in inches."""

WIDTH, HEIGHT = 6.8, 4.2
SINGLE = Cell(0, WIDTH - RIGHT, top=1.0)
"""The sweep alone."""

WIDE, TALL = 10.2, 4.44
PAIR = Cell(0, 5.75, top=1.25), Cell(6.0, WIDE - RIGHT, top=1.25)
"""Sweep and confirmation: each with a legend of its own above it, in one more line of height."""


def draw(result: Result, format: Format) -> bytes:
    """The figure of a result. The same result gives the same bytes, whatever the user's matplotlib settings are."""
    if format not in get_args(Format):
        raise ValueError(f"format is {format!r}, expected one of {', '.join(get_args(Format))}")
    settings: dict[Any, Any] = {**matplotlib.rcParamsDefault, **STYLE}
    settings = {key: value for key, value in settings.items() if not key.startswith("backend")}
    with matplotlib.rc_context(settings):
        figure = _single(result) if result.confirmation is None else _pair(result)
        buffer = io.BytesIO()
        metadata: dict[str, Any] = {
            "png": {"Software": None},
            "svg": {"Date": None, "Creator": None},
            "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
        }[format]
        # Two thirds of the time that packing the pixels takes by default, for a file a twelfth larger.
        packing: dict[str, Any] = {"pil_kwargs": {"compress_level": 3}} if format == "png" else {}
        figure.savefig(buffer, format=format, dpi=DPI, metadata=metadata, facecolor="none", edgecolor="none", **packing)
    return buffer.getvalue()


def _single(result: Result) -> Figure:
    seen = view(result)
    figure = _card(WIDTH, HEIGHT)
    curve_panel.draw_curve(figure, SINGLE, seen, result)
    lines, names = curve_panel.legend(seen, result)
    room = WIDTH - LEFT - RIGHT
    _title(figure, result, room - sum(0.42 + 0.066 * len(name) for name in names) - 0.15, room)
    _legend(figure, lines, names, "lower right", 1 - RIGHT / WIDTH, 0.39)
    return figure


def _pair(result: Result) -> Figure:
    assert result.confirmation is not None
    curve, confirmed = view(result), confirm_view(result, result.confirmation)
    figure = _card(WIDE, TALL)
    left, right = PAIR
    curve_panel.draw_curve(figure, left, curve, result)
    confirm_panel.draw_confirmation(figure, right, confirmed, result, result.confirmation)
    room = WIDE - LEFT - RIGHT
    _title(figure, result, room, room)
    for cell, samples in ((left, curve_panel.legend(curve, result)), (right, confirm_panel.legend(confirmed))):
        _legend(figure, *samples, "lower left", (cell.start + LEFT) / WIDE, 0.89)
    return figure


def _card(width: float, height: float) -> Figure:
    """An empty figure: a card with round corners.

    On a white page only the plot is seen, on a dark one it looks like a picture, and every colour stands on the paper
    it was chosen for.
    """
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="none")
    FigureCanvasAgg(figure)
    card = FancyBboxPatch(
        (0, 0), width, height, boxstyle="round,pad=0,rounding_size=0.12", fc=PAPER, ec="none", lw=0, zorder=-1
    )
    card.set_transform(figure.dpi_scale_trans)
    figure.patches.append(card)
    card.set_figure(figure)
    return figure


def _title(figure: Figure, result: Result, room: float, below: float) -> None:
    """The run's name, and below it what was measured, in so many inches."""
    width, height = figure.get_size_inches().tolist()
    known = result.facts
    optimizer = str((result.config.get("optimizer") or {}).get("name") or known.optimizer.partition("(")[0])
    parts = [part for part in (known.model, known.data.partition(":")[0], optimizer) if part]
    title = figure.text(LEFT / width, 1 - 0.36 / height, "", color=INK, size=11, weight="bold", va="baseline")
    fit(title, result.name, room)
    line = figure.text(LEFT / width, 1 - 0.57 / height, "", color=SOFT, size=8.5, va="baseline")
    fit(line, " · ".join(parts), below)


def _legend(figure: Figure, lines: list[Line2D], names: list[str], corner: Corner, x: float, down: float) -> None:
    """What the marks of a panel are, with a lower corner at x and so many inches from the top."""
    figure.legend(
        lines,
        names,
        loc=corner,
        bbox_to_anchor=(x, 1 - down / figure.get_figheight()),
        ncols=len(names),
        frameon=False,
        fontsize=8,
        labelcolor=SOFT,
        handlelength=1.6,
        columnspacing=1.2,
        handletextpad=0.5,
        borderpad=0,
        borderaxespad=0,
    )
