"""The look of the figure: colours, fonts, and text that fits and that the font can draw."""

from __future__ import annotations

from functools import cache
from typing import Any

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.text import Text

from lrfind.report.text import clean

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


def tint(color: str, strength: float) -> str:
    """A colour as it looks on paper, thinned: 1 is the colour itself, 0 the paper."""
    pairs = zip(*([int(each[i : i + 2], 16) for i in (1, 3, 5)] for each in (PAPER, color)), strict=True)
    return "#" + "".join(f"{round(paper + strength * (ink - paper)):02x}" for paper, ink in pairs)


MOST = 1000
"""Characters of a text that are laid out at all: no figure has room for as many, and laying out takes its time."""


def fit(text: Text, content: str, inches: float) -> None:
    """Give a text its content, cut where it would be wider than its room."""
    content = drawable(content[:MOST])
    text.set_text(content)
    width = text.get_window_extent().width / DPI
    while width > inches and len(content) > 2:
        content = content[: min(len(content) - 2, int(len(content) * inches / width))].rstrip()
        text.set_text(content + "…")
        width = text.get_window_extent().width / DPI


def short(text: str, width: int) -> str:
    """A text of at most so many characters."""
    text = drawable(text[: width + MOST])
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def drawable(text: str) -> str:
    """The text with a box for every character the font lacks, which matplotlib would warn about."""
    return "".join(char if ord(char) in _glyphs() else "□" for char in clean(text))


@cache
def _glyphs() -> frozenset[int]:
    """The characters that the plain and the bold font both have."""
    plain, bold = (FontProperties(family=["DejaVu Sans"], weight=weight) for weight in ("normal", "bold"))
    return frozenset(get_font(findfont(plain)).get_charmap()) & frozenset(get_font(findfont(bold)).get_charmap())
