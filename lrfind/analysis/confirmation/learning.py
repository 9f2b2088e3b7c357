"""Decide whether any trial of a search learned something."""

from __future__ import annotations

import math

import numpy as np

from lrfind.analysis.confirmation.search import Search
from lrfind.core.dataset import Floats

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
