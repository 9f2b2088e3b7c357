"""Data sets that need no arrays of the user's: real digits, generated rows, and text."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrfind.core.dataset import Dataset, Split
from lrfind.core.errors import InputError
from lrfind.task.data.batches import generator
from lrfind.task.data.loading import Arrays, check_room, opened
from lrfind.task.data.targets import LABEL_LOSSES

GREY_LEVELS = 16
"""The brightest pixel's value, by which inputs are divided."""


def digits(_: Any) -> Arrays:
    """Return real handwritten digits, shipped with the package: images in [0, 1], shape (1797, 8, 8), and labels 0..9.

    The test set of "Optical Recognition of Handwritten Digits" (Alpaydin & Kaynak 1998, UCI Machine Learning
    Repository, https://doi.org/10.24432/C50P49, licence CC BY 4.0): images of 8x8 pixels with 17 grey levels, as uint8.
    """
    with (files("lrfind.task.data") / "digits.npz").open("rb") as file, np.load(file, allow_pickle=False) as archive:
        return Arrays(archive["images"].astype(np.float32) / GREY_LEVELS, archive["labels"].astype(np.int32))


CLUSTER_SEED = 1936
"""Seed of the generated rows, which are the same for every seed of the run."""


def classification(section: Any) -> Arrays:
    """Return clusters to be told apart, one Gaussian for each class.

    ``x ~ N(separation u, 1)``, u a random unit vector of the class.

    Two centres are about ``sqrt(2) separation`` deviations apart. Classes have the same number of rows, give or take
    one.

    Args:
        section: ``rows``, ``features``, ``classes`` and ``separation``.
    """
    rng = generator(CLUSTER_SEED)
    labels = rng.permutation(np.arange(section.rows) % section.classes)
    centres = rng.standard_normal((section.classes, section.features))
    centres *= section.separation / np.linalg.norm(centres, axis=1, keepdims=True)
    inputs = centres[labels] + rng.standard_normal((section.rows, section.features))
    return Arrays(inputs.astype(np.float32), labels.astype(np.int32))


GRATING_SEED = 1968
"""Seed of the generated rows, which are the same for every seed of the run."""

PERIOD = 4
"""Pixels from one stripe to the next: two stripes in the smallest image, and far from the two that pixels allow."""

CONTRAST, NOISE = 0.25, 0.1
"""Amplitude of the stripes and standard deviation of each pixel's noise, around a grey of 0.5."""


def images(section: Any) -> Arrays:
    """Return images of stripes at an angle of ``pi class / classes``, in [0, 1].

    The phase of each image and channel is random.

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
    pixels = np.empty((section.rows, section.size, section.size, section.channels), np.float32)
    for channel in range(section.channels):
        stripes = np.sin(across[labels] + phases[:, channel, None, None])
        noise = rng.standard_normal(stripes.shape)
        pixels[..., channel] = np.clip(0.5 + CONTRAST * stripes + NOISE * noise, 0, 1)
    return Arrays(pixels, labels.astype(np.int32))


LEAST_SQUARES_SEED = 1847
"""Seed of the generated rows, which are the same for every seed of the run."""


def quadratic(section: Any) -> Arrays:
    """Return linear least squares of known curvature, so that the largest stable rate is known exactly.

    ``X^T X / rows`` has the eigenvalues ``condition^(-i / (features - 1))``, i = 0 .. features - 1: 1 down to
    1 / condition. Columns of X have mean 0; ``y = X w`` for a w with a part of 1 along every eigenvector.

    With the model `linear` (a weight and a bias) under `mse` (the mean of the squares, without a factor 1/2), the
    Hessian is ``2 X^T X / rows`` in the weight and 2 in the bias, which is independent of it. Its largest eigenvalue is
    2, so gradient descent on all rows is stable up to the rate 2 / 2 = 1, whatever the condition. That is exact where
    no row is held out and a batch is all rows.

    Args:
        section: ``rows``, more than ``features``, and ``condition``.
    """
    rng = generator(LEAST_SQUARES_SEED)
    rows, features = section.rows, section.features
    drawn = rng.standard_normal((rows, features))
    columns, _ = np.linalg.qr(drawn - drawn.mean(axis=0))
    rotation, _ = np.linalg.qr(rng.standard_normal((features, features)))
    eigenvalues = np.geomspace(1, 1 / section.condition, features)
    inputs = np.sqrt(rows * eigenvalues) * columns @ rotation.T
    targets = inputs @ rotation.sum(axis=1)
    return Arrays(inputs.astype(np.float32), targets[:, None].astype(np.float32))


LAW_SEED = 1991
"""Seed of the generated rows, which are the same for every seed of the run."""


def friedman(section: Any) -> Arrays:
    """Return a regression set with a known law, Friedman's first function.

    ``y = 10 sin(pi x1 x2) + 20 (x3 - 1/2)^2 + 10 x4 + 5 x5 + noise N(0, 1)``, x uniform in [0, 1]; further features do
    not matter. Inputs are shifted to [-1/2, 1/2]; targets have mean 0 and variance 1.

    Args:
        section: ``rows``, ``features`` (at least 5) and ``noise``.

    Reference: Friedman 1991, "Multivariate Adaptive Regression Splines", eq. 61.
    """
    rng = generator(LAW_SEED)
    x = rng.uniform(size=(section.rows, section.features))
    law = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    y = law + section.noise * rng.standard_normal(section.rows)
    y = (y - y.mean()) / y.std()
    return Arrays((x - 0.5).astype(np.float32), y[:, None].astype(np.float32))


TOKENS = 256
"""Number of different bytes."""


def text(section: Any, context: int, loss: str | None) -> Dataset:
    """Return adjacent windows of tokens; each token's target is the next token, so all but the first are targets once.

    The book is "Alice's Adventures in Wonderland" by Lewis Carroll (Charles Lutwidge Dodgson, 1832-1898), London 1865:
    in the public domain. Typed as in `alice29.txt` of the Canterbury corpus (Arnold & Bell 1997, "A corpus for the
    evaluation of lossless compression algorithms"), without the line that names an edition, and with plain line ends.

    Args:
        section: ``path``, None for the shipped book; ``batch_size``; ``validation_fraction``, held out at the end.
        context: number of tokens of a window.
        loss: a name of `LOSSES`; None to take what fits.

    Returns:
        Inputs and targets of shape (windows, context), uint8.

    Raises:
        InputError: no such file, too short a text, or a loss that tokens do not go with.
    """
    if loss is not None and loss not in LABEL_LOSSES:
        raise InputError(
            f"text is predicted token by token, which {loss} cannot judge; use cross_entropy, or leave loss out",
            key="loss",
        )
    tokens = read(section.path)
    rows = (len(tokens) - 1) // context
    held_out = round(section.validation_fraction * rows)
    kept = rows - held_out
    if kept < section.batch_size:
        have = "is no whole window" if kept < 1 else f"{'is' if kept == 1 else 'are'} {kept:,}"
        raise InputError(
            f"a batch of {section.batch_size} needs as many windows of {context:,} tokens to train on, and there "
            f"{have} ({len(tokens):,} bytes, of {rows:,} windows {held_out:,} held out); use a smaller batch_size, a "
            "smaller context or a longer text",
            key="data.batch_size",
        )
    inputs, targets = (tokens[at : at + rows * context].reshape(rows, context) for at in (0, 1))
    return Dataset(
        section.title,
        Split(inputs[:kept], targets[:kept]),
        Split(inputs[kept:], targets[kept:]) if held_out else None,
        "text",
        TOKENS,
    )


def read(path: str | None) -> NDArray[np.uint8]:
    """Return all bytes of a file, or of the shipped book where the path is None.

    Raises:
        InputError: the file cannot be read, is empty, or does not fit into memory.
    """
    if path is None:
        return np.frombuffer((files("lrfind.task.data") / "alice.txt").read_bytes(), np.uint8)
    with opened(Path(path), "data.path", "a text file") as file:
        check_room(os.fstat(file.fileno()).st_size, path, "data.path", "use a shorter text")
        content = file.read()
    if not content:
        raise InputError(f"{path} is empty", key="data.path")
    return np.frombuffer(content, np.uint8)
