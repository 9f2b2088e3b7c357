"""Measure a log before anything is concluded from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from lrfind.analysis.diagnosis.series import BLOWN, LEAST, SPARSE, Series, Unrest, series, unrest
from lrfind.analysis.diagnosis.travel import Gain, Travel, gain, travel
from lrfind.analysis.range_test.smoothing import noise, running_median
from lrfind.core.dataset import Floats
from lrfind.core.training import Trace

LEAST_CHANGE = 0.1
"""Fraction of the initial loss that replaces the change of a loss that hardly changed."""

TINY = 1e-12
"""Smallest divisor."""

JUMPS = 0.1
"""Least noise of the log of epoch means of a loss that jumps; a learned loss has less."""

EVEN = 0.002
"""Relative distance of a loss from log(classes) within which it equals a constant answer's.

Networks of dead units end within 0.0017.
"""

ABOVE = 0.012
"""Relative distance above log(classes) allowed for the mean of the last epochs."""

MOST_CLASSES = 10
"""Largest number of classes for which log(classes) is recognised.

A loss comes that near to one of these logarithms by chance in one of thirty cases; more classes lie closer together.
"""

ROUNDING = 1e-9
"""Relative error of a level from its mean and the digits of a log."""

SHARP = 33.0
"""Least change of a column, in standard errors of its later fall, to trust a missed fall.

Two standard errors are then below 6 % of the change.
"""


@dataclass(frozen=True)
class Column:
    """Measurements of one column of losses.

    Attributes:
        series: entries of the column.
        start: level at the start.
        end: level at the end.
        low: lowest level.
        low_at: step of the lowest level.
        error: standard error of the change from start to end.
        unrest: restlessness of the column.
        gain: fall over the last decade of travel and its extrapolation.
    """

    series: Series
    start: float
    end: float
    low: float
    low_at: float
    error: float
    unrest: Unrest
    gain: Gain

    @property
    def drop(self) -> float:
        """Decrease from start to end."""
        return self.start - self.end

    @property
    def scale(self) -> float:
        """Positive scale of changes: the drop, or a fraction of the start if that is larger."""
        return max(self.drop, LEAST_CHANGE * abs(self.start), TINY)

    @property
    def residual(self) -> float:
        """Fraction of the loss that is left, end over start; 0 for a loss that is not positive."""
        return self.end / self.start if self.start > 0 and self.end >= 0 else 0.0

    def missed(self, decades: float) -> float:
        """Return the fraction of the fall over further decades of travel that is left undone."""
        more = self.gain.over(decades)
        return more / max(self.drop + more, TINY) if more > 0 else 0.0


@dataclass(frozen=True)
class TraceStatistics:
    """Measurements of a log.

    Attributes:
        train: training loss; None if it has too few entries.
        val: validation loss; None if there is none or it has too few entries.
        broke: first step from which a loss is not finite to its end; None if both end finite.
        travel: learning rates.
        first: first step.
        last: last step.
        unit: what the steps count.
        highest: peak rate above which other trainings are known to do worse; None if none is known.
    """

    train: Column | None
    val: Column | None
    broke: float | None
    travel: Travel
    first: float
    last: float
    unit: Literal["step", "epoch"]
    highest: float | None

    @property
    def judge(self) -> Column:
        """Column that the rate is judged by: the validation loss if there is one."""
        column = self.val or self.train
        assert column is not None
        return column

    @property
    def trained(self) -> Column:
        """The training loss, or the validation loss if there is no other."""
        column = self.train or self.val
        assert column is not None
        return column

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the log."""
        return tuple(column for column in (self.train, self.val) if column is not None)

    def missed(self, decades: float) -> float:
        """Return the fraction of the fall over further decades of travel that is left undone.

        The minimum over the columns whose noise is low enough (`SHARP`), or the judged column's.
        """
        sure = [column for column in self.columns if SHARP * column.gain.error < column.scale]
        return min(column.missed(decades) for column in sure or [self.judge])

    @property
    def coarse(self) -> bool:
        """Whether the log has about one mean per epoch, and none of the training's first steps."""
        return max(len(column.series.value) for column in self.columns) < SPARSE

    @property
    def burst(self) -> float:
        """Ratio, at least 1, of the first epoch's training loss and validation loss.

        It is small for a loss that just falls. 1 if the log is not coarse or the ratio is unknown.
        """
        if not self.coarse or self.train is None or self.val is None:
            return 1.0
        mean, after = self.train.series, self.val.series
        if mean.at[0] != after.at[0] or not (mean.value[0] > 0 and after.value[0] > 0):
            return 1.0
        ratio = float(mean.value[0] / after.value[0])
        return max(ratio, 1 / ratio)

    @property
    def plunge(self) -> float:
        """Ratio of the first epoch's training loss to the next ones'.

        A loss that is learned falls on. 1 if it falls on, if the log is not coarse, or if the loss is not positive.
        """
        if not self.coarse or self.train is None:
            return 1.0
        mean = self.train.series
        after = float(np.median(mean.value[1 : 1 + LEAST]))
        return float(mean.value[0]) / after if after > 0 and mean.end > after / 2 else 1.0

    @property
    def depth(self) -> float:
        """Ratio of the first epoch's training loss to the final validation loss.

        Known for a loss that a few rows dominate: the next epochs made most of its fall and the means after them still
        jump. 1 for any other loss, if the log is not coarse, or if a loss is not positive.
        """
        if not self.coarse or self.train is None or self.val is None:
            return 1.0
        mean, end = self.train.series.value, self.val.series.end
        after = float(np.median(mean[1 : 1 + LEAST]))
        if end <= 0 or mean.min() <= 0 or mean[0] < BLOWN * after or noise(np.log(mean[1:])) < JUMPS:
            return 1.0
        return float(mean[0]) / end

    @property
    def guess(self) -> int | None:
        """Number of classes whose logarithm every column ends at, as a constant answer does.

        None if a column does not end there, or if the log is not coarse.
        """
        if not self.coarse:
            return None
        last = float(self.judge.series.value[-1])
        classes = round(float(np.exp(min(last, MOST_CLASSES))))
        if not 2 <= classes <= MOST_CLASSES:
            return None
        level = float(np.log(classes))
        near = abs(last / level - 1) <= EVEN
        return classes if near and all(1 - EVEN <= column.end / level <= 1 + ABOVE for column in self.columns) else None

    @property
    def jumps(self) -> float:
        """Standard deviation of the log loss from epoch to epoch in the last third of a coarse log.

        0 if the log is not coarse or the loss is not positive.
        """
        late = self.judge.series.value[-max(2, len(self.judge.series.value) // 3) :]
        if not self.coarse or late.min() <= 0:
            return 0.0
        return float(np.sqrt(np.mean(np.diff(np.log(late)) ** 2) / 2))

    @property
    def settled(self) -> float:
        """Largest ratio of final level to median of the first half, without the first entry."""
        halves = [(column.end, column.series.value) for column in self.columns]
        return max(end / max(float(np.median(value[1 : 1 + len(value) // 2])), TINY) for end, value in halves)

    @property
    def overfit(self) -> float:
        """Rise of the validation loss above its lowest level, over its fall to that level."""
        if self.val is None:
            return 0.0
        start, low = self.val.start, self.val.low
        return (self.val.end - low) / max(start - low, LEAST_CHANGE * abs(start), TINY)


def measure(trace: Trace) -> TraceStatistics:
    """Measure a log."""
    rates = travel(trace.step, trace.rate)
    train = series(trace.step, trace.loss)
    val = series(trace.step, trace.val_loss) if trace.val_loss is not None else None
    first, last = float(trace.step[0]), float(trace.step[-1])
    trained = column(train, rates) if train.known else None
    held = column(val, rates, start_of(val, trained)) if val is not None and val.known else None
    broke = [entries.broke for entries in (train, val) if entries is not None and entries.broke is not None]
    return TraceStatistics(trained, held, min(broke) if broke else None, rates, first, last, trace.unit, trace.highest)


def start_of(val: Series, train: Column | None) -> float:
    """Return the initial level of the validation loss.

    Its first entry, or the initial training loss if that is higher: the first validation may come late.

    Args:
        val: validation loss.
        train: measured training loss; None if there is none.
    """
    own = float(val.value[0])
    if train is None or train.start > BLOWN * abs(own):
        return own
    return max(own, train.start)


def column(entries: Series, rates: Travel, start: float | None = None) -> Column:
    """Measure one column.

    Args:
        entries: entries of the column.
        rates: learning rates of the training.
        start: level at the start; None for the column's own.
    """
    y, width, end = entries.value, entries.tail, entries.end
    start = entries.start if start is None else start
    # Levels to look for a lowest among: means over the width of the end.
    means = moving_mean(y, width) if len(y) > 2 * width else running_median(y)
    low_at = float(entries.at[min(int(means.argmin()) + width // 2, len(y) - 1)])
    scale = max(start - end, LEAST_CHANGE * abs(start), TINY)
    error = max(entries.sigma * float(np.hypot(1 / np.sqrt(width), 1 / np.sqrt(3))), ROUNDING * abs(start))
    return Column(
        entries,
        start,
        end,
        float(min(means.min(), end)),
        low_at,
        error,
        unrest(entries, start, scale),
        gain(entries, rates.gone(entries.at), known=rates.known),
    )


def moving_mean(y: Floats, width: int) -> Floats:
    """Return the mean of each `width` consecutive entries, shape (entries - width + 1,)."""
    total = np.cumsum(np.concatenate([[0.0], y]))
    means: Floats = (total[width:] - total[:-width]) / width
    return means
