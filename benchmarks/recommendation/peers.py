"""The rules of other frameworks' finders, restated from what they do: ladder, record, early end, and the rate they say.

Each is given the plain losses of a sweep on its own ladder and returns its suggestion, or None where the package raises
or answers None. `--check-peers` holds them against the packages themselves, which record in double and judge in single
precision; so do these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Pick = Callable[[Floats, Floats], float]
"""``(rates, smoothed losses) -> rate``."""

STEPS = 100
"""Steps of a sweep: the default of all but ignite, whose default is as long as the training."""

BETA = 0.98
"""Weight of the past in the running mean of fastai and Lightning."""

WEIGHT = 0.05
"""Weight of the present in that of torch-lr-finder and ignite."""

FASTAI_APART, FASTAI_ALIKE = 15, 0.005
"""Steps between the slopes that fastai's slide compares, and their difference at which it ends."""


@dataclass(frozen=True)
class Peer:
    """A finder of another framework.

    Attributes:
        used: the rates it trains at, shape (steps,).
        recorded: the rates that it believes it trained at, shape (steps,).
        rule: ``(recorded rates, losses) -> rate``, None for no answer; shapes (steps,).
    """

    used: Floats
    recorded: Floats
    rule: Callable[[Floats, Floats], float | None]


def ladder(low: float, high: float, powers: Floats) -> Floats:
    """``low (high / low)^power``, shape (steps,)."""
    return low * (high / low) ** powers


def debiased(loss: Floats, late: int = 0) -> Floats:
    """A running mean from zero, in the precision of `loss`, divided by the weight it has gathered.

    Args:
        loss: shape (steps,).
        late: steps to count that were not there. Lightning counts one: a constant loss is half its value at first.
    """
    mean, smoothed = np.zeros_like(loss[0]), np.empty_like(loss)
    for step, value in enumerate(loss):
        mean = mean - (mean - value) * (1 - loss.dtype.type(BETA))
        smoothed[step] = mean / (1 - BETA ** (step + 1 + late))
    return smoothed


def trailing(loss: Floats) -> Floats:
    """A running mean from the first value, shape (steps,)."""
    smoothed = loss.copy()
    for step in range(1, len(loss)):
        smoothed[step] = WEIGHT * loss[step] + (1 - WEIGHT) * smoothed[step - 1]
    return smoothed


def kept(smoothed: Floats, times: float) -> int:
    """Steps until a value is above `times` the lowest so far, that step included; NaN is above nothing."""
    best = smoothed[0]
    for step, value in enumerate(smoothed):
        if value < best:
            best = value
        if value > times * best:
            return step + 1
    return len(smoothed)


def fastai(pick: Pick) -> Callable[[Floats, Floats], float | None]:
    """fastai's record: stopped at four times the lowest, a tenth cut off in front, five steps behind, and from a NaN
    on."""

    def rule(rates: Floats, loss: Floats) -> float | None:
        smoothed = debiased(loss.astype(np.float32))
        part = slice(STEPS // 10, max(0, kept(smoothed, 4) - 5))
        rates, smoothed = rates[part], smoothed[part]
        lost = np.flatnonzero(np.isnan(smoothed))
        end = lost[0] if len(lost) else len(smoothed)
        try:
            return pick(rates[:end], smoothed[:end])
        except (IndexError, ValueError):
            return None

    return rule


def valley(rates: Floats, loss: Floats) -> float:
    """The middle of the longest run of ever lower values, which need not be neighbours."""
    length = np.ones(len(loss), int)
    for step in range(1, len(loss)):
        higher = loss[:step] > loss[step]
        length[step] = 1 + length[:step][higher].max(initial=0)
    end = int(length.argmax())
    # The length is subtracted as if the run had no gaps; it may point to the place before the first, Python's last.
    start = end - length[end] if length[end] > 1 else 0
    third = (end - start) / 3
    return float(rates[start + int(third) + int(third / 2)])


def slide(rates: Floats, loss: Floats) -> float:
    """From the right, the first place at which slopes fifteen steps apart agree."""
    slope = np.gradient(loss)
    right, left = -1, -1 - FASTAI_APART
    found = rates[left]
    while left >= -len(loss) and abs(slope[right] - slope[left]) > FASTAI_ALIKE:
        found = rates[left]
        right, left = right - 1, left - 1
    return float(found)


def minimum(rates: Floats, loss: Floats) -> float:
    """A tenth of the rate at the lowest loss."""
    return float(rates[loss.argmin()]) / 10


def steep(rates: Floats, loss: Floats) -> float:
    """The steepest step against log rate."""
    return float(rates[np.argmin(np.diff(loss) / np.diff(np.log(rates.astype(np.float32))))])


def lightning(rates: Floats, loss: Floats) -> float | None:
    """The steepest point against the raw rate; ten steps cut off in front, one behind; not finite ones left out."""
    smoothed = debiased(loss, late=1)
    part = slice(10, kept(smoothed, 4) - 1)
    rates, smoothed = rates[part], smoothed[part].astype(np.float32)
    finite = np.isfinite(smoothed)
    if finite.sum() < 2:
        return None
    slope = np.gradient(smoothed[finite], rates[finite].astype(np.float32))
    return float(rates[finite][slope.argmin()])


def torch_lr_finder(rates: Floats, loss: Floats) -> float | None:
    """The steepest step by its number; ten cut off in front, five behind."""
    smoothed = trailing(loss)
    end = kept(smoothed, 5)
    if end < 17:
        return None
    part = slice(10, end - 5)
    return float(rates[part][np.gradient(smoothed[part]).argmin()])


def ignite(rates: Floats, loss: Floats) -> float | None:
    """The steepest step by its number, up to the lowest loss."""
    smoothed = trailing(loss)
    smoothed = smoothed[: kept(smoothed, 5)].astype(np.float32)
    fall = smoothed[: smoothed.argmin() + 1]
    if len(fall) < 3:
        return None
    return float(rates[1 + np.argmin(fall[2:] - fall[:-2])])


ALL = np.arange(STEPS + 1)
FASTAI = ladder(1e-7, 10, ALL[:STEPS] / STEPS)
LIGHTNING = ladder(1e-8, 1, np.delete(ALL, 1) / STEPS)
"""The first step up is a double one."""
TORCH_LR_FINDER = ladder(1e-7, 10, ALL[:STEPS] / (STEPS - 1))
IGNITE = ladder(1e-7, 10, np.maximum(ALL, 1) / STEPS), ladder(1e-7, 10, (ALL + 1) / STEPS)
"""Recorded one step late, but for the first; and one step more than asked for."""

PEERS: dict[str, Peer] = {
    "fastai valley": Peer(FASTAI, FASTAI, fastai(valley)),
    "fastai steep": Peer(FASTAI, FASTAI, fastai(steep)),
    "fastai minimum": Peer(FASTAI, FASTAI, fastai(minimum)),
    "fastai slide": Peer(FASTAI, FASTAI, fastai(slide)),
    "Lightning": Peer(LIGHTNING, LIGHTNING, lightning),
    "torch-lr-finder": Peer(TORCH_LR_FINDER, TORCH_LR_FINDER, torch_lr_finder),
    "ignite": Peer(*IGNITE, ignite),
}
