"""Judge the sweep: finite losses, initial level, fall, and range of rates.

Each rule takes the result of a run and the summary of its curve and returns one verdict.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

import numpy as np

from lrfind.analysis.confirmation.learning import BETTER
from lrfind.analysis.range_test.curve import EARLY, FEWEST, CurveSummary, summarize
from lrfind.analysis.range_test.recommendation import EDGE
from lrfind.analysis.range_test.smoothing import running_median
from lrfind.core.dataset import Floats
from lrfind.core.result import Result
from lrfind.core.verdicts import Verdict, VerdictStatus

SLACK = 2.0
"""Nats by which an initial loss may exceed that of equally likely classes.

Twice the excess of He-normal weights on inputs of unit scale; see docs/calibration.md#initial-loss.
"""

SURE = 0.5
"""Fraction of the loss of equally likely classes below which an initial loss is suspect.

Logits that are independent of the targets can only add to the expected loss, and a mean over batch and seeds strays far
less than this.
"""


def finite(result: Result, reading: CurveSummary) -> Verdict:
    """Judge whether losses and gradients are finite from the first step until divergence."""
    del reading
    sweep = result.sweep
    steps = np.arange(sweep.loss.shape[1])
    ends = np.array([len(steps) if end is None else max(end, 1) for end in sweep.diverged_at]).reshape(-1, 1)
    judged = steps < ends
    bad = judged & ~(np.isfinite(sweep.loss) & np.isfinite(sweep.gradient_norm))
    untrained = () if result.confirmation is None else result.confirmation.untrained
    held_out = sum(not np.isfinite(loss) for loss in untrained)
    count = int(bad.sum()) + held_out

    def verdict(status: VerdictStatus, message: str) -> Verdict:
        return Verdict("finite", status, count, 0, message, "data")

    if not count:
        return verdict("pass", "losses and gradients are finite until the loss diverges")
    if not bad.any():
        seeds = of(held_out, untrained)
        return verdict("fail", f"the held-out loss of {seeds} seeds is not finite before training; {SEEK}")
    step = int(np.flatnonzero(bad.any(axis=0))[0])
    hit = bad[:, step]
    which = "loss" if not np.isfinite(sweep.loss[hit, step]).all() else "gradient"
    when = "before any update" if step == 0 else f"at a rate of {sweep.learning_rate[step]:.1e}, before it diverged"
    seeds = of(int(hit.sum()), hit)
    return verdict("fail", f"the {which} of {seeds} seeds is not finite in step {step}, {when}; {SEEK}")


SEEK = "look for values far out in the data, and for a logarithm, a root or a division by zero in model and loss"
"""Advice for a loss that is not finite."""


def of(number: int, everything: Sized) -> str:
    """Return a share in words: ``"1 of 4"``."""
    return f"{number:,} of {len(everything):,}"


def diverged_at_once(result: Result, reading: CurveSummary) -> Verdict:
    """Judge whether the loss had time to fall before it diverged."""
    rates, loss = result.sweep.learning_rate, result.sweep.loss
    early = max(FEWEST, int(EARLY * len(rates)))
    end = len(rates) if reading.diverged_at is None else reading.diverged_at

    def verdict(status: VerdictStatus, observed: int | None, message: str, *, judged: bool = True) -> Verdict:
        limit = early if judged else None
        return Verdict("diverged-at-once", status, observed, limit, message, "sweep.min_lr", judged)

    if len(rates) < FEWEST or not np.isfinite(median_loss(loss[:, 0])):
        message = "not judged: too few steps" if len(rates) < FEWEST else "not judged: the loss begins not finite"
        return verdict("pass", None, message, judged=False)
    if reading.too_high:
        step = min(end, risen(loss, early))
        return verdict(
            "fail",
            step,
            f"the loss blew up within the first {early} steps, from a rate of {rates[step]:.1e} on, before it could "
            "fall; lower sweep.min_lr, or scale the inputs if that is low already",
        )
    seeds = [bool(summarize(rates, row[None]).too_high) for row in loss]
    if any(seeds):
        return verdict(
            "warn",
            min(end, early),
            f"{of(sum(seeds), tuple(seeds))} seeds blew up within the first {early} steps; lower sweep.min_lr, or look "
            "at how the weights begin",
        )
    if reading.diverged_at is None:
        return verdict("pass", end, f"the loss did not diverge in {end:,} steps")
    return verdict("pass", end, f"the loss diverged after {end:,} steps, at {rates[end]:.1e}")


def risen(loss: Floats, early: int) -> int:
    """Return the step of the highest median loss over the seeds among the first `early` steps.

    Args:
        loss: loss of each seed, shape (seeds, steps).
        early: number of first steps to look at.
    """
    return int(np.argmax(running_median(median_loss(loss))[:early]))


def median_loss(loss: Floats) -> Any:
    """Return the median over the seeds, the first axis; a value that is not finite is inf."""
    return np.median(np.where(np.isfinite(loss), loss, np.inf), axis=0)


def learns(result: Result, reading: CurveSummary) -> Verdict:
    """Judge whether the trainings lower the loss, or without trainings the sweep."""
    tried = result.confirmation
    constant = result.facts.constant_loss
    if tried is None or not tried.candidates:
        lowest = None if reading.end == 0 or reading.no_rate_reason else float(reading.smoothed[reading.lowest])
        start: float | None = reading.initial if np.isfinite(reading.initial) else None
        by, measured = "the sweep's loss", "drop --no-confirm: trainings tell whether it goes on"
        failure = reading.no_rate_reason
    else:
        losses = [trial.loss for trial in tried.candidates]
        means = [np.mean(loss) for loss in losses if np.isfinite(loss).all() and loss]
        known = [loss for loss in tried.untrained if np.isfinite(loss)]
        lowest = float(min(means)) if means else None
        start = float(np.mean(known)) if known else None
        by, measured = f"the {tried.judged_on}", "a larger confirm.budget trains longer"
        failure = None if result.recommendation.learning_rate is not None else result.recommendation.reason

    def verdict(status: VerdictStatus, limit: float | None, message: str) -> Verdict:
        return Verdict("learns", status, lowest, limit, message, "model")

    if failure or lowest is None or start is None or lowest >= start:
        return verdict("fail", start, failure or f"{by} does not fall; check data, loss and model")
    if constant is not None and lowest > (1 - BETTER) * constant:
        return verdict(
            "warn",
            (1 - BETTER) * constant,
            f"{by} fell from {start:.4g} to {lowest:.4g}, and a constant answer has {constant:.4g}: the targets may "
            f"not depend on the inputs; {measured}",
        )
    return verdict("pass", start, f"{by} fell from {start:.4g} to {lowest:.4g}")


def initial_loss(result: Result, reading: CurveSummary) -> Verdict:
    """Judge whether a classifier begins near the loss of equally likely classes."""
    del reading
    chance = result.facts.chance_loss
    loss = result.sweep.loss
    start = float(median_loss(loss[:, 0])) if loss.size else np.inf

    def verdict(status: VerdictStatus, limit: float | None, message: str, *, judged: bool = True) -> Verdict:
        observed = start if judged else None
        return Verdict("initial-loss", status, observed, limit, message, "data", judged)

    if chance is None:
        what = result.facts.loss.replace("_", " ")
        return verdict("pass", None, f"not judged: {what} has no level that is right to begin at", judged=False)
    if not np.isfinite(start):
        return verdict("pass", None, "not judged: the loss begins not finite", judged=False)
    level = f"an answer that holds all classes for equally likely has {chance:.3f}"
    if start > chance + SLACK:
        return verdict(
            "fail",
            chance + SLACK,
            f"the loss begins at {start:.4g}, and {level}: the network starts out sure of wrong answers; scale the "
            "inputs (data.standardize: true), or let the weights begin smaller",
        )
    if start < SURE * chance:
        return verdict(
            "warn",
            SURE * chance,
            f"the loss begins at {start:.4g}, and {level}: the network knows something before training; unless its "
            "weights are trained ones, look for the targets among the inputs",
        )
    return verdict("pass", chance + SLACK, f"the loss begins at {start:.4g}; {level}")


def range_covers(result: Result, reading: CurveSummary) -> Verdict:
    """Judge whether the range of rates reaches up to divergence."""
    rates = result.sweep.learning_rate
    last = float(rates[-1]) if len(rates) else None

    def verdict(status: VerdictStatus, observed: float | None, message: str) -> Verdict:
        return Verdict("range-covers", status, observed, last, message, "sweep.max_lr")

    if last is None:
        return verdict("fail", None, "nothing was measured")
    if reading.diverged_at is not None:
        rate = float(rates[reading.diverged_at])
        return verdict("pass", rate, f"the loss diverged at {rate:.1e}, inside the range up to {last:.1e}")
    if reading.no_rate_reason:
        return verdict("fail", None, f"up to {last:.1e} the loss neither fell nor diverged; raise sweep.max_lr")
    if reading.lowest >= (1 - EDGE) * (len(rates) - 1):
        return verdict("fail", None, f"the loss was still falling at the last rate, {last:.1e}; raise sweep.max_lr")
    return verdict(
        "warn",
        None,
        f"the loss was lowest at {rates[reading.lowest]:.1e} and did not diverge up to {last:.1e}; normalised networks "
        "may not, otherwise raise sweep.max_lr",
    )
