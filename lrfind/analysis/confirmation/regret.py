"""Regret of rates in trials, and whether the trials learn at all."""

from __future__ import annotations

import math

import numpy as np

from lrfind.analysis.confirmation.search import Search
from lrfind.core.dataset import Floats

SHARP = 0.02
"""Temperature of the soft argmin, as a fraction of the best improvement.

Rates whose regrets differ by much less count as equal, so the middle of a plateau is taken and not its luckiest point.
"""

FINE = 40
"""Samples per decade of the interpolated regret."""


def normalized_regret(loss: Floats, untrained: Floats) -> Floats:
    """Return the normalised regret of each rate, ``(V(rate) - V*) / (V0 - V*)``.

    V is the mean loss over the seeds after training, V* the lowest one, V0 the mean before training. Every seed trains
    all rates from the same weights with the same batches, so differences between rates are paired. A trial that ends
    above its start, or diverges, counts as untrained. A seed whose start is not finite is left out.

    Args:
        loss: loss after training, shape (rates, seeds); not finite where a trial diverged.
        untrained: loss before training, shape (seeds,).

    Returns:
        Regret, shape (rates,): 0 at the best rate, 1 without improvement; all 1 if no rate improves the loss.
    """
    known = np.isfinite(untrained)
    if not known.any():
        return np.ones(len(loss))
    loss, untrained = loss[:, known], untrained[known]
    capped = np.where(np.isfinite(loss), np.minimum(loss, untrained), untrained)
    gain = (untrained - capped).mean(axis=1)
    best = float(gain.max())
    return 1.0 - gain / best if best > 0 else np.ones(len(gain))


def soft_argmin(log10_rates: Floats, share: Floats) -> float:
    """Return the soft argmin of regret over log10 rate.

    ``sum(x w) / sum(w)`` with ``w = exp(-regret / SHARP)``, x the log10 rate, on the piecewise-linear interpolant.

    Args:
        log10_rates: log10 rates, shape (rates,), increasing.
        share: regret of each rate in [0, 1], shape (rates,).
    """
    x, regret = curve(log10_rates, share)
    weight = np.exp(-regret / SHARP)
    return float((x * weight).sum() / weight.sum())


def sublevel_interval(log10_rates: Floats, share: Floats, limit: float) -> tuple[float, float]:
    """Return the sublevel interval around the best rate, as log10 rates.

    Args:
        log10_rates: log10 rates, shape (rates,), increasing.
        share: regret of each rate in [0, 1], shape (rates,).
        limit: largest regret inside of the interval.

    Returns:
        Lower and upper end of the interval around the minimum with regret of at most `limit`.
    """
    x, regret = curve(log10_rates, share)
    best = int(np.argmin(regret))
    over = np.flatnonzero(regret > limit)
    below, above = over[over < best], over[over > best]
    first = int(below[-1]) + 1 if below.size else 0
    last = int(above[0]) - 1 if above.size else len(x) - 1
    return float(x[first]), float(x[last])


def curve(log10_rates: Floats, share: Floats) -> tuple[Floats, Floats]:
    """Sample the piecewise-linear interpolant of regret, every given point included once.

    Args:
        log10_rates: log10 rates, shape (rates,), increasing.
        share: regret of each rate, shape (rates,).

    Returns:
        log10 rates and regrets of the samples, shape (samples,) each.
    """
    # Gap by gap: no sample comes twice, which would give it twice the weight.
    samples = [max(1, math.ceil(gap * FINE - 1e-6)) for gap in np.diff(log10_rates)]
    gaps = zip(log10_rates[:-1], log10_rates[1:], samples, strict=True)
    fine = np.concatenate([*(np.linspace(*gap, endpoint=False) for gap in gaps), log10_rates[-1:]])
    return fine, np.interp(fine, log10_rates, share)


BETTER = 0.01
"""Relative decrease below a constant answer's loss that shows learning."""


def best_loss(search: Search, steps: int) -> float:
    """Return the lowest mean loss over seeds of the trials of one length."""
    return float(np.nanmin([mean(row) for row in search.scores[steps].values()]))


def mean(row: Floats) -> float:
    """Return the mean of the seeds' losses, inf if a seed diverged."""
    return float(row.mean()) if np.isfinite(row).all() else math.inf


def nothing_learned(search: Search, judged_on: str, constant: float | None) -> str | None:
    """Return one sentence why there is no rate; None if some trial learned something.

    Compares the trials with the loss before training, with a constant answer's (`constant`) and, if that is None, with
    the loss on permuted labels.

    Reference:
        Ojala and Garriga 2010, "Permutation tests for studying classifier performance", for permuted labels.
    """
    log10_rates = [log10_rate for table in search.scores.values() for log10_rate in table]
    span = f"rates from {10 ** min(log10_rates):.1e} to {10 ** max(log10_rates):.1e}"
    last = max(search.scores)
    finite = [row for table in search.scores.values() for row in table.values() if np.isfinite(row).all()]
    if not finite:
        any_finite = any(np.isfinite(row).any() for table in search.scores.values() for row in table.values())
        which = "a training at every rate" if any_finite else "every training"
        return f"{which} diverged, at {span}; lower sweep.min_lr, clip gradients or look for what explodes"
    start = float(search.untrained[np.isfinite(search.untrained)].mean())
    lowest = min(best_loss(search, steps) for steps in search.scores)
    if lowest >= start:
        return (
            f"no training lowered the {judged_on}, at {span}: it was {start:.4g} before, {lowest:.4g} at best after; "
            "the data may hold nothing that this model can learn, the gradient may be zero, or all these rates too high"
        )
    best = f"the best {judged_on} {lowest:.4g} after {last:,} steps"
    short = (
        "" if last >= search.steps else f", or show it only after more of the {search.steps:,} steps (confirm.budget)"
    )
    if not all_flat(search):
        return None
    if constant is not None and no_better(search, constant):
        return (
            f"no training did better than a constant answer, at {span}: its loss is {constant:.4g}, {best}; "
            f"the targets may not depend on the inputs{short}"
        )
    if constant is None and no_better(search, search.permuted_label_loss):
        return (
            f"no training did better than on labels dealt out anew among the rows, at {span}: the loss is "
            f"{search.permuted_label_loss:.4g} there, {best}; the labels may not depend on the inputs{short}"
        )
    return None


def no_better(search: Search, constant: float) -> bool:
    """Return whether no trial beats the loss of a constant answer, or that on permuted labels, by `BETTER`.

    False if that loss is not finite.
    """
    return (
        math.isfinite(constant) and min(best_loss(search, steps) for steps in search.scores) > (1 - BETTER) * constant
    )


def all_flat(search: Search) -> bool:
    """Return whether longer trials ended no lower than shorter ones."""
    ends = [best_loss(search, steps) for steps in sorted(search.scores)]
    return len(ends) < 2 or ends[-1] > (1 - BETTER) * min(ends[:-1])
