"""Smooth a noisy curve by local linear regression with a data-driven bandwidth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lrfind.core.dataset import Floats

WIDEST = 12
"""Number of steps of the curve per step of the widest bandwidth.

A Gaussian reaches two bandwidths to each side, a third of the curve; a wider one would flatten a sweep's only descent.
"""

MAD_TO_SIGMA = 1.4826
"""Standard deviation over median absolute deviation of a normal distribution."""

OUTLIER = 4.0
"""Standard deviations from the running median at which a value is clipped.

Normal noise exceeds it once in 16,000 steps.
"""

FINEST = 512
"""Largest number of blocks that the choice of a bandwidth uses; a screen shows no more."""

MANY = 10**6
"""Products from which a convolution uses the FFT; its rounding is below a curve's noise."""

ORDER = 4
"""Order of the differences that estimate noise; it removes cubics over five steps."""


@dataclass(frozen=True)
class Smooth:
    """A smoothed curve.

    Attributes:
        value: smoothed value, shape (steps,).
        slope: derivative of the value per step, shape (steps,).
        bandwidth: standard deviation of the Gaussian weights, in steps.
        error: standard error of `value`, a scalar.
        slope_error: standard error of `slope`, a scalar.
    """

    value: Floats
    slope: Floats
    bandwidth: float
    error: float
    slope_error: float


def smooth(y: Floats, bandwidth: float | None = None) -> Smooth:
    """Smooth a curve by local linear regression with Gaussian weights, after clipping outliers.

    At each step i the line a + b (j - i) minimises ``sum_j exp(-(j - i)^2 / 2 h^2) (y_j - a - b (j - i))^2``; unlike a
    moving average it has no lag and no bias at the ends. The bandwidth h minimises the mean absolute leave-one-out
    error, so a curve without noise is left unchanged.

    Args:
        y: finite values, shape (steps,), at least three.
        bandwidth: h in steps; None to choose it by leave-one-out error.

    Reference:
        Fan and Gijbels 1996, "Local polynomial modelling and its applications".
    """
    sigma = noise(y)
    middle = running_median(y)
    y = middle + np.clip(y - middle, -OUTLIER * sigma, OUTLIER * sigma)
    chosen = best_bandwidth(y) if bandwidth is None else bandwidth
    value, slope, _ = lines(y, chosen)
    # Inside of the curve the weights that make a value sum in squares to 1 / (2 sqrt(pi) h), those that make a slope to
    # 1 / (4 sqrt(pi) h^3): integrals of the squared Gaussian and of its squared first derivative.
    error = sigma * min(1.0, 1 / np.sqrt(2 * np.sqrt(np.pi) * chosen))
    slope_error = sigma / np.sqrt(4 * np.sqrt(np.pi) * chosen**3)
    return Smooth(value, slope, chosen, float(error), float(slope_error))


def best_bandwidth(y: Floats) -> float:
    """Return the bandwidth in steps with the smallest mean absolute leave-one-out error.

    A curve longer than `FINEST` is averaged over blocks first.
    """
    block = -(-len(y) // FINEST)
    if block > 1:
        whole = len(y) // block * block
        return block * best_bandwidth(y[:whole].reshape(-1, block).mean(axis=1))
    widest = max(1.0, len(y) / WIDEST)
    candidates = np.geomspace(1.0, widest, max(1, round(4 * np.log2(widest)) + 1))
    fits = (lines(y, h) for h in candidates)
    errors = [float(np.mean(np.abs(y - value) / (1 - own_weight))) for value, _, own_weight in fits]
    return float(candidates[int(np.argmin(errors))])


def noise(y: Floats) -> float:
    """Estimate the standard deviation of the noise on a smooth curve, shape (steps,).

    From the median absolute fourth difference; its variance is 70 sigma^2 for independent noise, the sum of squares of
    1, 4, 6, 4, 1.
    """
    if len(y) <= ORDER:
        return 0.0
    return float(MAD_TO_SIGMA * np.median(np.abs(np.diff(y, ORDER))) / np.sqrt(70))


def running_median(y: Floats) -> Floats:
    """Return the median of each step and its neighbours, shape (steps,); the ends count twice."""
    padded = np.concatenate([y[:1], y, y[-1:]])
    middle: Floats = np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0)
    return middle


def lines(y: Floats, h: float) -> tuple[Floats, Floats, Floats]:
    """Fit a local line at every step with bandwidth h, by convolution over evenly spaced steps.

    Args:
        y: finite values, shape (steps,).
        h: standard deviation of the Gaussian weights, in steps.

    Returns:
        Fitted values; fitted slopes per step; the weight of y_i in its own fit, with which residual / (1 - weight) is
        the leave-one-out error; shape (steps,) each.
    """
    reach = min(len(y) - 1, int(np.ceil(4 * h)))
    offset = np.arange(-reach, reach + 1, dtype=np.float64)
    weight = np.exp(-0.5 * (offset / h) ** 2)
    ones = np.ones(len(y))
    # numpy's convolution mirrors its second argument, hence the sign of the odd moments.
    s0, s1, s2 = (centred(ones, weight * power) for power in (1, -offset, offset**2))
    t0, t1 = (centred(y, weight * power) for power in (1, -offset))
    determinant = s0 * s2 - s1**2
    return (s2 * t0 - s1 * t1) / determinant, (s0 * t1 - s1 * t0) / determinant, s2 / determinant


def centred(y: Floats, weights: Floats) -> Floats:
    """Return the centred convolution ``sum_j kernel_(i - j) y_j``, shape (steps,).

    Args:
        y: values, shape (steps,).
        weights: weights, shape (2 reach + 1,).
    """
    reach = len(weights) // 2
    if len(y) * len(weights) < MANY:
        return np.convolve(y, weights, mode="full")[reach : reach + len(y)]
    size = len(y) + len(weights) - 1
    convolved: Floats = np.fft.irfft(np.fft.rfft(y, size) * np.fft.rfft(weights, size), size)
    return convolved[reach : reach + len(y)]
