"""Judge the sweep: finite losses, initial level, fall, and range of rates."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

import numpy as np

from lrfind.analysis.confirmation.verdict import BETTER
from lrfind.analysis.range_test.curve import EARLY, FEWEST, CurveSummary, summarize
from lrfind.analysis.range_test.recommendation import EDGE
from lrfind.analysis.range_test.smoothing import running_median
from lrfind.core.dataset import Floats
from lrfind.core.result import Result
from lrfind.core.verdicts import VerdictStatus

SLACK = 2.0
"""Nats by which an initial loss may exceed that of equally likely classes.

Twice the excess of He-normal weights on inputs of unit scale; see docs/calibration.md#initial-loss.
"""

SURE = 0.5
"""Fraction of the loss of equally likely classes below which an initial loss is suspect.

Logits that are independent of the targets can only add to the expected loss, and a mean over batch and seeds strays far
less than this.
"""


Outcome = tuple[VerdictStatus | None, float | bool | None, float | bool | None, str]
"""Status, observed value, its limit and message of a rule; no status where the rule does not apply to the run."""


def finite(result: Result) -> Outcome:
    """Judge whether losses and gradients are finite from the first step until divergence."""
    sweep = result.sweep
    steps = np.arange(sweep.loss.shape[1])
    ends = np.array([len(steps) if end is None else max(end, 1) for end in sweep.diverged_at]).reshape(-1, 1)
    judged = steps < ends
    bad = judged & ~(np.isfinite(sweep.loss) & np.isfinite(sweep.gradient_norm))
    untrained = () if result.confirmation is None else result.confirmation.untrained
    held_out = sum(not np.isfinite(loss) for loss in untrained)
    count = int(bad.sum()) + held_out

    if not count:
        return "pass", count, 0, "losses and gradients are finite until the loss diverges"
    if not bad.any():
        seeds = of(held_out, untrained)
        return "fail", count, 0, f"the held-out loss of {seeds} seeds is not finite before training; {SEEK}"
    step = int(np.flatnonzero(bad.any(axis=0))[0])
    hit = bad[:, step]
    which = "loss" if not np.isfinite(sweep.loss[hit, step]).all() else "gradient"
    when = "before any update" if step == 0 else f"at a rate of {sweep.learning_rate[step]:.1e}, before it diverged"
    seeds = of(int(hit.sum()), hit)
    return "fail", count, 0, f"the {which} of {seeds} seeds is not finite in step {step}, {when}; {SEEK}"


SEEK = "look for values far out in the data, and for a logarithm, a root or a division by zero in model and loss"
"""Advice for a loss that is not finite."""


def of(number: int, everything: Sized) -> str:
    """Return a share in words: ``"1 of 4"``."""
    return f"{number:,} of {len(everything):,}"


def diverged_at_once(result: Result, reading: CurveSummary) -> Outcome:
    """Judge whether the loss had time to fall before it diverged."""
    rates, loss = result.sweep.learning_rate, result.sweep.loss
    if len(rates) < FEWEST:
        return None, None, None, "too few steps"
    level = median_loss(loss)
    if not np.isfinite(level[0]):
        return None, None, None, "the loss begins not finite"
    early = max(FEWEST, int(EARLY * len(rates)))
    end = len(rates) if reading.diverged_at is None else reading.diverged_at
    if reading.too_high:
        step = min(end, int(np.argmax(running_median(level)[:early])))
        message = (
            f"the loss blew up within the first {early} steps, from a rate of {rates[step]:.1e} on, before it could "
            "fall; lower sweep.min_lr, or scale the inputs if that is low already"
        )
        return "fail", step, early, message
    seeds = [summarize(rates, row[None]).too_high for row in loss]
    if any(seeds):
        message = (
            f"{of(sum(seeds), seeds)} seeds blew up within the first {early} steps; lower sweep.min_lr, or look at how "
            "the weights begin"
        )
        return "warn", min(end, early), early, message
    if reading.diverged_at is None:
        return "pass", end, early, f"the loss did not diverge in {end:,} steps"
    return "pass", end, early, f"the loss diverged after {end:,} steps, at {rates[end]:.1e}"


def median_loss(loss: Floats) -> Any:
    """Return the median over the seeds, the first axis; a value that is not finite is inf."""
    return np.median(np.where(np.isfinite(loss), loss, np.inf), axis=0)


def learns(result: Result, reading: CurveSummary) -> Outcome:
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

    if failure or lowest is None or start is None or lowest >= start:
        return "fail", lowest, start, failure or f"{by} does not fall; check data, loss and model"
    fell = f"{by} fell from {start:.4g} to {lowest:.4g}"
    if constant is not None and lowest > (1 - BETTER) * constant:
        message = (
            f"{fell}, and a constant answer has {constant:.4g}: the targets may not depend on the inputs; {measured}"
        )
        return "warn", lowest, (1 - BETTER) * constant, message
    return "pass", lowest, start, fell


def initial_loss(result: Result) -> Outcome:
    """Judge whether a classifier begins near the loss of equally likely classes."""
    chance, loss = result.facts.chance_loss, result.sweep.loss
    start = float(median_loss(loss[:, 0])) if loss.size else np.inf
    if chance is None:
        return None, None, None, f"{result.facts.loss.replace('_', ' ')} has no level that is right to begin at"
    if not np.isfinite(start):
        return None, None, None, "the loss begins not finite"
    level = f"an answer that holds all classes for equally likely has {chance:.3f}"
    if start > chance + SLACK:
        message = (
            f"the loss begins at {start:.4g}, and {level}: the network starts out sure of wrong answers; scale the "
            "inputs (data.standardize: true), or let the weights begin smaller"
        )
        return "fail", start, chance + SLACK, message
    if start < SURE * chance:
        message = (
            f"the loss begins at {start:.4g}, and {level}: the network knows something before training; unless its "
            "weights are trained ones, look for the targets among the inputs"
        )
        return "warn", start, SURE * chance, message
    return "pass", start, chance + SLACK, f"the loss begins at {start:.4g}; {level}"


def range_covers(result: Result, reading: CurveSummary) -> Outcome:
    """Judge whether the range of rates reaches up to divergence."""
    rates = result.sweep.learning_rate
    if not len(rates):
        return "fail", None, None, "nothing was measured"
    last = float(rates[-1])
    if reading.diverged_at is not None:
        rate = float(rates[reading.diverged_at])
        return "pass", rate, last, f"the loss diverged at {rate:.1e}, inside the range up to {last:.1e}"
    if reading.no_rate_reason:
        return "fail", None, last, f"up to {last:.1e} the loss neither fell nor diverged; raise sweep.max_lr"
    if reading.lowest >= (1 - EDGE) * (len(rates) - 1):
        return "fail", None, last, f"the loss was still falling at the last rate, {last:.1e}; raise sweep.max_lr"
    message = (
        f"the loss was lowest at {rates[reading.lowest]:.1e} and did not diverge up to {last:.1e}; normalised networks "
        "may not, otherwise raise sweep.max_lr"
    )
    return "warn", None, last, message
