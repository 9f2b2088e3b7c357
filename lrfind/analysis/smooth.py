"""Smoothing of a noisy curve over its steps, by local lines, as wide as the curve's own noise asks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lrfind.types import Floats

WIDEST = 12
"""The widest bandwidth is this part of the curve: a Gaussian reaches two bandwidths to each side, so a third of the
curve in
all; anything wider would smooth the one descent that a sweep has."""

MAD_TO_SIGMA = 1.4826
"""Standard deviation of a normal sample over its median absolute deviation."""

OUTLIER = 4.0
"""Values further than this many standard deviations from their neighbours' median are pulled in: one step in 16,000 of
normal noise."""

FINEST = 512
"""Parts of a curve that the choice of a bandwidth tells apart; a screen shows no more."""

MANY = 10**6
"""Products in a convolution from which a Fourier transform is faster; its rounding is small beside a curve's noise."""

ORDER = 4
"""Order of the differences that noise is measured from: what is a cubic over five steps leaves no trace in them."""


@dataclass(frozen=True)
class Smooth:
    """A smoothed curve.

    Attributes:
        value: shape (steps,).
        slope: change of the value per step, shape (steps,).
        bandwidth: standard deviation of the Gaussian weights, in steps.
        error: standard error of `value`, one number.
        slope_error: standard error of `slope`, one number.
    """

    value: Floats
    slope: Floats
    bandwidth: float
    error: float
    slope_error: float


def smooth(y: Floats, bandwidth: float | None = None) -> Smooth:
    """Local linear regression with Gaussian weights (Fan & Gijbels 1996), outliers pulled in.

    At each step i the line a + b (j - i) that minimises ``sum_j exp(-(j - i)^2 / 2 h^2) (y_j - a - b (j - i))^2``;
    unlike a moving average it has no lag and no bias at the ends. The bandwidth h is the one with the smallest mean
    absolute leave-one-out error, so a curve without noise is left as it is.

    Args:
        y: finite values, shape (steps,), at least three.
        bandwidth: h in steps; None to choose.
    """
    sigma = noise(y)
    y = without_outliers(y, OUTLIER * sigma)
    chosen = best_bandwidth(y) if bandwidth is None else bandwidth
    fit = lines(y, chosen)
    # Inside of the curve the weights that make a value sum in squares to 1 / (2 sqrt(pi) h), those that make a slope to
    # 1 / (4 sqrt(pi) h^3): integrals of the squared Gaussian and of its squared first derivative.
    error = sigma * min(1.0, 1 / np.sqrt(2 * np.sqrt(np.pi) * chosen))
    slope_error = sigma / np.sqrt(4 * np.sqrt(np.pi) * chosen**3)
    return Smooth(fit.value, fit.slope, chosen, float(error), float(slope_error))


def best_bandwidth(y: Floats) -> float:
    """The bandwidth with the smallest mean absolute leave-one-out error, in steps.

    On a long curve it is found on the means of blocks, no finer than one part in `FINEST`.
    """
    block = -(-len(y) // FINEST)
    if block > 1:
        whole = len(y) // block * block
        return block * best_bandwidth(y[:whole].reshape(-1, block).mean(axis=1))
    widest = max(1.0, len(y) / WIDEST)
    candidates = np.geomspace(1.0, widest, max(1, round(4 * np.log2(widest)) + 1))
    errors = [float(np.mean(np.abs(y - (fit := lines(y, h)).value) / (1 - fit.own_weight))) for h in candidates]
    return float(candidates[int(np.argmin(errors))])


def noise(y: Floats) -> float:
    """Standard deviation of the noise on a smooth curve, shape (steps,) to one number.

    From fourth differences, by their median absolute value; their variance is 70 sigma^2 for independent noise, the sum
    of squares of 1, 4, 6, 4, 1.
    """
    if len(y) <= ORDER:
        return 0.0
    return float(MAD_TO_SIGMA * np.median(np.abs(np.diff(y, ORDER))) / np.sqrt(70))


def without_outliers(y: Floats, limit: float) -> Floats:
    """Values further than `limit` from the median of three are pulled in to that distance, shape (steps,)."""
    middle = running_median(y)
    return middle + np.clip(y - middle, -limit, limit)


def running_median(y: Floats) -> Floats:
    """Median of each step and its neighbours, shape (steps,); the ends count themselves twice."""
    padded = np.concatenate([y[:1], y, y[-1:]])
    middle: Floats = np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0)
    return middle


@dataclass(frozen=True)
class Lines:
    """A linear smoother's outcome.

    Attributes:
        value: shape (steps,).
        slope: per step, shape (steps,).
        own_weight: weight of y_i in its own fit, shape (steps,); 1 less it turns a residual into a leave-one-out error.
    """

    value: Floats
    slope: Floats
    own_weight: Floats


def lines(y: Floats, h: float) -> Lines:
    """A local line at every step with bandwidth h; convolutions, as the steps are evenly spaced."""
    reach = min(len(y) - 1, int(np.ceil(4 * h)))
    offset = np.arange(-reach, reach + 1, dtype=np.float64)
    weight = np.exp(-0.5 * (offset / h) ** 2)
    ones = np.ones(len(y))
    # numpy's convolution mirrors its second argument, hence the sign of the odd moments.
    s0, s1, s2 = (centred(ones, weight * power) for power in (1, -offset, offset**2))
    t0, t1 = (centred(y, weight * power) for power in (1, -offset))
    determinant = s0 * s2 - s1**2
    return Lines((s2 * t0 - s1 * t1) / determinant, (s0 * t1 - s1 * t0) / determinant, s2 / determinant)


def centred(y: Floats, kernel: Floats) -> Floats:
    """``sum_j kernel_(i - j) y_j`` for every i, nothing beyond the ends, shape (steps,)."""
    reach = len(kernel) // 2
    if len(y) * len(kernel) < MANY:
        return np.convolve(y, kernel, mode="full")[reach : reach + len(y)]
    size = len(y) + len(kernel) - 1
    convolved: Floats = np.fft.irfft(np.fft.rfft(y, size) * np.fft.rfft(kernel, size), size)
    return convolved[reach : reach + len(y)]
