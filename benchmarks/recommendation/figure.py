"""The distribution of regret of every finder, as one figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from finders import FINDERS
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from score import CEILING, Row
from truth import GOOD

LEFT, RIGHT = 1e-3, 0.5
"""Regrets that are shown. Up to the first is noise of the truth; beyond the last a training has failed."""

GAP = 0.042
"""Least distance of two labels, as a part of the height."""

INK, MUTED, LINE = "#1a1a1a", "#6b6b6b", "#d9d9d9"
BLUES = ("#9ec3ea", "#5f9bd8", "#2070bf", "#0b4a8a")
WARM = ("#c8553d", "#e08d3c", "#b8860b", "#a35c7a", "#7a4b94", "#5b8c5a", "#2a7f7f")
GREYS = ("#7a7a7a", "#9a9a9a", "#b5b5b5")


def draw(rows: Sequence[Row], path: Path, title: str) -> None:
    """Write the figure: share of answers up to a regret, over that regret; each line named at its right end."""
    figure = Figure(figsize=(8.4, 5.0), dpi=200, facecolor="white")
    axes = figure.add_axes((0.08, 0.115, 0.60, 0.77))
    axes.set(xscale="log", xlim=(LEFT, RIGHT), ylim=(0, 1.0))
    axes.axvline(GOOD, color=LINE, lw=1.2, zorder=0)
    axes.text(GOOD, 1.012, "good: up to 5 %", color=MUTED, ha="center", va="bottom", fontsize=8)
    looks = styles(rows)
    ends = []
    for row in rows:
        regrets = np.array(row.regrets)
        places = np.concatenate([[LEFT], regrets[(regrets > LEFT) & (regrets < RIGHT)], [RIGHT]])
        shares = np.searchsorted(regrets, places, side="right") / len(regrets)
        axes.plot(places, shares, drawstyle="steps-post", solid_joinstyle="miter", **looks[row.finder])
        ends.append(float(shares[-1]))
    order = np.argsort(ends, kind="stable")
    for place, height in zip(order, spread([ends[place] for place in order], GAP), strict=True):
        row, look = rows[place], looks[rows[place].finder]
        strong = "bold" if look["lw"] > 2 else "normal"
        axes.annotate(
            f"{row.finder}  ({row.good:.0%} good)",
            xy=(1.0, ends[place]),
            xytext=(1.045, height),
            xycoords="axes fraction",
            textcoords="axes fraction",
            color=look["color"],
            weight=strong,
            fontsize=8.5,
            va="center",
            arrowprops={"arrowstyle": "-", "color": look["color"], "lw": 0.6, "relpos": (0, 0.5), "shrinkB": 0},
        )
    axes.set_xticks([0.001, 0.01, 0.05, 0.1, 0.5], ["0.1 %", "1 %", "5 %", "10 %", "50 %"])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(axis="y", color="#eeeeee", lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(MUTED)
    axes.tick_params(colors=MUTED, labelsize=8.5)
    axes.set_xlabel("regret: achievable improvement of the validation loss that is lost", color=INK, fontsize=9.5)
    axes.set_title(title, loc="left", color=INK, fontsize=11, pad=18)
    axes.set_ylabel("answers up to that regret", color=INK, fontsize=9.5)
    figure.savefig(path)


def styles(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Colour and width of each finder's line: lrfind strong, the others thin."""
    names = {kind: [row.finder for row in rows if kind_of(row) == kind] for kind in ("lrfind", "peer", "fixed")}
    looks: dict[str, dict[str, Any]] = {CEILING: {"color": INK, "lw": 1.4, "ls": (0, (1, 1.5)), "zorder": 4}}
    blues = BLUES[-len(names["lrfind"]) :]
    looks |= {n: {"color": c, "lw": 2.6, "zorder": 5} for n, c in zip(names["lrfind"], blues, strict=False)}
    looks |= {n: {"color": c, "lw": 1.1, "zorder": 3} for n, c in zip(names["peer"], WARM, strict=False)}
    looks |= {
        n: {"color": c, "lw": 1.1, "ls": (0, (5, 2)), "zorder": 2} for n, c in zip(names["fixed"], GREYS, strict=False)
    }
    return looks


def kind_of(row: Row) -> str:
    """The kind of a row's finder."""
    return FINDERS[row.finder].kind if row.finder in FINDERS else "ceiling"


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Heights as near as may be to those given (rising), `gap` apart and within [0, 1]."""
    placed = list(heights)
    for i in range(1, len(placed)):
        placed[i] = max(placed[i], placed[i - 1] + gap)
    if placed and placed[-1] > 1:
        placed[-1] = 1.0
        for i in range(len(placed) - 2, -1, -1):
            placed[i] = min(placed[i], placed[i + 1] - gap)
    return placed
