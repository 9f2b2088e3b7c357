"""`digits`: real handwritten digits, shipped with the package.

The test set of "Optical Recognition of Handwritten Digits" (Alpaydin & Kaynak 1998, UCI Machine Learning Repository,
https://doi.org/10.24432/C50P49, licence CC BY 4.0): 1,797 images of 8x8 pixels with 17 grey levels, here as uint8.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import numpy as np

from lrfind.task.data.arrays import Arrays

GREY_LEVELS = 16
"""The brightest pixel's value, by which inputs are divided."""


def load(section: Any) -> Arrays:
    """Return the images scaled to [0, 1], shape (1797, 8, 8), and the labels 0..9."""
    del section
    with (files("lrfind.task.data") / "digits.npz").open("rb") as file, np.load(file, allow_pickle=False) as archive:
        return Arrays(archive["images"].astype(np.float32) / GREY_LEVELS, archive["labels"].astype(np.int32))
