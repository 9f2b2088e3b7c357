"""Compute regret, soft argmin and sublevel interval of the trials of one length."""

from __future__ import annotations

import math

import numpy as np

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
