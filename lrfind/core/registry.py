"""Registry of all built-ins: names, one-line summaries and import paths, as strings.

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
    """A built-in.

    Attributes:
        target: where its code is, ``"package.module:name"``.
        summary: one line for `lrfind list`.
        formula: what it computes, where a formula says it.
        origin: where the formula comes from, where someone has to be named.
    """

    target: str
    summary: str
    formula: str = ""
    origin: str = ""

    def load(self) -> Any:
        """Import and return the code of the built-in."""
        module, _, name = self.target.partition(":")
        return getattr(import_module(module), name)


def _entries(module: str, **texts: list[str]) -> dict[str, Entry]:
    """Return the built-ins of a module whose names are those of its functions.

    Args:
        module: the module.
        **texts: summary, and formula and origin if there are any.
    """
    return {name: Entry(f"{module}:{name}", *about) for name, about in texts.items()}


MODELS = {
    "linear": Entry("lrfind.task.models.mlp:Linear", "one affine layer; inputs flattened"),
    "mlp": Entry("lrfind.task.models.mlp:Mlp", "fully connected layers; inputs flattened"),
    "cnn": Entry("lrfind.task.models.convolutional:Cnn", "3x3 convolutions, two a stage; for images"),
    "resnet": Entry("lrfind.task.models.convolutional:Resnet", "residual blocks of two 3x3 convolutions; for images"),
    "transformer": Entry(
        "lrfind.task.models.transformer:Transformer", "decoder that predicts the next token; for text"
    ),
}

DATA = _entries(
    "lrfind.task.data.sets",
    digits=["1,797 real handwritten digits, 8x8, 10 classes; shipped"],
    text=["a text's bytes as tokens: a shipped public-domain book, or a file of your own"],
    classification=["generated classes: one normal cluster each"],
    images=["generated images: stripes whose angle is the class"],
    quadratic=["generated least squares of a known curvature: stable up to the rate 1"],
    friedman=["generated regression: Friedman's first function with noise"],
) | {
    "npz": Entry("lrfind.task.data.numpy_files:load_npz", "arrays of your own from an .npz file"),
    "npy": Entry("lrfind.task.data.numpy_files:load_npy", "arrays of your own from two .npy files, mapped into memory"),
    "csv": Entry("lrfind.task.data.csv_:load", "columns of your own .csv file"),
    "parquet": Entry("lrfind.task.data.parquet:load", "columns of your own .parquet file; needs pyarrow"),
}

LOSSES = _entries(
    "lrfind.task.models.contract",
    cross_entropy=["softmax cross-entropy with integer labels"],
    binary_cross_entropy=["sigmoid cross-entropy with targets 0 or 1, in any number of columns"],
    mse=["mean squared error"],
    mae=["mean absolute error"],
    huber=["squared near zero, absolute beyond 1"],
)

SCHEDULES = _entries(
    "lrfind.task.optim.schedules",
    constant=["the same rate at every step", "r(t) = peak"],
    linear=["straight line from the rate to end_factor times it", "r(t) = peak (1 - (1 - end_factor) t / steps)"],
    polynomial=[
        "a power of what is left of the training, down to end_factor times the rate",
        "r(t) = peak (end_factor + (1 - end_factor) (1 - t / steps)^power)",
        "Chen et al. 2016, arXiv 1606.00915",
    ],
    exponential=["multiplied by decay_rate every decay_steps", "r(t) = peak decay_rate^(t / decay_steps)"],
    inverse_time=[
        "divided by 1 + decay_rate after decay_steps, by 1 + 2 decay_rate after twice as many, ...",
        "r(t) = peak / (1 + decay_rate t / decay_steps)",
        "Robbins & Monro 1951; Bottou 2012",
    ],
    step=["multiplied by factor every step_size steps", "r(t) = peak factor^floor(t / step_size)"],
    scheduled_drop=[
        "drops to named factors of the rate at named steps or epochs",
        "r(t) = peak factors[i] from step at[i] on",
        "He et al. 2015, arXiv 1512.03385",
    ],
    reduce_on_plateau=[
        "multiplied by factor when the training loss has not improved for so long",
        "r(t) = peak max(min_factor, factor^drops)",
        "optax.contrib.reduce_on_plateau",
    ],
    cosine=[
        "half a cosine from the rate to end_factor times it",
        "r(t) = peak (end_factor + (1 - end_factor) (1 + cos(pi t / steps)) / 2)",
        "Loshchilov & Hutter 2016, arXiv 1608.03983",
    ],
    cosine_restarts=[
        "half cosines one after the other, each cycle_mult times as long as the one before",
        "r(t) = peak decay^i (end_factor + (1 - end_factor) (1 + cos(pi u)) / 2), u the share of cycle i that is over",
        "Loshchilov & Hutter 2016, arXiv 1608.03983",
    ],
    triangular=[
        "up from base_factor times the rate to the rate and down again, cycle after cycle",
        "r(t) = peak (base_factor + (1 - base_factor) decay^i (1 - |2 u - 1|)), u the share of cycle i that is over",
        "Smith 2015, arXiv 1506.01186",
    ],
    one_cycle=[
        "up from rate / div_factor to the rate, then down to almost nothing",
        "half a cosine up from peak / div_factor, half a cosine down to peak / (div_factor final_div_factor)",
        "Smith 2018, arXiv 1803.09820",
    ],
)

METHODS = _entries(
    "lrfind.analysis.range_test.methods",
    steepest=["steepest descent of loss against log rate, before divergence"],
    valley=["middle of the longest fall (fastai's default rule)"],
    minimum=["a tenth of the rate at the lowest loss (fastai's rule)"],
    slide=["where the loss stops sliding down (fastai's rule)"],
)

LADDERS = {
    "exponential": Entry("numpy:geomspace", "equal steps in log rate"),
    "linear": Entry("numpy:linspace", "equal steps in rate"),
}

VERDICTS = {
    "rate-in-range": "optimizer.learning_rate",
    "learns": "model",
    "initial-loss": "data",
    "range-covers": "sweep.max_lr",
    "diverged-at-once": "sweep.min_lr",
    "finite": "data",
    "seeds-agree": "sweep.seeds",
    "confirmed": "confirm",
    "drift": "optimizer",
}
"""Config key of each verdict of the gate, in the order of reports; `lrfind explain` has a page for each."""


FINDINGS = {
    "diverged": "the loss is not finite, or ended above where it began",
    "oscillating": "the loss still swings at the end",
    "too-high": "trains, but a lower rate would end better",
    "warmup-too-short": "the loss shot up early and the rest of the training had to make up for it",
    "too-aggressive-decay": "the rate fell before the loss had stopped falling",
    "overfitting": "the validation loss rises while the training loss falls",
    "not-learning": "the loss never fell",
    "too-slow": "the loss was still falling: a higher rate would have got further",
    "stuck": "the loss stays on a high plateau",
    "too-little-decay": "the rate ends high, and the loss goes up and down at the end",
    "healthy": "nothing in the log says that another rate or schedule would do better",
}
"""Findings of a diagnosis, most important first; `lrfind explain` has a page for each."""


def near(name: str, names: Iterable[str]) -> str:
    """Return a hint for an unknown name, ``" (did you mean 'adamw'?)"``; empty if none is near."""
    matches = difflib.get_close_matches(name.lower(), list(names), n=1, cutoff=0.6)
    return f" (did you mean '{matches[0]}'?)" if matches else ""
