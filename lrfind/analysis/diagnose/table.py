"""The decision table: which evidence makes which finding, most important first.

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

from lrfind.analysis.diagnose.evidence import Column, Evidence
from lrfind.analysis.diagnose.series import BLOWN
from lrfind.analysis.diagnose.travel import USUAL_SHARE

HURTS = 0.06
"""What a finding costs at least, as a part of the fall of the loss. A rate within 5 % counts as good in the
benchmark of
recommendations; one more for the error of carrying a curve on."""

TURNED, TURNED_COARSE = 0.04, 0.08
"""How far a validation loss has risen from its lowest, as a part of its fall: no best rate of the tuned tasks rose by
0.03. Twice that where the log begins with the mean of an epoch, and most of the fall may lie before it."""

SLOW = 0.1
"""What a smooth run has missed at least to be called slow, as a part of the achievable fall: from a tenth on nobody
calls a run good. Less is what the best rates leave as well, since a path carried on by a whole decade is one that no
stable rate may follow."""

LEFT = 0.12
"""Part of the starting loss that is much to be left with: twice `HURTS`, as some of it may be there for good."""

RESTLESS = 0.5
"""Rises that add up to half of the change: the best rates of smooth problems have a tenth, those of rough ones up to
one, but these end with little loss left."""

WILD = 2.0
"""Rises of twice the change count even where the training loss ended low: the weights were thrown about."""

SHOT_UP = 0.5
"""A rise above the start by half of it. Smaller ones are the odd batch."""

BURST = 15.0
"""The same within the first epoch, where only its mean is known: so many times the loss after it. Best rates whose
first steps are long reach 13."""

DEEP = 80.0
"""The same over the first epochs, to the end: so many times the validation loss there, of a loss that still jumps. Best
rates of the tuned tasks reach 62; those of linear models at ten times that and more are found from 92 on."""

THROWN, UNSTEADY = 3.0, 0.23
"""The same where the loss never comes to rest: by so much it changes from epoch to epoch in the last third. Of
the best rates of the tuned tasks, those that jump as much began with at most twice the loss after the first epoch."""

BLEW_UP = 1.0
"""A rise above the start by as much again, of a loss that then ends near its start."""

LOST = 0.5
"""Part of the fall that is lost again when a loss has diverged, as in a sweep."""

CALM = 0.15
"""Rises up to this part of the change are those of a smooth run: at a tenth of the best rate none had more."""

SETTLED = 0.3
"""Rises after an early spike up to which it was the spike alone."""

AT_REST = 0.1
"""Rises in the last third up to which a restless loss has come to rest."""

SETTLED_AT = 0.8
"""Level at the end over that of the first half, of such a loss in a log of epochs. Its start is what the first epoch
left, so the part of it that is left tells little. Rough problems at their best rates end at up to 0.79 of that level;
two of the five runs of the tuned tasks that had come to rest from far too high a rate do, too."""

WARMED = 0.08
"""Share of the training over which a rate that rises in a straight line has warmed up; a little below the usual
tenth."""

SWINGS = 0.5
"""Rises in the last third, in parts of the change, of a loss that swings."""

UNSETTLED = 0.35
"""The same where the rate has not come down: what noise a best constant rate leaves stays below."""

SURE = 3.0
"""Standard errors between two levels that differ."""

MINUTE = 0.02
"""A fall by less than this part of the start is none."""

STUCK = 0.75
"""Part of the starting loss that is left when nothing was learnt to speak of."""

EARLY = 0.5
"""A mean rate below this part of the usual half of the peak is that of a decay that came early."""

UNDONE = 0.15
"""Part of the starting loss left, after a decay so early that nothing can be read before it."""


@dataclass(frozen=True)
class Verdict:
    """A finding, before it is put into words.

    Attributes:
        id: of the finding.
        first: the step from which it is seen.
        last: the step up to which it is seen.
    """

    id: str
    first: float
    last: float


def decide(e: Evidence) -> list[Verdict]:
    """All findings of a log, most important first; a good one has `healthy` alone."""
    found = list(findings(e))
    return found or [Verdict("healthy", e.first, e.last)]


def findings(e: Evidence) -> Iterator[Verdict]:
    """The rows of the table that apply, in its order."""
    if e.broke is not None:
        yield Verdict("diverged", e.broke, e.last)
        return
    if diverged(train := e.trained):
        yield Verdict("diverged", train.unrest.peak_at if train.unrest.overshoot > 0 else train.low_at, e.last)
        return
    decayed = decayed_early(e)
    if decayed:
        yield Verdict("too-aggressive-decay", e.travel.decayed_at or e.first, e.last)
    elif too_long_steps(e):
        yield from restless(e)
    if e.overfit >= (TURNED_COARSE if e.coarse else TURNED) and e.val is not None:
        yield Verdict("overfitting", e.val.low_at, e.last)
    elif not decayed and not too_long_steps(e):
        yield from unfinished(e)
    if not decayed and e.travel.known and e.travel.last >= USUAL_SHARE and e.judge.unrest.late_rises >= UNSETTLED:
        yield Verdict("too-little-decay", e.first + (e.last - e.first) * 2 / 3, e.last)


def diverged(train: Column) -> bool:
    """Whether the training loss ended above its start, at it after having blown up, or with its fall lost again."""
    if train.drop < -max(HURTS * abs(train.start), SURE * train.error):
        return True
    if train.unrest.overshoot >= BLEW_UP and train.residual >= 1 - LEFT - HURTS:
        return True
    fell, rose = train.start - train.low, train.end - train.low
    return rose > LOST * fell and min(fell, rose) > SURE * train.error


def shot_up(e: Evidence) -> bool:
    """Whether one of the losses rose above its start early on, by much."""
    return max(column.unrest.overshoot for column in e.columns) >= SHOT_UP or burst(e)


def burst(e: Evidence) -> bool:
    """Whether the loss shot up within the first epoch, of which there is only the mean. Where the rate came to nothing
    soon, that is why the loss falls no more."""
    frozen = e.travel.known and e.travel.share < EARLY * USUAL_SHARE
    return e.burst >= BURST or (e.plunge >= BLOWN and not frozen) or e.depth >= DEEP or never_calm(e)


def never_calm(e: Evidence) -> bool:
    """Whether the mean of the first epoch tells of a jump in it, and the loss still jumps at the end."""
    return e.burst >= THROWN and e.jumps >= UNSTEADY


def too_long_steps(e: Evidence) -> bool:
    """Whether the loss was thrown about, and it cost something: much of it is left."""
    judge, unrest = e.judge, e.judge.unrest
    if unrest.rises < RESTLESS and not shot_up(e):
        return False
    if e.coarse and (e.trained.unrest.overshoot >= SHOT_UP or burst(e)):
        return True  # What the rest is held against, the loss of the first epoch, had shot up as well.
    if e.coarse and unrest.rises < WILD and unrest.late_rises < AT_REST and e.settled < SETTLED_AT:
        return False  # It came to rest, and fell on: jumps of that size do not keep it from that.
    return judge.residual >= LEFT and (e.trained.residual >= LEFT or (unrest.rises >= WILD and not e.coarse))


def restless(e: Evidence) -> Iterator[Verdict]:
    """Which kind of too long a step it was."""
    unrest = e.judge.unrest
    late = e.first + (e.last - e.first) * 2 / 3
    if unrest.late_rises >= SWINGS:
        yield Verdict("oscillating", late, e.last)
    elif shot_up(e) and unrest.calm_rises < SETTLED and e.plunge < BLOWN and not never_calm(e) and not warmed_up(e):
        spike = max(e.columns, key=lambda column: column.unrest.overshoot).unrest
        yield Verdict("warmup-too-short", e.first, e.last if spike.back_at is None else spike.back_at)
    else:
        yield Verdict("too-high", e.first, e.last)


def warmed_up(e: Evidence) -> bool:
    """Whether the rate rose slowly at first, so that no longer warm-up would have helped."""
    return e.travel.known and e.part(e.travel.warmup) >= WARMED / 2


def decayed_early(e: Evidence) -> bool:
    """Whether a usual decay from the same peak would have gone far enough to make a difference."""
    travel = e.travel
    if not travel.known or travel.share >= USUAL_SHARE / 1.5:
        return False
    extreme = travel.share < EARLY * USUAL_SHARE
    if (e.judge.unrest.calm_rises if extreme else e.judge.unrest.rises) >= CALM:
        return False
    if e.missed(math.log10(USUAL_SHARE / travel.share)) >= HURTS:
        return True
    return extreme and min(column.residual for column in e.columns) >= UNDONE


def unfinished(e: Evidence) -> Iterator[Verdict]:
    """What a smooth run may lack."""
    if not learns(e):
        yield Verdict("not-learning", e.first, e.last)
    elif e.guess is not None:
        yield Verdict("stuck", e.judge.low_at, e.last)
    elif e.judge.unrest.rises < CALM and not shot_up(e) and e.missed(1.0) >= SLOW:
        yield Verdict("too-slow", e.first, e.last)
    elif min(column.residual for column in e.columns) >= STUCK:
        yield Verdict("stuck", e.judge.low_at, e.last)


def learns(e: Evidence) -> bool:
    """Whether one of the losses fell by more than noise."""
    return any(column.drop > max(SURE * column.error, MINUTE * abs(column.start)) for column in e.columns)
