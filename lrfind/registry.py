"""The table of contents of everything built in: names and one-line summaries, as strings.

A config can be checked and `lrfind list` can print without importing JAX; an entry's code is imported when it is used.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One built-in.

    Attributes:
        target: where its code is, ``"package.module:name"``.
        summary: one line for `lrfind list`.
    """

    target: str
    summary: str

    def load(self) -> Any:
        """Import the code behind the entry."""
        module, _, name = self.target.partition(":")
        return getattr(import_module(module), name)


MODELS = {
    "linear": Entry("lrfind.models.linear:Linear", "one affine layer; inputs flattened"),
    "mlp": Entry("lrfind.models.mlp:Mlp", "fully connected layers; inputs flattened"),
    "cnn": Entry("lrfind.models.cnn:Cnn", "3x3 convolutions, two a stage; for images"),
    "resnet": Entry("lrfind.models.resnet:Resnet", "residual blocks of two 3x3 convolutions; for images"),
    "transformer": Entry("lrfind.models.transformer:Transformer", "decoder that predicts the next token; for text"),
}

DATA = {
    "digits": Entry("lrfind.data.digits:load", "1,797 real handwritten digits, 8x8, 10 classes; shipped"),
    "text": Entry(
        "lrfind.data.text:load", "a text's bytes as tokens: a shipped public-domain book, or a file of your own"
    ),
    "classification": Entry("lrfind.data.classification:load", "generated classes: one normal cluster each"),
    "images": Entry("lrfind.data.images:load", "generated images: stripes whose angle is the class"),
    "quadratic": Entry(
        "lrfind.data.quadratic:load", "generated least squares of a known curvature: stable up to the rate 1"
    ),
    "friedman": Entry("lrfind.data.friedman:load", "generated regression: Friedman's first function with noise"),
    "npz": Entry("lrfind.data.npz:load", "arrays of your own from an .npz file"),
    "npy": Entry("lrfind.data.npy:load", "arrays of your own from two .npy files, mapped into memory"),
    "csv": Entry("lrfind.data.csv_:load", "columns of your own .csv file"),
    "parquet": Entry("lrfind.data.parquet:load", "columns of your own .parquet file; needs pyarrow"),
}

LOSSES = {
    "cross_entropy": Entry("lrfind.models.losses:cross_entropy", "softmax cross-entropy with integer labels"),
    "binary_cross_entropy": Entry(
        "lrfind.models.losses:binary_cross_entropy",
        "sigmoid cross-entropy with targets 0 or 1, in any number of columns",
    ),
    "mse": Entry("lrfind.models.losses:mse", "mean squared error"),
    "mae": Entry("lrfind.models.losses:mae", "mean absolute error"),
    "huber": Entry("lrfind.models.losses:huber", "squared near zero, absolute beyond 1"),
}

SCHEDULES = {
    "constant": Entry("lrfind.schedules:constant", "the same rate at every step"),
    "linear": Entry("lrfind.schedules:linear", "straight line from the rate to end_factor times it"),
    "exponential": Entry("lrfind.schedules:exponential", "multiplied by decay_rate every decay_steps"),
    "step": Entry("lrfind.schedules:step", "multiplied by factor every step_size steps"),
    "cosine": Entry("lrfind.schedules:cosine", "half a cosine from the rate to end_factor times it"),
    "one_cycle": Entry(
        "lrfind.schedules:one_cycle", "up from rate / div_factor to the rate, then down to almost nothing"
    ),
}

METHODS = {
    "steepest": Entry(
        "lrfind.analysis.suggest:steepest", "steepest descent of loss against log rate, before divergence"
    ),
    "valley": Entry("lrfind.analysis.suggest:valley", "middle of the longest fall (fastai's default rule)"),
    "minimum": Entry("lrfind.analysis.suggest:minimum", "a tenth of the rate at the lowest loss (fastai's rule)"),
    "slide": Entry("lrfind.analysis.suggest:slide", "where the loss stops sliding down (fastai's rule)"),
}

LADDERS = {
    "exponential": Entry("lrfind.engine.ladder:exponential", "equal steps in log rate"),
    "linear": Entry("lrfind.engine.ladder:linear", "equal steps in rate"),
}


def near(name: str, names: Iterable[str]) -> str:
    """A hint for a name that does not exist: ``" (did you mean 'adamw'?)"``, or nothing."""
    matches = difflib.get_close_matches(name.lower(), list(names), n=1, cutoff=0.6)
    return f" (did you mean '{matches[0]}'?)" if matches else ""
