"""What the trainings of one length show: how much each rate loses, where the best one lies, which lose little."""

from __future__ import annotations

import math

import numpy as np

from lrfind.types import Floats

SHARP = 0.02
"""Temperature of the soft minimum, as a share of the best improvement: rates that lose much less than this count as
equal, and the middle of their plateau is taken instead of its lowest, that is luckiest, point."""

FINE = 40
"""Points to a decade that the curve is interpolated to."""


def lost(loss: Floats, untrained: Floats) -> Floats:
    """The share of the best improvement that each rate loses, ``(V(rate) - V*) / (V0 - V*)``.

    Every seed trains all rates from the same weights with the same batches, so the mean over seeds compares like with
    like. A training that ends above its start, or not at all, has improved nothing: it counts as untrained. A
    seed whose start is not finite can be held against nothing and is left out.

    Args:
        loss: after training, shape (rates, seeds); what is not finite diverged.
        untrained: before training, shape (seeds,).

    Returns:
        Shape (rates,), 0 at the best rate, 1 where nothing was gained; all 1 where no rate gains anything.
    """
    known = np.isfinite(untrained)
    if not known.any():
        return np.ones(len(loss))
    loss, untrained = loss[:, known], untrained[known]
    capped = np.where(np.isfinite(loss), np.minimum(loss, untrained), untrained)
    gain = (untrained - capped).mean(axis=1)
    best = float(gain.max())
    return 1.0 - gain / best if best > 0 else np.ones(len(gain))


def centre(places: Floats, share: Floats) -> float:
    """The soft minimum: the mean place, weighted by ``exp(-share / SHARP)``, of the curve through the points.

    Args:
        places: log10 rates, increasing, shape (rates,).
        share: what each loses, shape (rates,).
    """
    fine, between = curve(places, share)
    weight = np.exp(-between / SHARP)
    return float((fine * weight).sum() / weight.sum())


def within(places: Floats, share: Floats, limit: float) -> tuple[float, float]:
    """The ends of the stretch around the best point in which the curve stays at or below a limit.

    Args:
        places: log10 rates, increasing, shape (rates,).
        share: what each loses, shape (rates,).
        limit: the share that may be lost.
    """
    fine, between = curve(places, share)
    best = int(np.argmin(between))
    over = np.flatnonzero(between > limit)
    below, above = over[over < best], over[over > best]
    first = int(below[-1]) + 1 if below.size else 0
    last = int(above[0]) - 1 if above.size else len(fine) - 1
    return float(fine[first]), float(fine[last])


def curve(places: Floats, share: Floats) -> tuple[Floats, Floats]:
    """Straight lines through the points, finely sampled; every point is one of the samples."""
    # Gap by gap: no sample comes twice, which would give it twice the weight.
    samples = [max(1, math.ceil(gap * FINE - 1e-6)) for gap in np.diff(places)]
    gaps = zip(places[:-1], places[1:], samples, strict=True)
    fine = np.concatenate([*(np.linspace(*gap, endpoint=False) for gap in gaps), places[-1:]])
    return fine, np.interp(fine, places, share)
