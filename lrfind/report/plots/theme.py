"""Theme of every figure: colours, fonts, text that fits, the empty canvas, and the figure as bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal, get_args

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text

from lrfind.core.formats import FigureFormat
from lrfind.core.printable import clean

Corner = Literal["lower left", "lower right"]

RIGHT = 0.26
"""Margin at the right, in inches."""

DPI = 150

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


def to_bytes(draw: Callable[[], Figure], format: FigureFormat) -> bytes:
    """Return a figure as bytes; the same figure gives the same bytes, whatever the user's matplotlib settings."""
    if format not in get_args(FigureFormat):
        raise ValueError(f"format is {format!r}, expected one of {', '.join(get_args(FigureFormat))}")
    with styled():
        figure = draw()
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


@contextmanager
def styled() -> Iterator[None]:
    """Apply matplotlib's defaults and `STYLE`, whatever the user has set."""
    settings: dict[Any, Any] = {**matplotlib.rcParamsDefault, **STYLE}
    with matplotlib.rc_context({key: value for key, value in settings.items() if not key.startswith("backend")}):
        yield


def canvas(width: float, height: float) -> Figure:
    """Return an empty figure: paper with round corners.

    On a white page only the plot is seen, on a dark one it looks like a picture, and every colour stands on the paper
    it was chosen for.
    """
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="none")
    FigureCanvasAgg(figure)
    paper = FancyBboxPatch(
        (0, 0), width, height, boxstyle="round,pad=0,rounding_size=0.12", fc=PAPER, ec="none", lw=0, zorder=-1
    )
    paper.set_transform(figure.dpi_scale_trans)
    figure.patches.append(paper)
    paper.set_figure(figure)
    return figure


def add_legend(figure: Figure, lines: list[Line2D], names: list[str], corner: Corner, x: float, down: float) -> None:
    """Add a legend with a lower corner at x and so many inches from the top."""
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


def tint(color: str, strength: float) -> str:
    """Return a colour mixed with the paper: strength 1 is the colour itself, 0 the paper."""
    pairs = zip(*([int(code[i : i + 2], 16) for i in (1, 3, 5)] for code in (PAPER, color)), strict=True)
    return "#" + "".join(f"{round(paper + strength * (ink - paper)):02x}" for paper, ink in pairs)


MOST = 1000
"""Characters of a text that are laid out at all: no figure has room for as many, and laying out takes its time."""


def fit(text: Text, content: str, inches: float) -> None:
    """Set the content of a text, cut to a width in inches."""
    content = drawable(content[:MOST])
    text.set_text(content)
    width = text.get_window_extent().width / DPI
    while width > inches and len(content) > 2:
        content = content[: min(len(content) - 2, int(len(content) * inches / width))].rstrip()
        text.set_text(content + "…")
        width = text.get_window_extent().width / DPI


def shortened(text: str, width: int) -> str:
    """Return text of at most so many characters."""
    text = drawable(text[: width + MOST])
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def drawable(text: str) -> str:
    """Return text with a box for every character that the font lacks, which matplotlib would warn about."""
    return "".join(char if ord(char) in _glyphs() else "□" for char in clean(text))


@cache
def _glyphs() -> frozenset[int]:
    """Return the characters that the plain and the bold font both have."""
    plain, bold = (FontProperties(family=["DejaVu Sans"], weight=weight) for weight in ("normal", "bold"))
    return frozenset(get_font(findfont(plain)).get_charmap()) & frozenset(get_font(findfont(bold)).get_charmap())
