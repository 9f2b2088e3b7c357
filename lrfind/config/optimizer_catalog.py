"""Optimisers of optax that a config can name, with their keywords and bounds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Default = bool | int | float | str | tuple[str | float, ...] | None


@dataclass(frozen=True)
class Optimizer:
    """An optimiser of optax.

    Attributes:
        target: dotted name in optax, e.g. ``"optax.adam"``; the function's first argument is the rate.
        summary: one line for `lrfind list`.
        options: default of each keyword, without the learning rate and keywords that YAML cannot say (masks, dtypes).
        mask: keyword for the mask of the parameters that decay; None for none.
        given: values of keywords that optax requires and no config needs to choose.
    """

    target: str
    summary: str
    options: dict[str, Default]
    mask: str | None = None
    given: Mapping[str, int] = field(default_factory=dict)


def read_options(options: Mapping[str, Any]) -> dict[str, Default]:
    """Return the defaults of keywords as optax has them: JSON's lists are tuples."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}


CATALOG: Mapping[str, Any] = json.loads(Path(__file__).with_name("optimizers.json").read_text(encoding="utf-8"))
"""The data file: optimisers, refused optimisers, and summaries of keywords."""

OPTIMIZERS: dict[str, Optimizer] = {
    name: Optimizer(**entry | {"options": read_options(entry["options"])})
    for name, entry in CATALOG["optimizers"].items()
}
"""Optimisers by name."""

REFUSED: dict[str, str] = CATALOG["refused"]
"""Reason for each optimiser of optax whose learning rate is not swept."""

SUMMARIES: dict[str, str] = CATALOG["keywords"]
"""Summary of each keyword, ``"keyword"`` or, if it means something else in one optimiser, ``"optimizer.keyword"``."""


CHOICES = {
    "preconditioning": ("frobenius", "spectral", "aol", "schatten"),
    "variant": ("sps", "sps+"),
    "init_step.0": ("heuristic", "distance", "learning_rate"),
}
"""Valid words of a keyword, or of an item of a list: ``"keyword.index"``."""

DECAYS = ("b1", "b2", "b3", "adam_b1", "adam_b2", "betas.0", "betas.1", "beta3", "decay", "rho", "momentum")
"""Decays of running means: in [0, 1), as a mean of decay 1 never moves."""

AMOUNTS = (
    *("eps", "eps_root", "adam_eps_root", "weight_decay", "weight_decay_rate", "adam_weight_decay", "min_norm"),
    *("initial_accumulator_value", "initial_scale", "init_estim_sq_dist", "beta", "eta", "clipping_threshold"),
)
"""Keywords that are never negative."""

COUNTS = ("rank", "ns_steps", "update_proj_gap", "min_dim_size_to_factor")
"""Keywords of at least 1."""

BOUNDS: dict[str, dict[str, Any]] = {
    **{key: {"minimum": 0, "exclusiveMaximum": 1} for key in DECAYS},
    **{key: {"minimum": 0} for key in AMOUNTS},
    **{key: {"minimum": 1} for key in COUNTS},
}
"""Bounds of keywords, in the terms of JSON Schema."""


def summary(optimizer: str, keyword: str) -> str:
    """Return the summary of a keyword of an optimiser; empty for an unknown one."""
    return SUMMARIES.get(f"{optimizer}.{keyword}", SUMMARIES.get(keyword, ""))
