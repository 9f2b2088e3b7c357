"""Diagnose a training: measure its log, decide on findings, and word them, each with numbers.

Each function of `WORDS` takes the evidence of a log and returns observation, reason, advice and the numbers by key.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from lrfind.analysis.diagnosis.evidence import TraceStatistics, measure
from lrfind.analysis.diagnosis.rules import RESTLESS, RuleHit, burst, decide, never_calm
from lrfind.analysis.diagnosis.series import AT_START, BLOWN
from lrfind.analysis.diagnosis.travel import USUAL_SHARE
from lrfind.core.training import Finding, Severity, Trace

WARMUP = 0.1
"""Fraction of a training for warm-up (Godbole et al. 2023, tuning playbook: at most)."""

Wording = tuple[str, str, str, dict[str, Any]]
"""Observation, reason, advice, and numbers by key."""


def diagnose(trace: Trace) -> tuple[Finding, ...]:
    """Return the findings of a log, most important first; a good log has only ``healthy``.

    Raises:
        ValueError: The log has fewer than four losses, all of them finite.
    """
    with np.errstate(all="ignore"):  # Squares of 1e200 are infinite, and differences of those no numbers.
        evidence = measure(trace)
    if evidence.train is None and evidence.val is None and evidence.broke is None:
        raise ValueError("too few losses")
    return tuple(put(hit, evidence) for hit in decide(evidence))


def put(hit: RuleHit, e: TraceStatistics) -> Finding:
    """Return a finding in words."""
    severity, word = WORDS[hit.id]
    what, why, advice, values = word(e)
    steps = (float(math.ceil(hit.first)), float(math.ceil(hit.last)))
    return Finding(hit.id, severity, what, why, advice, steps, values)


def diverged(e: TraceStatistics) -> Wording:
    """Word a diverged training."""
    why = "what was learnt is lost, and every later step trains broken weights"
    if e.broke is not None:
        what = f"the loss is not finite from {at(e, e.broke)} on"
        return what, why, lower(e, 10), {"not_finite_from": e.broke}
    train = e.trained
    values = {"start": train.start, "end": train.end, "peak": train.unrest.peak, "lowest": train.low}
    if train.unrest.overshoot > 0:
        turn = f"rose from {number(train.start)} to {number(train.unrest.peak)} at {at(e, train.unrest.peak_at)}"
    else:
        turn = f"fell from {number(train.start)} to {number(train.low)} at {at(e, train.low_at)}, rose again,"
    return f"the loss {turn} and ended at {number(train.end)}", why, lower(e, 10), values


def oscillating(e: TraceStatistics) -> Wording:
    """Word a loss that swings to its end."""
    judge = e.judge
    what = (
        f"in the last third {name(e)} still goes up and down: its rises add up to {judge.unrest.late_rises:.1f} times "
        f"all that it fell, and it ends at {share(judge.residual)} of its start"
    )
    why = "steps jump across the valley instead of down into it, so the loss stays above what these weights could reach"
    return what, why, lower(e, 10 if judge.unrest.late_rises > 2 else 3), unrest(e)


def too_high(e: TraceStatistics) -> Wording:
    """Word a run thrown about by long steps."""
    judge = e.judge
    what = f"rises of {name(e)} add up to {judge.unrest.rises:.1f} times all that it fell"
    overshoot = max(column.unrest.overshoot for column in e.columns)
    if overshoot > 0.2:
        what += f", it rose above its start by a factor of {1 + overshoot:.1f}"
    what = f"{what}, and it ends at {share(judge.residual)} of its start"
    burst = burst_of(e)
    if burst and judge.unrest.rises < RESTLESS:
        what = f"{burst}; {name(e)} ends at {number(judge.end)}"
        if never_calm(e):
            what += f", and changes by {share(e.jumps)} from one {e.unit} to the next"
    why = "long steps undo part of what the ones before had learnt; at a lower rate the same steps would end lower"
    return what, why, lower(e, 10 if burst or judge.residual > 0.5 else 3), unrest(e)


def warmup_too_short(e: TraceStatistics) -> Wording:
    """Word an early spike."""
    spike = max(e.columns, key=lambda column: column.unrest.overshoot)
    back_at = spike.unrest.back_at
    back = f"came back below it at {at(e, back_at)}" if back_at is not None else "stayed there"
    what = (
        f"the loss rose from {number(spike.start)} to {number(spike.unrest.peak)} at {at(e, spike.unrest.peak_at)}, "
        f"{back}, went down smoothly after that, and ends at {share(e.judge.residual)} of its start"
    )
    if (burst := burst_of(e)) and spike.unrest.overshoot < AT_START:
        what = f"{burst}; {name(e)} ends at {number(e.judge.end)}"
    why = (
        "the first steps are the most dangerous: curvature is highest and an optimiser's averages are empty; the "
        "weights were thrown to where the rest of the training has to come back from"
    )
    steps = max(1, round(WARMUP * (e.last - e.first)))
    first = f"{steps:,} {e.unit}s" if steps > 1 else e.unit
    advice = f"warm up over the first {first} (a tenth of the training), or lower the rate{to(e, 3)}"
    return what, why, advice, unrest(e) | {"warmup": steps}


def overfitting(e: TraceStatistics) -> Wording:
    """Word a validation loss that turned up."""
    val = e.val
    assert val is not None
    what = (
        f"the validation loss was lowest at {at(e, val.low_at)}, {number(val.low)}, and rose to "
        f"{number(val.end)} while the training loss went to {number(e.trained.end)}"
    )
    why = "from there on the network learns its training rows by heart and gets worse on others"
    stop = f"stop at {at(e, val.low_at)} or keep the weights from there"
    advice = f"{stop}; or more data, augmentation, dropout, or weight decay"
    values = {"lowest": val.low, "lowest_at": val.low_at, "end": val.end, "risen": e.overfit}
    return what, why, advice, values | {"train_end": e.trained.end}


def too_aggressive_decay(e: TraceStatistics) -> Wording:
    """Word a rate that fell too early."""
    travel, judge = e.travel, e.judge
    missed = judge.missed(math.log10(USUAL_SHARE / travel.share))
    when = travel.decayed_at
    fell = f"fell below a tenth of its peak {rate(travel.peak)} at {at(e, when)}" if when is not None else "fell early"
    what = (
        f"the rate {fell}, its mean is {share(travel.share)} of its peak, and {name(e)} was still falling then; "
        f"it ends at {share(judge.residual)} of its start"
    )
    why = (
        f"a cosine from the same peak would have gone {USUAL_SHARE / travel.share:.1f} times as far; going on like "
        f"this, {share(missed)} of the fall is left undone"
    )
    advice = f"decay over the whole training, such as by a cosine to 0 over all {e.last - e.first:,.0f} {e.unit}s"
    values = {"mean_over_peak": travel.share, "decayed_at": when, "missed": missed, "residual": judge.residual}
    return what, why, advice, values


def too_slow(e: TraceStatistics) -> Wording:
    """Word a loss that was still falling."""
    judge = e.judge
    missed = e.missed(1.0)
    what = (
        f"{name(e)} falls smoothly and was still falling at the end: {number(judge.gain.later)} over the last two "
        f"thirds of the way, after {number(judge.gain.earlier)} over as large a part before it; it ends at "
        f"{number(judge.end)}"
    )
    why = (
        f"carried on, ten times the rate would get further: about {share(missed)} of the achievable fall is left undone"
    )
    factors = (10, 3) if e.missed(0.5) >= 0.6 * missed and missed > 0.2 else (3,)
    factor = next((factor for factor in factors if e.highest is None or factor * e.travel.peak <= e.highest), 1)
    advice = f"raise the rate by a factor of {factor}{to(e, 1 / factor)}, or train longer; `lrfind sweep` finds how far"
    if factor == 1 and e.highest is not None:
        why = f"more steps would get further: about {share(missed)} of what ten times as many achieve is left undone"
        advice = f"train longer: at rates above {rate(e.highest)} the run's own trainings lose"
    values = {"missed": missed, "later_fall": judge.gain.later, "earlier_fall": judge.gain.earlier, "factor": factor}
    return what, why, advice, values


def stuck(e: TraceStatistics) -> Wording:
    """Word a high plateau."""
    judge = e.judge
    what = (
        f"{name(e)} fell from {number(judge.start)} to {number(judge.end)}, {share(judge.residual)} of its start, and "
        "does not fall any more"
    )
    if e.guess is not None:
        what = f"{name(e)} ends at {number(judge.end)}, that of an even guess among {e.guess} classes"
    why = "a plateau this high is seldom the best there is: a flat start, dead units, or a constant answer"
    advice = (
        f"try ten times the rate{to(e, 0.1)} and a tenth of it{to(e, 10)}; if neither helps, other starting weights, "
        "normalisation, or a check that inputs and targets belong together"
    )
    return what, why, advice, {"start": judge.start, "end": judge.end, "residual": judge.residual}


def not_learning(e: TraceStatistics) -> Wording:
    """Word a loss that never fell."""
    judge = e.judge
    what = f"{name(e)} stayed at its start: {number(judge.start)}, then {number(judge.end)}"
    why = "nothing is learnt: the rate is far too low, or no gradient reaches the weights"
    advice = (
        f"raise the rate by a factor of 100{to(e, 0.01)}; if that changes nothing, check that gradients reach the "
        "parameters and that the targets belong to the inputs"
    )
    return what, why, advice, {"start": judge.start, "end": judge.end, "error": judge.error}


def too_little_decay(e: TraceStatistics) -> Wording:
    """Word a rate that ends high while the loss does not settle."""
    judge = e.judge
    what = (
        f"the rate ends at {share(e.travel.last)} of its peak, and in the last third {name(e)} goes up and down by "
        f"{judge.unrest.late_rises:.1f} times all that it fell"
    )
    why = "at a constant rate the weights keep jumping around the bottom instead of settling in it"
    advice = "let the rate fall to 0 towards the end, by a cosine or a straight line"
    return what, why, advice, {"last_over_peak": e.travel.last} | unrest(e)


def healthy(e: TraceStatistics) -> Wording:
    """Word a good run."""
    judge = e.judge
    what = f"{name(e)} fell from {number(judge.start)} to {number(judge.end)}"
    if judge.start > 0 and judge.end >= 0:
        what += f", {share(judge.residual)} of its start"
    what += ", and has flattened"
    why = "nothing in the log says that another rate or schedule would do better"
    advice = "keep it" + ("" if e.val is not None else "; with a validation loss in the log more could be told")
    values = {"start": judge.start, "end": judge.end, "missed": e.missed(1.0), "rises": judge.unrest.rises}
    return what, why, advice, values


WORDS: dict[str, tuple[Severity, Callable[[TraceStatistics], Wording]]] = {
    "diverged": ("error", diverged),
    "oscillating": ("warning", oscillating),
    "too-high": ("warning", too_high),
    "warmup-too-short": ("warning", warmup_too_short),
    "overfitting": ("warning", overfitting),
    "too-aggressive-decay": ("warning", too_aggressive_decay),
    "too-slow": ("warning", too_slow),
    "stuck": ("error", stuck),
    "not-learning": ("error", not_learning),
    "too-little-decay": ("warning", too_little_decay),
    "healthy": ("info", healthy),
}
"""Severity of every finding, and the function that words it."""


def name(e: TraceStatistics) -> str:
    """Return the name of the loss that the rate is judged by."""
    return "the validation loss" if e.val is not None else "the loss"


def unrest(e: TraceStatistics) -> dict[str, Any]:
    """Return the numbers of a restless loss by key."""
    judge = e.judge
    return {
        "rises": judge.unrest.rises,
        "late_rises": judge.unrest.late_rises,
        "overshoot": max(column.unrest.overshoot for column in e.columns),
        "residual": judge.residual,
    }


def burst_of(e: TraceStatistics) -> str:
    """Describe a loss that shot up within the first epoch, of which only the mean is logged.

    Returns:
        The description; empty if the loss did not shoot up.
    """
    if e.train is None or not burst(e):
        return ""
    first = e.train.series
    mean = f"the training loss of {at(e, float(first.at[0]))} is {number(float(first.value[0]))} in the mean"
    if e.val is not None and e.burst < BLOWN <= e.depth:
        return f"{mean}, {e.depth:.0f} times the validation loss at the end, most of it lost within the next epochs"
    if e.val is not None and (e.burst >= BLOWN or never_calm(e)):
        return f"{mean}, and the validation loss after it {number(float(e.val.series.value[0]))}"
    return f"{mean}, {e.plunge:.0f} times that of the next ones, from where it hardly falls"


def lower(e: TraceStatistics, factor: int) -> str:
    """Advise to lower the rate by a factor."""
    return f"lower the rate by a factor of {factor}{to(e, factor)}; `lrfind sweep` finds how far"


def to(e: TraceStatistics, divisor: float) -> str:
    """Return the change of the peak, ``" (from 1.0e-01 to 1.0e-02)"``; empty if unknown."""
    return f" (from {rate(e.travel.peak)} to {rate(e.travel.peak / divisor)})" if e.travel.known else ""


def rate(value: float) -> str:
    """Format a learning rate as every report does."""
    return f"{value:.1e}"


def number(value: float) -> str:
    """Format a loss."""
    return f"{value:.4g}"


def share(value: float) -> str:
    """Format a fraction: ``"7%"``, or as a factor from ten on."""
    return f"{value:.0%}" if value < 10 else f"{value:.3g} times"


def at(e: TraceStatistics, step: float) -> str:
    """Format a position in the log."""
    return f"{e.unit} {step:,.10g}"
