"""All that is measured on a log before anything is concluded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lrfind.analysis.diagnose.gain import Gain, gain
from lrfind.analysis.diagnose.series import BLOWN, LEAST, SPARSE, Series, series
from lrfind.analysis.diagnose.travel import Travel, travel
from lrfind.analysis.diagnose.unrest import Unrest, unrest
from lrfind.analysis.smooth import noise, running_median
from lrfind.types import Floats
from lrfind.types.training import Trace

LEAST_CHANGE = 0.1
"""Rises are measured by the change of the loss, or by this part of its start where it hardly changed."""

TINY = 1e-12
"""Nothing is divided by less."""

JUMPS = 0.1
"""Noise of the logarithm of an epoch's mean: a loss that was learnt down has less once it is low, or comes there
smoothly."""

EVEN = 0.002
"""Distance of a loss from the logarithm of a number of classes, in parts of it: networks of dead units end within
0.0017."""

ABOVE = 0.012
"""The same from above of the mean of the last epochs, in which it still came down."""

MOST_CLASSES = 10
"""Classes up to which a loss comes that near to one of the logarithms by chance in one of thirty cases; of more of them
these lie closer together."""

ROUNDING = 1e-9
"""Part of a level that its mean and the digits of a log leave open, however smooth the loss."""

SHARP = 33.0
"""A column can tell what is missed where two standard errors of its last fall are below 6 % of its change."""


@dataclass(frozen=True)
class Column:
    """What one column of losses shows.

    Attributes:
        series: its entries.
        start: level at the start.
        end: level at the end.
        low: lowest level.
        low_at: its step.
        error: standard error of the change from start to end.
        unrest: how restless it is.
        gain: how it would go on.
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
        """Start less end."""
        return self.start - self.end

    @property
    def scale(self) -> float:
        """What changes are measured by: the drop, or a part of the start where there is hardly one."""
        return max(self.drop, LEAST_CHANGE * abs(self.start), TINY)

    @property
    def residual(self) -> float:
        """End over start: the part of the loss that is left. Of a loss that is not positive, what it is of its
        range."""
        if self.start > 0 and self.end >= 0:
            return self.end / self.start
        return 0.0

    def missed(self, decades: float) -> float:
        """The part of the achievable fall that is left undone, if so many more decades of travel would be one."""
        more = self.gain.over(decades)
        return more / max(self.drop + more, TINY) if more > 0 else 0.0


@dataclass(frozen=True)
class Evidence:
    """What a log shows.

    Attributes:
        train: the training loss.
        val: the validation loss; None where there is none, or too little.
        travel: the rates.
        first: the first step.
        last: the last step.
        highest: peak rate above which other trainings are known to lose; None where nothing is known.
    """

    train: Column | None
    val: Column | None
    broke: float | None
    travel: Travel
    first: float
    last: float
    highest: float | None = None

    @property
    def judge(self) -> Column:
        """The column that rates are judged by: validation loss, where there is one."""
        found = self.val or self.train
        assert found is not None
        return found

    @property
    def trained(self) -> Column:
        """The training loss, or what there is."""
        found = self.train or self.val
        assert found is not None
        return found

    @property
    def columns(self) -> tuple[Column, ...]:
        """What there is."""
        return tuple(column for column in (self.train, self.val) if column is not None)

    def missed(self, decades: float) -> float:
        """The part of the achievable fall left undone: the least of what the columns say whose noise lets them tell."""
        sure = [column for column in self.columns if SHARP * column.gain.error < column.scale]
        return min(column.missed(decades) for column in sure or [self.judge])

    @property
    def coarse(self) -> bool:
        """Whether the log has means of epochs or so, and none of the training's first steps."""
        return max(len(column.series.value) for column in self.columns) < SPARSE

    @property
    def burst(self) -> float:
        """Of a coarse log, the factor between the training loss of the first epoch, a mean, and the validation loss
        after it, whichever is higher: of a loss that just falls it is small. 1 where it cannot be told."""
        if not self.coarse or self.train is None or self.val is None:
            return 1.0
        mean, after = self.train.series, self.val.series
        if mean.at[0] != after.at[0] or not (mean.value[0] > 0 and after.value[0] > 0):
            return 1.0
        ratio = float(mean.value[0] / after.value[0])
        return max(ratio, 1 / ratio)

    @property
    def plunge(self) -> float:
        """Of a coarse log, the factor between the training loss of the first epoch and of the next ones, where it
        hardly falls from there: a loss that is learnt down falls on. 1 where it does fall, or is negative."""
        if not self.coarse or self.train is None:
            return 1.0
        mean = self.train.series
        after = float(np.median(mean.value[1 : 1 + LEAST]))
        return float(mean.value[0]) / after if after > 0 and mean.end > after / 2 else 1.0

    @property
    def depth(self) -> float:
        """Of a coarse log, the factor between the training loss of the first epoch and the validation loss at the end,
        where most of that fall was made by the next epochs and the means after them still jump: of a loss that is
        made by few rows, each far off. 1 where it was not, or where a loss is not positive."""
        if not self.coarse or self.train is None or self.val is None:
            return 1.0
        mean, end = self.train.series.value, self.val.series.end
        after = float(np.median(mean[1 : 1 + LEAST]))
        if end <= 0 or mean.min() <= 0 or mean[0] < BLOWN * after or noise(np.log(mean[1:])) < JUMPS:
            return 1.0
        return float(mean[0]) / end

    @property
    def guess(self) -> int | None:
        """Of a coarse log, the number of classes that a constant answer would be a guess among: every column ends at
        its logarithm, from above. None where one does not."""
        if not self.coarse:
            return None
        last = float(self.judge.series.value[-1])
        classes = round(float(np.exp(min(last, MOST_CLASSES))))
        if not 2 <= classes <= MOST_CLASSES:
            return None
        level = float(np.log(classes))
        near = abs(last / level - 1) <= EVEN
        return classes if near and all(1 - EVEN <= each.end / level <= 1 + ABOVE for each in self.columns) else None

    @property
    def jumps(self) -> float:
        """Of a coarse log, by what part the loss changes from an epoch to the next in its last third: one deviation.
        0 where it is not positive."""
        late = self.judge.series.value[-max(2, len(self.judge.series.value) // 3) :]
        if not self.coarse or late.min() <= 0:
            return 0.0
        return float(np.sqrt(np.mean(np.diff(np.log(late)) ** 2) / 2))

    @property
    def settled(self) -> float:
        """The level at the end over the median of the first half, the first entry left out: the column of which it is
        more."""
        halves = [(each.end, each.series.value) for each in self.columns]
        return max(end / max(float(np.median(value[1 : 1 + len(value) // 2])), TINY) for end, value in halves)

    @property
    def overfit(self) -> float:
        """How far the validation loss has risen above its lowest, over its fall to there."""
        if self.val is None:
            return 0.0
        return (self.val.end - self.val.low) / max(
            self.val.start - self.val.low, LEAST_CHANGE * abs(self.val.start), TINY
        )

    def part(self, step: float) -> float:
        """Where a step lies, 0 at the first and 1 at the last."""
        return (step - self.first) / max(self.last - self.first, TINY)


def measure(trace: Trace) -> Evidence:
    """Measure a log."""
    rates = travel(trace.step, trace.rate)
    train = series(trace.step, trace.loss)
    val = series(trace.step, trace.val_loss) if trace.val_loss is not None else None
    first, last = float(trace.step[0]), float(trace.step[-1])
    trained = column(train, rates) if train.known else None
    held = None
    if val is not None and val.known:
        held = column(val, rates, start_of(val, trained))
    broke = [each.broke for each in (train, val) if each is not None and each.broke is not None]
    return Evidence(trained, held, min(broke) if broke else None, rates, first, last, trace.highest)


def start_of(val: Series, train: Column | None) -> float:
    """The level a validation loss starts from: its own first entry, or the training loss's where that one was looked at
    before."""
    own = float(val.value[0])
    if train is None or train.start > BLOWN * abs(own):
        return own
    return max(own, train.start)


def column(entries: Series, rates: Travel, start: float | None = None) -> Column:
    """Measure one column."""
    y = entries.value
    start = entries.start if start is None else start
    end = entries.end
    # Levels to look for a lowest among: means over the width of the end.
    width = entries.tail
    means = moving_mean(y, width) if len(y) > 2 * width else running_median(y)
    at = int(means.argmin())
    low_at = float(entries.at[min(at + width // 2, len(y) - 1)])
    scale = max(start - end, LEAST_CHANGE * abs(start), TINY)
    error = max(entries.sigma * float(np.hypot(1 / np.sqrt(entries.tail), 1 / np.sqrt(3))), ROUNDING * abs(start))
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
    """Mean of each `width` entries in a row, shape (entries - width + 1,)."""
    total = np.cumsum(np.concatenate([[0.0], y]))
    means: Floats = (total[width:] - total[:-width]) / width
    return means
