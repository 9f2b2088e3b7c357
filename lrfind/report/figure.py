"""The curve as a picture for a paper, a README or a browser: PNG, SVG or PDF.

Matplotlib is used through `Figure`, never pyplot: no backend is chosen and no state outlives a call. All positions
come from `lrfind.report.view` as fractions of linear axes, which is several times faster than matplotlib's log
scales with their locators and formatters, and cannot overflow.
"""

from __future__ import annotations

import io
import textwrap
from functools import cache
from typing import Any, Literal, get_args

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.text import Text

from lrfind.report.layout import free_spot, side_by_side
from lrfind.report.text import LOSS_NAMES, clean, interval, rate, superscript
from lrfind.report.view import View, view
from lrfind.types import Result

Format = Literal["png", "svg", "pdf"]

WIDTH, HEIGHT, DPI = 6.8, 4.2, 150
LEFT, RIGHT, BOTTOM, TOP = 0.72, 0.26, 0.62, 1.0
"""Margins around the axes, in inches; fixed, so that one drawing is enough and figures of several runs line up.
Only numbers too long for it make the left one wider."""

# Okabe and Ito's colours: told apart with every kind of colour vision, and in grey by their lightness
CURVE, RATE, INTERVAL = "#0072B2", "#D55E00", "#E69F00"
INK, SOFT, FAINT, PAPER = "#1a1a1a", "#5c5c5c", "#e4e4e4", "#ffffff"

STYLE: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "hatch.linewidth": 0.5,
    "path.simplify": True,
    "pdf.fonttype": 42,  # many journals refuse Type 3 fonts
    "svg.fonttype": "path",
    "svg.hashsalt": "lrfind",
    "text.parse_math": False,
    "text.usetex": False,
}


def draw(result: Result, format: Format) -> bytes:
    """The figure of a result. The same result gives the same bytes, whatever the user's matplotlib settings are."""
    if format not in get_args(Format):
        raise ValueError(f"format is {format!r}, expected one of {', '.join(get_args(Format))}")
    settings: dict[Any, Any] = {**matplotlib.rcParamsDefault, **STYLE}
    settings = {key: value for key, value in settings.items() if not key.startswith("backend")}
    with matplotlib.rc_context(settings):
        figure = _figure(result)
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


def _figure(result: Result) -> Figure:
    seen = view(result)
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor="none")
    FigureCanvasAgg(figure)
    # a card with round corners: on a white page only the plot is seen, on a dark one it looks like a picture, and
    # every colour stands on the paper it was chosen for
    card = FancyBboxPatch(
        (0, 0), WIDTH, HEIGHT, boxstyle="round,pad=0,rounding_size=0.12", fc=PAPER, ec="none", lw=0, zorder=-1
    )
    card.set_transform(figure.dpi_scale_trans)
    figure.patches.append(card)
    card.set_figure(figure)
    left = max(LEFT, 0.26 + 0.08 * max((len(superscript(label)) for label in seen.y.labels), default=0))
    frame = (left / WIDTH, BOTTOM / HEIGHT, 1 - (left + RIGHT) / WIDTH, 1 - (BOTTOM + TOP) / HEIGHT)
    axes = figure.add_axes(frame, facecolor="none")
    _axes(axes, seen, result)
    _curves(axes, seen)
    _marks(axes, seen, result)
    _header(figure, seen, result)
    return figure


def _axes(axes: Axes, seen: View, result: Result) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    for axis, scale in ((axes.xaxis, seen.x), (axes.yaxis, seen.y)):
        labels = [superscript(label) for label in scale.labels]
        axis.set_ticks(scale.place(np.array(scale.ticks)), labels)
        axis.set_ticks(scale.place(np.array(scale.minor)), minor=True)
    axes.tick_params(which="major", color=SOFT, labelcolor=INK, length=3.5, width=0.7, labelsize=8.5)
    axes.tick_params(which="minor", color=SOFT, length=2, width=0.5)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(SOFT)
        spine.set_linewidth(0.7)
    loss = LOSS_NAMES.get(result.facts.loss, result.facts.loss.replace("_", " "))
    axes.set_xlabel("learning rate" + (" (log scale)" if seen.x.log else ""), color=INK, labelpad=5)
    axes.set_ylabel(_short(f"training loss ({loss})" if loss else "training loss", 56), color=INK)
    axes.yaxis.set_label_coords(
        0.22 / WIDTH, (BOTTOM + HEIGHT - TOP) / 2 / HEIGHT, transform=axes.figure.transSubfigure
    )


def _curves(axes: Axes, seen: View) -> None:
    if seen.diverges is not None and seen.diverges < 1:
        region = Rectangle(
            (seen.diverges, 0), 1 - seen.diverges, 1, fc="none", ec="#d4d4d4", lw=0, hatch="////", zorder=0.6
        )
        axes.add_patch(region)
        axes.add_line(Line2D([seen.diverges] * 2, [0, 1], color=SOFT, lw=1.0, ls=(0, (1, 2)), zorder=2))
    if seen.interval is not None:
        low, high = seen.interval
        axes.add_patch(Rectangle((low, 0), high - low, 1, fc=INTERVAL, alpha=0.2, lw=0, zorder=0.8))
    for row in seen.seeds:
        axes.add_line(Line2D(seen.rates, row, color=CURVE, lw=0.8, alpha=0.32, zorder=2.5))
    axes.add_line(
        Line2D(
            seen.rates, seen.smoothed, color=CURVE, lw=2.2, zorder=3, solid_capstyle="round", solid_joinstyle="round"
        )
    )


def _marks(axes: Axes, seen: View, result: Result) -> None:
    """The rate with its interval and the divergence, named in the strip above the axes where no curve can be."""
    labels: list[Text] = []
    anchors: list[float] = []
    if seen.other is not None:
        axes.add_line(
            Line2D(*_point(seen.other), marker="o", ms=6, mfc=PAPER, mec=SOFT, mew=1.2, ls="", zorder=4, clip_on=False)
        )
    if seen.mark is not None:
        x, y = seen.mark
        axes.add_line(Line2D([x, x], [0, 1.025], color=RATE, lw=1.2, zorder=2.8, clip_on=False))
        axes.add_line(
            Line2D([x], [y], marker="o", ms=7.5, mfc=RATE, mec=PAPER, mew=1.3, ls="", zorder=5, clip_on=False)
        )
        found = result.recommendation
        span = interval(found.low, found.high).replace(" .. ", " – ")
        labels.append(_label(axes, x, rate(found.learning_rate) + (f"  ({span})" if span else ""), RATE, "bold"))
        anchors.append(x)
    if seen.diverges is not None:
        labels.append(_label(axes, seen.diverges, "diverges", SOFT, "normal"))
        anchors.append(seen.diverges)
    widths = [_extent(axes, label)[0] for label in labels]
    for label, centre in zip(labels, side_by_side(anchors, widths, gap=0.02), strict=True):
        label.set_x(centre)
    if result.recommendation.learning_rate is None:
        _verdict(axes, seen, result)


def _label(axes: Axes, x: float, text: str, color: str, weight: str) -> Text:
    return axes.text(x, 1.035, text, color=color, weight=weight, size=9, ha="center", va="bottom")


def _point(point: tuple[float, float]) -> tuple[list[float], list[float]]:
    return [point[0]], [point[1]]


def _verdict(axes: Axes, seen: View, result: Result) -> None:
    """Why there is no rate, where it hides least of the curve."""
    reason = textwrap.shorten(_drawable(result.recommendation.reason), 220, placeholder=" …")
    lines = ["no learning rate to recommend", *textwrap.wrap(reason, 46)]
    text = axes.text(0, 0, "\n".join(lines), color=RATE, size=9, linespacing=1.35, ha="center", va="center", zorder=6)
    text.set_bbox({"boxstyle": "round,pad=0.5,rounding_size=0.3", "fc": PAPER, "ec": RATE, "lw": 0.8, "alpha": 0.94})
    width, height = _extent(axes, text)
    steps = np.linspace(0, 1, 4 * max(len(seen.rates), 1))
    curves = [(np.interp(steps, np.linspace(0, 1, len(row)), row), weight) for row, weight in _weighted(seen)]
    rates = np.interp(steps, np.linspace(0, 1, len(seen.rates)), seen.rates) if len(seen.rates) else steps
    text.set_position(free_spot(width + 0.05, height + 0.1, [(rates, row, weight) for row, weight in curves]))


def _weighted(seen: View) -> list[tuple[Any, float]]:
    rows = [(seen.smoothed, 4.0), *((row, 1.0) for row in seen.seeds)]
    return [(row, weight) for row, weight in rows if len(row)]


def _extent(axes: Axes, text: Text) -> tuple[float, float]:
    """Width and height of a text, in fractions of the axes."""
    box, frame = text.get_window_extent(), axes.bbox
    return box.width / frame.width, box.height / frame.height


def _header(figure: Figure, seen: View, result: Result) -> None:
    """The run's name and what was measured, and beside them what the lines are."""
    config, known = result.config, result.facts
    left, right = LEFT / WIDTH, 1 - RIGHT / WIDTH
    data = known.data.partition(":")[0]
    optimizer = str((config.get("optimizer") or {}).get("name") or known.optimizer.partition("(")[0])
    parts = [part for part in (known.model, data, optimizer) if part]
    names = ["one seed" if len(seen.seeds) == 1 else f"each of {len(seen.seeds)} seeds", "smoothed"]
    lines = [Line2D([], [], color=CURVE, lw=0.9, alpha=0.45), Line2D([], [], color=CURVE, lw=2.2)]
    if seen.other is not None:
        lines.append(Line2D([], [], marker="o", ms=6, mfc=PAPER, mec=SOFT, mew=1.2, ls=""))
        names.append(f"suggestion ({_short(next(iter(result.suggestions)), 12)})")
    room = WIDTH - LEFT - RIGHT
    legend = sum(0.42 + 0.066 * len(name) for name in names)
    title = figure.text(left, 1 - 0.36 / HEIGHT, "", color=INK, size=11, weight="bold", va="baseline")
    _fit(title, result.name, room - legend - 0.15)
    _fit(figure.text(left, 1 - 0.57 / HEIGHT, "", color=SOFT, size=8.5, va="baseline"), " · ".join(parts), room)
    figure.legend(
        lines,
        names,
        loc="lower right",
        bbox_to_anchor=(right, 1 - 0.39 / HEIGHT),
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


def _fit(text: Text, content: str, inches: float) -> None:
    """Give a text its content, cut where it would be wider than its room."""
    content = _drawable(content)
    text.set_text(content)
    width = text.get_window_extent().width / DPI
    while width > inches and len(content) > 2:
        content = content[: min(len(content) - 2, int(len(content) * inches / width))].rstrip()
        text.set_text(content + "…")
        width = text.get_window_extent().width / DPI


def _short(text: str, width: int) -> str:
    text = _drawable(text)
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def _drawable(text: str) -> str:
    """The text with a box for every character the font lacks, which matplotlib would warn about."""
    return "".join(char if ord(char) in _glyphs() else "□" for char in clean(text))


@cache
def _glyphs() -> frozenset[int]:
    """The characters that the plain and the bold font both have."""
    plain, bold = (FontProperties(family=["DejaVu Sans"], weight=weight) for weight in ("normal", "bold"))
    return frozenset(get_font(findfont(plain)).get_charmap()) & frozenset(get_font(findfont(bold)).get_charmap())
