"""Summarise the loss curve of a range test: level, noise, fall and divergence.

Nothing here divides by the loss or compares losses by ratio, because a loss may be zero or negative. The scale of all
comparisons is the drop from the initial loss.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lrfind.analysis.range_test.smoothing import ORDER, noise, running_median, smooth
from lrfind.core.dataset import Floats

FIRST_STEPS = 3
"""Steps whose median bounds the initial loss from above; three forgive one odd batch."""

LOST = 0.5
"""Fraction of the drop that a diverged curve has lost again at its end.

Halfway between the rough bottom of a curve, which loses little, and a rising curve, which loses everything.
"""

CERTAIN = 7.0
"""Standard errors between the highest and the later lowest value of a fall.

Three deviations above what a trendless curve shows by chance; see docs/calibration.md#certain-fall.
"""

RISEN = 4.0
"""Standard deviations of a single step by which a risen level exceeds another.

Normal noise reaches it once in 16,000 steps.
"""

WILD = 10.0
"""Largest noise, in multiples of the initial loss, that may explain a rise.

More noise is itself a sign of a training out of control.
"""

RESOLUTION = 1e-6
"""Smallest meaningful change, as a fraction of the initial loss: float32 rounding."""

BEGUN = 0.1
"""Fraction of the drop that marks the start of the fall, as in a 10 % to 90 % rise time."""

EARLY = 0.2
"""First fraction of the steps, in which divergence without a fall means too high rates.

A hundred steps over eight decades pass 1.6 decades there, hardly more than a fall takes.
"""

FEWEST = 4
"""Least number of steps before divergence for which a slope is estimated."""


@dataclass(frozen=True)
class CurveSummary:
    """Summary of a loss curve over all its seeds, shared by every method.

    Attributes:
        learning_rate: learning rate of each step, shape (steps,).
        smoothed: smoothed loss, shape (steps,); NaN at steps past divergence that are not finite.
        slope: d loss / d log10 rate of the smoothed curve, shape (end,).
        slope_error: standard error of `slope`, shape (end,).
        end: number of steps before divergence; methods use ``[:end]`` only.
        diverged_at: first step from which the loss does not come back; None if it never diverged.
        initial: loss at the start.
        error: standard error of `smoothed` before divergence.
        bandwidth: bandwidth of the smoothing, in steps.
        no_rate_reason: one sentence why no rate can be read; None if one can.
        too_high: whether the loss blew up at the first rates, before it could fall.
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
    no_rate_reason: str | None = None
    too_high: bool = False

    @property
    def drop(self) -> float:
        """Decrease of the loss from the start to its lowest value before divergence."""
        return self.initial - float(self.smoothed[self.lowest])

    @property
    def lowest(self) -> int:
        """Step of the lowest smoothed loss before divergence."""
        return int(np.argmin(self.smoothed[: self.end]))

    @property
    def descent(self) -> slice:
        """Steps from the last one with less than `BEGUN` of the drop done to the lowest one."""
        begun = self.smoothed[: self.lowest + 1] < self.initial - BEGUN * self.drop
        before = np.flatnonzero(~begun)
        return slice(int(before[-1]) if len(before) else 0, self.lowest + 1)


def summarize(learning_rate: Floats, loss: Floats, bandwidth: float | None = None) -> CurveSummary:
    """Summarise a loss curve.

    Args:
        learning_rate: learning rate of each step, shape (steps,), increasing.
        loss: loss of each seed, shape (seeds, steps); not finite where a seed has diverged.
        bandwidth: bandwidth of the smoothing, in steps; None to choose it by cross-validation.
    """
    steps = len(learning_rate)
    nothing, empty = np.full(steps, np.nan), np.empty(0)
    unreadable = CurveSummary(learning_rate, nothing, empty, empty, 0, None, np.nan, np.nan, np.nan)
    if steps < FEWEST:
        reason = f"the curve has {steps} of the {FEWEST} steps that a slope needs; use more sweep.steps"
        return replace(unreadable, no_rate_reason=reason)
    joint = combine(loss)
    diverged = divergence(joint)
    if diverged == 0:
        reason = (
            "the loss is not finite at step 0, before any update; check the scale of the inputs and the loss function"
        )
        return replace(unreadable, diverged_at=0, no_rate_reason=reason)
    end = steps if diverged is None else diverged
    if end < FEWEST:
        reason = f"the loss diverged at once, at {learning_rate[end]:.1e} in step {end}; lower sweep.min_lr"
        return replace(unreadable, diverged_at=diverged, no_rate_reason=reason, too_high=True)
    finite = np.flatnonzero(np.isfinite(joint[:end]))
    fit = smooth(np.interp(np.arange(end), finite, joint[finite]), bandwidth)
    decades = np.gradient(np.log10(learning_rate[:end]))
    smoothed = np.concatenate([fit.value, np.where(np.isfinite(joint[end:]), joint[end:], np.nan)])
    initial = float(start_level(joint[None])[0])
    slope, slope_error = fit.slope / decades, fit.slope_error / decades
    reading = CurveSummary(
        learning_rate, smoothed, slope, slope_error, end, diverged, initial, fit.error, fit.bandwidth
    )
    reading = replace(reading, too_high=too_high(reading, joint))
    if fell(reading) and not reading.too_high:
        return reading
    return replace(reading, no_rate_reason=never_fell(reading))


def fell(reading: CurveSummary) -> bool:
    """Return whether the loss fell below its start by more than noise and rounding explain."""
    lowest = float(reading.smoothed[reading.lowest])
    fall = float(np.max(reading.smoothed[: reading.lowest + 1])) - lowest
    resolution = RESOLUTION * abs(reading.initial)
    return fall > max(CERTAIN * reading.error, resolution) and reading.drop > resolution


def too_high(reading: CurveSummary, joint: Floats) -> bool:
    """Return whether the first rates were too high: divergence, or a rise above the fall.

    A network blown up by the first steps may return to its initial loss by putting out a constant, hence the second
    condition.

    Args:
        reading: summary of the curve, without `too_high`.
        joint: curve over all seeds from `combine`, shape (steps,).
    """
    early = max(FEWEST, int(EARLY * len(joint)))
    if reading.diverged_at is not None and reading.diverged_at < early and not fell(reading):
        return True
    rise = float(running_median(joint)[:early].max()) - reading.initial
    return rise > max(abs(reading.initial), reading.drop, excuse(joint, reading.initial))


def excuse(y: Floats, initial: float) -> float:
    """Return the largest rise of a single step that noise explains.

    Args:
        y: loss, shape (steps,); may hold infinities.
        initial: loss at the start.
    """
    return min(RISEN * noise(y[np.isfinite(y)]), WILD * abs(initial))


def never_fell(reading: CurveSummary) -> str:
    """Return one sentence: why a curve without a fall has no rate, and what to change."""
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
    """Combine the curves of several seeds into their median.

    The median is taken over the changes from each seed's own start and added to the median start, so that different
    starts add no noise. A value that is not finite counts as infinitely high: the curve is finite as long as more than
    half of the seeds are.

    Args:
        loss: loss of each seed, shape (seeds, steps).

    Returns:
        Combined loss, shape (steps,), finite or +inf.
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
    """Return the initial loss of each seed, from shape (seeds, steps) to (seeds,).

    The lower of the first loss and the median of the first `FIRST_STEPS` losses: the first one precedes every update.
    """
    level: Floats = np.minimum(loss[:, 0], np.median(loss[:, :FIRST_STEPS], axis=1))
    return level


def divergence(y: Floats) -> int | None:
    """Return the first step from which the loss does not come back.

    A curve has diverged if it ends not finite, or with more than `LOST` of its drop lost. The divergence begins after
    the last step as low as the lowest one, up to noise. A rise that comes back is no divergence: the best rate often
    lies past the first rise.

    Args:
        y: loss, shape (steps,); a value that is not finite counts as infinitely high.

    Returns:
        The step; None if the curve did not diverge.

    Reference:
        Lewkowycz et al. 2020, "The large learning rate phase of deep learning: the catapult mechanism".
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
    """Return the `divergence` of every seed, from shape (seeds, steps) to one entry per seed."""
    return tuple(divergence(row) for row in loss)
