"""Theme of every figure: colours, fonts, text that fits, the empty canvas, and the figure as bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, get_args

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.patches import FancyBboxPatch

from lrfind.core.formats import FigureFormat
from lrfind.core.printable import clean

LEFT, RIGHT = 0.72, 0.26
"""Margins at the left and the right, in inches."""

DPI = 150

# Okabe and Ito's colours: told apart with every kind of colour vision, and in grey by their lightness
CURVE, RATE, INTERVAL = "#0072B2", "#D55E00", "#E69F00"
INK, SOFT, FAINT, PAPER = "#1a1a1a", "#5c5c5c", "#e4e4e4", "#ffffff"

STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": SOFT,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "grid.color": FAINT,
    "hatch.linewidth": 0.5,
    "legend.borderaxespad": 0,
    "legend.borderpad": 0,
    "legend.columnspacing": 1.2,
    "legend.fontsize": 8,
    "legend.framealpha": 0.94,
    "legend.frameon": False,
    "legend.labelcolor": SOFT,
    "pdf.fonttype": 42,  # many journals refuse Type 3 fonts
    "svg.fonttype": "path",
    "svg.hashsalt": "lrfind",
    "text.parse_math": False,
    "xtick.color": SOFT,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.color": SOFT,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 8.5,
}


def to_bytes(draw: Callable[[], Figure], format: FigureFormat) -> bytes:
    """Return a figure as bytes; the same figure gives the same bytes, whatever the user's matplotlib settings."""
    if format not in get_args(FigureFormat):
        raise ValueError(f"format is {format!r}, expected one of {', '.join(get_args(FigureFormat))}")
    with styled():
        buffer = io.BytesIO()
        metadata: dict[str, Any] = {
            "png": {"Software": None},
            "svg": {"Date": None, "Creator": None},
            "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
        }[format]
        # Two thirds of the time that packing the pixels takes by default, for a file a twelfth larger.
        packing: dict[str, Any] = {"pil_kwargs": {"compress_level": 3}} if format == "png" else {}
        draw().savefig(buffer, format=format, dpi=DPI, metadata=metadata, facecolor="none", edgecolor="none", **packing)
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
    corners = "round,pad=0,rounding_size=0.12"
    paper = FancyBboxPatch((0, 0), width, height, boxstyle=corners, fc=PAPER, ec="none", lw=0, zorder=-1)
    paper.set_transform(figure.dpi_scale_trans)
    figure.add_artist(paper)
    return figure


def add_title(figure: Figure, title: str, below: str = "") -> None:
    """Write a title and a line below it, each cut to the width of the figure."""
    width, height = figure.get_size_inches().tolist()
    styles: tuple[dict[str, Any], ...] = ({"color": INK, "size": 11, "weight": "bold"}, {"color": SOFT, "size": 8.5})
    for content, down, style in zip((title, below), (0.36, 0.57), styles, strict=True):
        text = figure.text(LEFT / width, 1 - down / height, "", va="baseline", **style)
        content = drawable(content[:MOST])
        text.set_text(content)
        room = (width - LEFT - RIGHT) * DPI
        while (wide := text.get_window_extent().width) > room and len(content) > 2:
            content = content[: min(len(content) - 2, int(len(content) * room / wide))].rstrip()
            text.set_text(content + "…")


def tint(color: str, strength: float) -> str:
    """Return a colour mixed with the paper: strength 1 is the colour itself, 0 the paper."""
    paper, ink = np.array(to_rgb(PAPER)), np.array(to_rgb(color))
    return to_hex(tuple(paper + strength * (ink - paper)))


MOST = 1000
"""Characters of a text that are laid out at all: no figure has room for as many, and laying out takes its time."""


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
