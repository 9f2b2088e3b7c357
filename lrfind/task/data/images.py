"""`images`: generated images of stripes whose class is their direction, whatever their phase."""

from __future__ import annotations

from typing import Any

import numpy as np

from lrfind.task.data.arrays import Arrays
from lrfind.task.data.batches import generator

GRATING_SEED = 1968
"""Seed of the generated rows, which are the same for every seed of the run."""

PERIOD = 4
"""Pixels from one stripe to the next: two stripes in the smallest image, and far from the two that pixels allow."""

CONTRAST, NOISE = 0.25, 0.1
"""Amplitude of the stripes and standard deviation of each pixel's noise, around a grey of 0.5."""


def load(section: Any) -> Arrays:
    """Return stripes at an angle of ``pi class / classes`` with a random phase for each image and channel, in [0, 1].

    As the phase is random, the mean image of every class is grey, and no linear classifier of pixels can tell them
    apart. Classes have the same number of rows, give or take one.

    Args:
        section: ``rows``, ``size``, ``channels`` and ``classes``.

    Returns:
        Inputs of shape (rows, size, size, channels).
    """
    rng = generator(GRATING_SEED)
    labels = rng.permutation(np.arange(section.rows) % section.classes)
    angles = np.pi * np.arange(section.classes) / section.classes
    down, right = np.mgrid[: section.size, : section.size]
    across = 2 * np.pi / PERIOD * (np.cos(angles)[:, None, None] * right + np.sin(angles)[:, None, None] * down)
    phases = rng.uniform(0, 2 * np.pi, (section.rows, section.channels))
    images = np.empty((section.rows, section.size, section.size, section.channels), np.float32)
    for channel in range(section.channels):
        stripes = np.sin(across[labels] + phases[:, channel, None, None])
        noise = rng.standard_normal(stripes.shape)
        images[..., channel] = np.clip(0.5 + CONTRAST * stripes + NOISE * noise, 0, 1)
    return Arrays(images, labels.astype(np.int32))
