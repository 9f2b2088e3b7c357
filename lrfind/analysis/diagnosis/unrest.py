"""Measure signs of too long steps: a loss that shoots up, swings, or becomes noisier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lrfind.analysis.diagnosis.series import Series, blocks
from lrfind.analysis.range_test.smoothing import noise, running_median
from lrfind.core.dataset import Floats

PARTS = 50
"""Parts of a column whose mean levels are compared; rises within a part are noise."""

LATE = 3
"""Reciprocal of the last fraction of a training, in which it should have come to rest."""

SURE = 2.5
"""Standard errors between two levels that make a rise."""


AT_START = 0.05
"""Relative distance above the start within which a loss counts as back."""

SPIKE = 0.5
"""Rise above the start, as a fraction of it, that is separated from later rises."""

RISEN = 3.0
"""Standard deviations by which noise lifts a median of three above the start."""

LARGEST = 1.0
"""Largest noise, in multiples of the start, that may explain a rise."""


@dataclass(frozen=True)
class Unrest:
    """Restlessness of a column, in fractions of its change.

    Attributes:
        overshoot: rise of the highest level above the start, over the start.
        peak: highest level.
        peak_at: step of the highest level.
        back_at: first step after the last one above the start; None if the loss never came back.
        rises: sum of all rises from one level to the next, over the change from start to end.
        late_rises: sum of the rises in the last third less their net rise, over the change.
        calm_rises: sum of the rises after the loss came back from its overshoot, over the change.
    """

    overshoot: float
    peak: float
    peak_at: float
    back_at: float | None
    rises: float
    late_rises: float
    calm_rises: float


def unrest(column: Series, start: float, change: float) -> Unrest:
    """Measure the restlessness of a column.

    Args:
        column: entries of the loss.
        start: level at the start.
        change: scale of the rises, positive.
    """
    y = column.value
    level = running_median(y) if len(y) > 4 * PARTS else y
    top = int(level.argmax())
    peak = float(level[top])
    excuse = 0.0
    if len(y) > 4 * PARTS:
        excuse = RISEN * min(noise(y[: len(y) // 20]), LARGEST * abs(start), spread(y) * abs(start))
    above = np.flatnonzero(level > start + AT_START * abs(start))
    last = int(above[-1]) + 1 if len(above) else 0
    back_at = float(column.at[last]) if last < len(y) else None
    means, errors = blocks(y, PARTS if len(y) < 3 * PARTS else PARTS // 2)
    pooled = np.sqrt(np.convolve(np.pad(errors**2, 2, mode="edge"), np.ones(5) / 5, mode="valid"))
    errors = np.maximum(errors, pooled) if len(y) > len(means) else errors
    up = np.diff(means) - SURE * np.hypot(errors[1:], errors[:-1])
    ups = np.where(up > 0, np.diff(means), 0.0)
    thirds = len(ups) // LATE
    late = float(ups[-thirds:].sum() - max(means[-1] - means[-1 - thirds], 0.0)) if thirds else 0.0
    began = round(last / len(y) * len(ups)) + 1 if len(above) and peak > start + SPIKE * abs(start) else 0
    calm = float(ups[began:].sum())
    return Unrest(
        overshoot=max(peak - start - excuse, 0.0) / max(abs(start), 1e-12),
        peak=peak,
        peak_at=float(column.at[top]),
        back_at=back_at,
        rises=float(ups.sum()) / change,
        late_rises=max(late, 0.0) / change,
        calm_rises=calm / change,
    )


def spread(y: Floats) -> float:
    """Return the noise of the last third relative to its level."""
    tail = y[-max(10, len(y) // 3) :]
    level = float(tail.mean())
    return noise(tail) / level if level > 0 else np.inf
