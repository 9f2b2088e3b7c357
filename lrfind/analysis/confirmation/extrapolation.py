"""Extrapolate the best rate of short trainings to a whole training by a power law.

Under a schedule scaled to the length, the best rate of many optimisers hardly moves; that of sign-like ones (Lion,
Muon) falls about as the inverse length, because their update norm depends on the rate alone. Two lengths show the
exponent if they are long enough. The norms recorded by the sweep bound it at once, if less exactly (see
`lrfind.analysis.confirmation.horizon_scaling` and docs/calibration.md#horizon-exponent-from-the-sweep).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

LIMITS = (-1.0, 0.0)
"""Bounds of the exponent, without unit.

A sign-like optimiser covers rate times steps, so no best rate falls faster than 1 / steps; an exponent above 0 would
say that short trainings end before high rates harm them.
"""

STILL = 0.2
"""Least absolute value of a fitted exponent that differs from zero.

About the error that the spacing of the rungs' rates leaves in it; see docs/calibration.md#smallest-exponent.
"""


def horizon_exponent(bests: Mapping[int, float], max_exponent: float = 0.0) -> float:
    """Fit the exponent p of `best rate ~ steps^p` by least squares of log rate on log length.

    Args:
        bests: log10 of the best rate by length in steps.
        max_exponent: upper bound of the exponent, from the norms of the sweep.

    Returns:
        The exponent within `LIMITS`, 0 if it may be noise, at most `max_exponent`; `max_exponent` if there is one
        length only.
    """
    if len(bests) < 2:
        return max_exponent
    lengths = np.log10(np.array(list(bests), dtype=np.float64))
    slope = float(np.polyfit(lengths, np.array(list(bests.values())), 1)[0])
    return min(max_exponent, float(np.clip(slope, *LIMITS)) if slope < -STILL else 0.0)


def extrapolate_rate(bests: Mapping[int, float], steps: int, max_exponent: float = 0.0) -> float:
    """Return log10 of the best rate at another length, extrapolated by `horizon_exponent`.

    Args:
        bests: log10 of the best rate by length in steps.
        steps: length to extrapolate to.
        max_exponent: upper bound of the exponent, from the norms of the sweep.
    """
    longest = max(bests)
    return bests[longest] + horizon_exponent(bests, max_exponent) * float(np.log10(steps / longest))
