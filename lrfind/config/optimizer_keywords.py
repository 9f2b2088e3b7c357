"""Optax's keywords: a one-line summary and the valid values of each, by optimiser where optimisers differ."""

from __future__ import annotations

from typing import Any

from lrfind.config.optimizer_catalog import SUMMARIES

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
