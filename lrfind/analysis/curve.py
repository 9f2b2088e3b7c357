"""What a curve shows, whatever method reads a rate off it: its level, its noise, its fall, its divergence.

Nothing here divides by the loss or compares losses by ratio: a loss may be zero or negative. The measure is the drop
from the initial loss.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lrfind.analysis.smooth import ORDER, noise, running_median, smooth
from lrfind.types import Floats

FIRST_STEPS = 3
"""Steps whose median is the initial loss, where that is below the very first one: the median of three forgives one odd
batch, and the first loss stands before any update that could have blown it up."""

LOST = 0.5
"""A curve has diverged when it ends with more than this part of its drop lost: halfway between the rough bottom of a
curve, which loses little, and a curve on its way up, which loses all."""

CERTAIN = 7.0
"""Standard errors between the highest and the then lowest value that make a fall. Of a hundred independent values
without any trend, highest and lowest are 5.0 apart with a deviation of 0.6; this is three of those above."""

RISEN = 4.0
"""Standard deviations of single steps that a level has to lie above another to have risen: normal noise does it once in
16,000 steps."""

WILD = 10.0
"""Noise above this many times the initial loss is no noise but a curve gone wild, and excuses nothing."""

RESOLUTION = 1e-6
"""A change of this part of the initial loss is rounding: float32 carries 24 bits, and a mean over rows loses some."""

BEGUN = 0.1
"""The fall has begun when this part of the drop is done: the usual start of a rise time, 10 % to 90 %."""

EARLY = 0.2
"""A divergence in this first part of the steps, without a fall before it, means that the rates began too high: a
hundred steps over eight decades have a decade and a half before it, hardly more than a fall takes."""

FEWEST = 4
"""Steps before divergence below which there is no slope to speak of."""


@dataclass(frozen=True)
class Reading:
    """A curve over all its seeds, read once for every method.

    Attributes:
        learning_rate: shape (steps,).
        smoothed: shape (steps,); NaN where the curve has diverged beyond sense.
        slope: d loss / d log10 rate of the smoothed curve, shape (end,).
        slope_error: standard error of `slope`, shape (end,).
        end: the steps before divergence: methods look at ``[:end]`` only.
        diverged_at: the first step from which the loss does not come back; None where it never diverged.
        initial: loss at the start.
        error: standard error of the smoothed curve.
        bandwidth: of the smoothing, in steps.
        trouble: why no rate can be read, one sentence; None where one can.
        too_high: the first rates were too high already: the loss blew up before it could fall.
    """

    learning_rate: Floats
    smoothed: Floats
    slope: Floats
    slope_error: Floats
    end: int
    diverged_at: int | None
    initial: float
    error: float
    bandwidth: float
    trouble: str | None = None
    too_high: bool = False

    @property
    def drop(self) -> float:
        """How far the loss fell before divergence."""
        return self.initial - float(self.smoothed[self.lowest])

    @property
    def lowest(self) -> int:
        """The step of the lowest loss before divergence."""
        return int(np.argmin(self.smoothed[: self.end]))

    @property
    def fall(self) -> slice:
        """The steps from the last one at which the fall had hardly begun to the lowest: where a slope is more than
        noise."""
        begun = self.smoothed[: self.lowest + 1] < self.initial - BEGUN * self.drop
        before = np.flatnonzero(~begun)
        return slice(int(before[-1]) if len(before) else 0, self.lowest + 1)


def read(learning_rate: Floats, loss: Floats, bandwidth: float | None = None) -> Reading:
    """Read a curve.

    Args:
        learning_rate: rate of each step, shape (steps,), increasing.
        loss: one row per seed, shape (seeds, steps); not finite where a seed has diverged.
        bandwidth: of the smoothing, in steps; None to choose by the curve's noise.
    """
    steps = len(learning_rate)
    nothing = np.full(steps, np.nan)

    def unreadable(trouble: str, diverged: int | None) -> Reading:
        return Reading(learning_rate, nothing, np.empty(0), np.empty(0), 0, diverged, np.nan, np.nan, np.nan, trouble)

    if steps < FEWEST:
        return unreadable(f"the curve has {steps} of the {FEWEST} steps that a slope needs; use more sweep.steps", None)
    joint = combine(loss)
    if not np.isfinite(joint[0]):
        return unreadable(
            "the loss is not finite at step 0, before any update; check the scale of the inputs and the loss function",
            0,
        )
    diverged = divergence(joint)
    end = steps if diverged is None else diverged
    if end < FEWEST:
        limit = f"{learning_rate[end]:.1e}"
        trouble = f"the loss diverged at once, at {limit} in step {end}; lower sweep.min_lr"
        return replace(unreadable(trouble, diverged), too_high=True)
    fit = smooth(filled(joint[:end]), bandwidth)
    decades = np.gradient(np.log10(learning_rate[:end]))
    smoothed = np.concatenate([fit.value, np.where(np.isfinite(joint[end:]), joint[end:], np.nan)])
    initial = float(start_level(joint[None])[0])
    slope, slope_error = fit.slope / decades, fit.slope_error / decades
    reading = Reading(learning_rate, smoothed, slope, slope_error, end, diverged, initial, fit.error, fit.bandwidth)
    reading = replace(reading, too_high=too_high(reading, joint))
    if fell(reading) and not reading.too_high:
        return reading
    return replace(reading, trouble=never_fell(reading))


def fell(reading: Reading) -> bool:
    """Whether the loss fell below its start, by more than noise and rounding explain."""
    lowest = float(reading.smoothed[reading.lowest])
    fall = float(np.max(reading.smoothed[: reading.lowest + 1])) - lowest
    resolution = RESOLUTION * abs(reading.initial)
    return fall > max(CERTAIN * reading.error, resolution) and reading.drop > resolution


def too_high(reading: Reading, joint: Floats) -> bool:
    """Whether the first rates made the loss diverge before it fell, or rise by more than it fell and by its own size.

    The second, because a network can be blown to pieces and then come back to its initial loss, putting out a constant.
    """
    early = max(FEWEST, int(EARLY * len(joint)))
    if reading.diverged_at is not None and reading.diverged_at < early and not fell(reading):
        return True
    rise = float(running_median(joint)[:early].max()) - reading.initial
    return rise > max(abs(reading.initial), reading.drop, excuse(joint, reading.initial))


def excuse(y: Floats, initial: float) -> float:
    """How far a single step may rise by noise alone; `y` may hold infinities."""
    return min(RISEN * noise(y[np.isfinite(y)]), WILD * abs(initial))


def filled(y: Floats) -> Floats:
    """A straight line through what is not finite inside of a curve; its first value is finite."""
    finite = np.isfinite(y)
    steps = np.arange(len(y))
    return np.interp(steps, steps[finite], y[finite])


def never_fell(reading: Reading) -> str:
    """Why a curve without a fall has no rate, and what to change."""
    rates = reading.learning_rate
    level = f"its initial {reading.initial:.4g}"
    if reading.too_high:
        return f"the loss blew up from {level} at the first rates, {rates[0]:.1e} and above; lower sweep.min_lr"
    if reading.diverged_at is None:
        return (
            f"the loss stayed at {level} from {rates[0]:.1e} to {rates[-1]:.1e}; check that gradients reach the "
            "parameters and that the targets belong to the inputs, or raise sweep.max_lr"
        )
    limit = f"{rates[reading.diverged_at]:.1e}"
    return (
        f"the loss never fell below {level} and diverged at {limit}: no rate makes this model learn; check that "
        "gradients reach the parameters and that the targets belong to the inputs, or lower sweep.min_lr"
    )


def combine(loss: Floats) -> Floats:
    """One curve from several seeds: the median of their changes from their own start, on the median start.

    Seeds start at different losses; taken off first, that difference adds no noise. What is not finite counts as
    infinitely high: the curve is finite as long as more than half of the seeds are.

    Args:
        loss: shape (seeds, steps).

    Returns:
        Shape (steps,), finite or +inf.
    """
    high = np.where(np.isfinite(loss), loss, np.inf)
    start = start_level(high)[:, None]
    with np.errstate(invalid="ignore"):
        change = np.where(np.isfinite(high), high - start, np.inf)
        # The median of an even number of seeds is the mean of the middle two, and inf - inf is not a number.
        middle = np.sort(change, axis=0)[(len(loss) - 1) // 2 : len(loss) // 2 + 1].mean(axis=0)
        joint: Floats = middle + np.median(start)
    return np.where(np.isfinite(joint), joint, np.inf)


def start_level(loss: Floats) -> Floats:
    """The initial loss of each seed, shape (seeds, steps) to (seeds,)."""
    level: Floats = np.minimum(loss[:, 0], np.median(loss[:, :FIRST_STEPS], axis=1))
    return level


def divergence(y: Floats) -> int | None:
    """The first step from which the loss does not come back, seen afterwards; None where there is none.

    A rise that comes back is no divergence: the best rate is often past the first rise (Lewkowycz et al. 2020). The
    curve has diverged if it ends not finite, or with more than half of its drop lost for good; the
    divergence begins after the last step that was as low as the lowest, but for noise.

    Args:
        y: the loss, shape (steps,); what is not finite counts as infinitely high.
    """
    finite = np.isfinite(y)
    if not finite[0]:
        return 0
    last = int(np.flatnonzero(finite)[-1])
    kept = np.where(finite, y, np.inf)[: last + 1]
    # A single low batch on the way up is no return, so levels are medians of three steps.
    level = running_median(kept)
    bottom = int(level.argmin())
    lowest = float(level[bottom])
    initial = float(start_level(kept[None])[0])
    scale = max(initial - lowest, abs(initial) * RESOLUTION)
    risen = level > lowest + max(LOST * scale, excuse(kept[: max(bottom + 1, 2 * ORDER)], initial))
    if finite[-1] and not risen[-1]:
        return None
    lost = int(np.flatnonzero(~risen)[-1])
    # The noise at the bottom is how far levels stand above those they come back to; a curve that only rises has none
    # but rounding's, of which a squared loss that fell to nothing has the square left.
    floor = np.minimum.accumulate(level[::-1])[::-1]
    slack = max(2 * float(np.median((level - floor)[bottom : lost + 1])), abs(initial) * RESOLUTION**2)
    low = int(np.flatnonzero(level <= lowest + slack)[-1])
    if low > 0 and kept[low - 1] < kept[low]:
        low -= 1  # The median of three gives a lone minimum's level to the step behind it as well.
    return low + 1 if low + 1 < len(y) else None


def divergences(loss: Floats) -> tuple[int | None, ...]:
    """`divergence` of every seed, shape (seeds, steps) to one entry per seed."""
    return tuple(divergence(row) for row in loss)
