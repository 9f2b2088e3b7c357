"""Decide which findings the evidence of a log makes, most important first.

| finding | it takes | what separates it from its neighbours |
|---|---|---|
| diverged | not finite; or ends above its start; or lost most of its fall for good | oscillating ends below |
| too-aggressive-decay | the mean rate is far below the peak, the path fell on | too-slow: the rate was never high |
| oscillating | rises of half the change in the last third, much loss left | too-high has come to rest |
| warmup-too-short | shot up early (of epochs: the first mean far off), smooth after that | too-high is restless |
| too-high | shot up or restless, much loss left | too-slow is smooth |
| overfitting | the validation loss has risen from its lowest | too-high: the training loss is bad, too |
| not-learning | no fall above noise | too-slow falls, however little |
| too-slow | smooth, and the path goes on falling | healthy has flattened in terms of travel |
| stuck | smooth, flat, most of the loss left; or (of epochs) it ends at that of an even guess | too-slow still falls |
| too-little-decay | the rate ends high, and the loss goes up and down at the end | oscillating has much loss left |
| healthy | none of these | |
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from lrfind.analysis.diagnosis.evidence import TINY, Column, TraceStatistics
from lrfind.analysis.diagnosis.series import BLOWN
from lrfind.analysis.diagnosis.travel import USUAL_SHARE

HURTS = 0.06
"""Least cost of a finding, as a fraction of the fall of the loss.

A rate within 5 % counts as good in the benchmark of recommendations; one more covers the error of extrapolation.
"""

TURNED, TURNED_COARSE = 0.04, 0.08
"""Least rise of a validation loss over its fall; the second is for coarse logs.

No best rate of the tuned tasks rose by 0.03; see docs/calibration.md#validation-rise.
"""

SLOW = 0.1
"""Least missed part of the achievable fall of a slow run.

Nobody calls a run with less missed bad; see docs/calibration.md#missed-fall.
"""

LEFT = 0.12
"""Fraction of the starting loss that is much to be left: twice `HURTS`."""

RESTLESS = 0.5
"""Rises of a restless loss, as a fraction of its change.

The best rates of smooth problems have a tenth, those of rough ones up to one, but these end with little loss left.
"""

WILD = 2.0
"""Rises, as a multiple of the change, that count even if the training loss ended low."""

SHOT_UP = 0.5
"""Rise above the start, as a fraction of it, of a loss that shot up; less is an odd batch."""

BURST = 15.0
"""Least ratio of the first epoch's mean to the loss after it of a burst.

Best rates whose first steps are long reach 13.
"""

DEEP = 80.0
"""Least ratio of the first epoch's mean to the final validation loss of a burst.

Lies between the best rates of the tuned tasks and ten times those; see docs/calibration.md#depth-of-a-burst.
"""

THROWN, UNSTEADY = 3.0, 0.23
"""Ratio as in `BURST`, and change from epoch to epoch, of a loss that never comes to rest.

Best rates of the tuned tasks with as large changes began at twice the loss after the first epoch at most.
"""

BLEW_UP = 1.0
"""Rise above the start, as a fraction of it, of a diverged loss that ends near its start."""

LOST = 0.5
"""Fraction of the fall that a diverged loss has lost again, as in a sweep."""

CALM = 0.15
"""Largest rises of a smooth run over its change; a tenth of the best rate stays below."""

SETTLED = 0.3
"""Largest rises over the change, after an early spike that alone is to blame."""

AT_REST = 0.1
"""Largest rises in the last third, as a fraction of the change, of a loss at rest."""

SETTLED_AT = 0.8
"""Largest ratio of final level to that of the first half of a settled loss in a coarse log.

Rough problems at their best rates reach 0.79; see docs/calibration.md#settled-level.
"""

WARMED = 0.08
"""Fraction of the training that a linear warm-up takes; slightly below the usual tenth."""

SWINGS = 0.5
"""Least rises in the last third, as a fraction of the change, of a swinging loss."""

UNSETTLED = 0.35
"""Least rises in the last third of a swinging loss if the rate ends high.

The noise of the best constant rate stays below.
"""

SURE = 3.0
"""Standard errors between two levels that differ."""

MINUTE = 0.02
"""Largest fall, as a fraction of the start, that counts as none."""

STUCK = 0.75
"""Fraction of the starting loss that is left if next to nothing was learned."""

EARLY = 0.5
"""Mean rate, as a fraction of the usual half of the peak, below which the decay came early."""

UNDONE = 0.15
"""Least fraction of the starting loss left of a decay so early that no fall precedes it."""


@dataclass(frozen=True)
class RuleHit:
    """A finding before it is put into words.

    Attributes:
        id: id of the finding.
        first: first step at which it shows.
        last: last step at which it shows.
    """

    id: str
    first: float
    last: float


def decide(e: TraceStatistics) -> list[RuleHit]:
    """Return all findings of a log, most important first; `healthy` alone for a good one."""
    return list(findings(e)) or [RuleHit("healthy", e.first, e.last)]


def findings(e: TraceStatistics) -> Iterator[RuleHit]:
    """Yield the rows of the table that apply, in its order."""
    if e.broke is not None:
        yield RuleHit("diverged", e.broke, e.last)
        return
    if diverged(train := e.trained):
        yield RuleHit("diverged", train.unrest.peak_at if train.unrest.overshoot > 0 else train.low_at, e.last)
        return
    decayed = decayed_early(e)
    if decayed:
        yield RuleHit("too-aggressive-decay", e.travel.decayed_at or e.first, e.last)
    elif too_long_steps(e):
        yield from restless(e)
    if e.overfit >= (TURNED_COARSE if e.coarse else TURNED) and e.val is not None:
        yield RuleHit("overfitting", e.val.low_at, e.last)
    elif not decayed and not too_long_steps(e):
        yield from unfinished(e)
    if not decayed and e.travel.known and e.travel.last >= USUAL_SHARE and e.judge.unrest.late_rises >= UNSETTLED:
        yield RuleHit("too-little-decay", e.first + (e.last - e.first) * 2 / 3, e.last)


def diverged(train: Column) -> bool:
    """Return whether the training loss diverged.

    It ended above its start, ended near it after a blow-up, or lost most of its fall again.
    """
    if train.drop < -max(HURTS * abs(train.start), SURE * train.error):
        return True
    if train.unrest.overshoot >= BLEW_UP and train.residual >= 1 - LEFT - HURTS:
        return True
    fell, rose = train.start - train.low, train.end - train.low
    return rose > LOST * fell and min(fell, rose) > SURE * train.error


def shot_up(e: TraceStatistics) -> bool:
    """Return whether a loss rose far above its start early on."""
    return max(column.unrest.overshoot for column in e.columns) >= SHOT_UP or burst(e)


def burst(e: TraceStatistics) -> bool:
    """Return whether the loss shot up within the first epoch of a coarse log.

    A rate that came to zero soon explains why the loss stops falling, so it does not count.
    """
    frozen = e.travel.known and e.travel.share < EARLY * USUAL_SHARE
    return e.burst >= BURST or (e.plunge >= BLOWN and not frozen) or e.depth >= DEEP or never_calm(e)


def never_calm(e: TraceStatistics) -> bool:
    """Return whether the loss jumped in the first epoch and still jumps at the end."""
    return e.burst >= THROWN and e.jumps >= UNSTEADY


def too_long_steps(e: TraceStatistics) -> bool:
    """Return whether too long steps threw the loss about and left much of it."""
    judge, unrest = e.judge, e.judge.unrest
    if unrest.rises < RESTLESS and not shot_up(e):
        return False
    if e.coarse and (e.trained.unrest.overshoot >= SHOT_UP or burst(e)):
        return True  # What the rest is held against, the loss of the first epoch, had shot up as well.
    if e.coarse and unrest.rises < WILD and unrest.late_rises < AT_REST and e.settled < SETTLED_AT:
        return False  # It came to rest, and fell on: jumps of that size do not keep it from that.
    return judge.residual >= LEFT and (e.trained.residual >= LEFT or (unrest.rises >= WILD and not e.coarse))


def restless(e: TraceStatistics) -> Iterator[RuleHit]:
    """Yield the finding of a restless loss: oscillating, warmup-too-short or too-high."""
    unrest = e.judge.unrest
    late = e.first + (e.last - e.first) * 2 / 3
    # A longer warm-up would not have helped where the rate rose slowly.
    part = (e.travel.warmup - e.first) / max(e.last - e.first, TINY)
    warmed = e.travel.known and part >= WARMED / 2
    if unrest.late_rises >= SWINGS:
        yield RuleHit("oscillating", late, e.last)
    elif shot_up(e) and unrest.calm_rises < SETTLED and e.plunge < BLOWN and not never_calm(e) and not warmed:
        spike = max(e.columns, key=lambda column: column.unrest.overshoot).unrest
        yield RuleHit("warmup-too-short", e.first, e.last if spike.back_at is None else spike.back_at)
    else:
        yield RuleHit("too-high", e.first, e.last)


def decayed_early(e: TraceStatistics) -> bool:
    """Return whether a usual decay from the same peak would have gone considerably further."""
    travel = e.travel
    if not travel.known or travel.share >= USUAL_SHARE / 1.5:
        return False
    extreme = travel.share < EARLY * USUAL_SHARE
    if (e.judge.unrest.calm_rises if extreme else e.judge.unrest.rises) >= CALM:
        return False
    if e.missed(math.log10(USUAL_SHARE / travel.share)) >= HURTS:
        return True
    return extreme and min(column.residual for column in e.columns) >= UNDONE


def unfinished(e: TraceStatistics) -> Iterator[RuleHit]:
    """Yield the finding of a smooth run: not-learning, stuck or too-slow."""
    if not learns(e):
        yield RuleHit("not-learning", e.first, e.last)
    elif e.guess is not None:
        yield RuleHit("stuck", e.judge.low_at, e.last)
    elif e.judge.unrest.rises < CALM and not shot_up(e) and e.missed(1.0) >= SLOW:
        yield RuleHit("too-slow", e.first, e.last)
    elif min(column.residual for column in e.columns) >= STUCK:
        yield RuleHit("stuck", e.judge.low_at, e.last)


def learns(e: TraceStatistics) -> bool:
    """Return whether a loss fell by more than noise."""
    return any(column.drop > max(SURE * column.error, MINUTE * abs(column.start)) for column in e.columns)
