"""Optax's keywords: a one-line summary and the valid values of each, by optimiser where optimisers differ."""

from __future__ import annotations

from typing import Any

CHOICES = {
    "preconditioning": ("frobenius", "spectral", "aol", "schatten"),
    "variant": ("sps", "sps+"),
    "init_step.0": ("heuristic", "distance", "learning_rate"),
}
"""The words that a keyword can be; of a list, its item's."""

DECAYS = ("b1", "b2", "b3", "adam_b1", "adam_b2", "betas.0", "betas.1", "beta3", "decay", "rho", "momentum")
"""A running mean of decay 1 never moves, and is divided by nothing where its start is corrected for."""

AMOUNTS = (
    *("eps", "eps_root", "adam_eps_root", "weight_decay", "weight_decay_rate", "adam_weight_decay", "min_norm"),
    *("initial_accumulator_value", "initial_scale", "init_estim_sq_dist", "beta", "eta", "clipping_threshold"),
)
"""What is added, taken off or measured, never negative."""

COUNTS = ("rank", "ns_steps", "update_proj_gap", "min_dim_size_to_factor")

BOUNDS: dict[str, dict[str, Any]] = {
    **{key: {"minimum": 0, "exclusiveMaximum": 1} for key in DECAYS},
    **{key: {"minimum": 0} for key in AMOUNTS},
    **{key: {"minimum": 1} for key in COUNTS},
}
"""What JSON Schema has a keyword within."""

SUMMARIES = {
    "adam_b1": "decay of the first moment, for what is no matrix",
    "adam_b2": "decay of the second moment, for what is no matrix",
    "adam_eps_root": "added under the root, for what is no matrix",
    "adam_weight_decay": "decoupled decay of the weights, for what is no matrix",
    "adan.b2": "decay of the gradients' differences",
    "adan.b3": "decay of the second moment",
    "adapt_lower_bound": "learn the lower bound of the loss",
    "adaptive": "scale the orthogonalised update by its agreement with the momentum",
    "ademamix.alpha": "weight of the slow average",
    "ademamix.b3": "decay of the slow average",
    "alpha": "weight of the current gradient",
    "b1": "decay of the first moment",
    "b2": "decay of the second moment",
    "b3": "decay of the second moment",
    "beta": "decay of the momentum",
    "beta3": "decay of the estimate's averages; left out: the root of the second of betas",
    "betas": "decays of the first and the second moment",
    "bias_correction": "correct the running mean for its start at zero",
    "bias_correction_mu": "correct the first moment for its start at zero",
    "bias_correction_nu": "correct the second moment for its start at zero",
    "centered": "scale by the variance instead of the second moment",
    "clipping_threshold": "largest root mean square of an update",
    "consistent_rms": "scale updates to this root mean square; left out: by the matrix's shape",
    "decay": "decay of the running mean of squares",
    "decay_offset": "step from which the decay of the second moment is counted",
    "decay_rate": "exponent of the second moment's decay",
    "eps": "added to the denominator",
    "eps_in_sqrt": "add eps under the root instead of after it",
    "eps_root": "added under the root",
    "estim_lr0": "first estimate of the rate",
    "estim_lr_coef": "factor on the estimated rate",
    "eta": "variance of the noise at the start",
    "f_min": "the lowest loss there can be",
    "factored": "keep second moments of matrices by rows and columns",
    "gamma": "exponent by which the noise fades",
    "init_estim_sq_dist": "first estimate of the squared distance; left out: by the weights",
    "init_step": "how the first step is set, and its size",
    "initial_accumulator_value": "start of the summed squares",
    "initial_scale": "start of the running mean of squares",
    "lower_bound": "the lowest loss there can be",
    "min_dim_size_to_factor": "smallest side of a matrix whose second moments are factored",
    "min_norm": "smallest norm of weights or gradients to divide by",
    "momentum": "decay of the momentum; left out: none",
    "multiply_by_parameter_scale": "scale updates by the size of the parameters",
    "nesterov": "Nesterov's form of the momentum",
    "ns_steps": "iterations of the orthogonalisation",
    "optimistic_adam_v2.beta": "weight of the gradient's change",
    "optimistic_gradient_descent.beta": "weight of the gradient's change",
    "preconditioning": "norm that matrices are scaled by before orthogonalisation",
    "rank": "rank that gradients are projected to",
    "rho": "decay of the running means",
    "safeguard_warmup": "keep the estimate from growing during warm-up",
    "scale": "factor on the projected updates",
    "scaling": "factor on the step size",
    "simplified_ademamix.alpha": "weight of the current gradient",
    "threshold": "variance tractability above which the rectified form is used",
    "trust_coefficient": "share of a layer's norm that a step may have",
    "update_proj_gap": "steps between two projections",
    "use_clipping": "clip updates by a bound that grows with the steps",
    "variant": "rule of the step size; sps+ is zero where the loss is below f_min",
    "weight_decay": "decay of the weights",
    "weight_decay_rate": "decay of the weights; left out: none",
    "weight_lr_power": "power of the largest rate so far that weighs an iterate in the average",
}


def summary(optimizer: str, keyword: str) -> str:
    """What a keyword does in an optimiser."""
    return SUMMARIES.get(f"{optimizer}.{keyword}", SUMMARIES.get(keyword, ""))
