"""The optimisers of optax by name, with their keywords and defaults.

Generated from the signatures of optax 0.2.8; `tests/test_optimizer_table.py` holds it against the installed optax and
prints a fresh one where they differ. Kept as data so that a config is checked without importing JAX.
"""

from __future__ import annotations

from dataclasses import dataclass

Default = bool | int | float | str | None


@dataclass(frozen=True)
class Optimizer:
    """One optimiser of optax.

    Attributes:
        target: its name in optax, e.g. ``"optax.adam"``.
        summary: one line for `lrfind list`.
        options: keyword -> default, without the learning rate and without what YAML cannot say (masks, dtypes).
    """

    target: str
    summary: str
    options: dict[str, Default]


OPTIMIZERS: dict[str, Optimizer] = {
    "adabelief": Optimizer(
        "optax.adabelief",
        "Adam around the expected gradient (Zhuang et al. 2020)",
        {"b1": 0.9, "b2": 0.999, "eps": 1e-16, "eps_root": 1e-16, "nesterov": False},
    ),
    "adadelta": Optimizer(
        "optax.adadelta",
        "updates scaled by past updates (Zeiler 2012)",
        {"rho": 0.9, "eps": 1e-06, "weight_decay": 0.0},
    ),
    "adafactor": Optimizer(
        "optax.adafactor",
        "factored second moments (Shazeer & Stern 2018)",
        {
            "min_dim_size_to_factor": 128,
            "decay_rate": 0.8,
            "decay_offset": 0,
            "multiply_by_parameter_scale": True,
            "clipping_threshold": 1.0,
            "momentum": None,
            "weight_decay_rate": None,
            "eps": 1e-30,
            "factored": True,
        },
    ),
    "adagrad": Optimizer(
        "optax.adagrad",
        "gradients over the root of their summed squares (Duchi et al. 2011)",
        {"initial_accumulator_value": 0.1, "eps": 1e-07},
    ),
    "adam": Optimizer(
        "optax.adam",
        "adaptive moments (Kingma & Ba 2014)",
        {"b1": 0.9, "b2": 0.999, "eps": 1e-08, "eps_root": 0.0, "nesterov": False},
    ),
    "adamax": Optimizer(
        "optax.adamax",
        "Adam with the infinity norm (Kingma & Ba 2014)",
        {"b1": 0.9, "b2": 0.999, "eps": 1e-08},
    ),
    "adamw": Optimizer(
        "optax.adamw",
        "Adam with decoupled weight decay (Loshchilov & Hutter 2017)",
        {"b1": 0.9, "b2": 0.999, "eps": 1e-08, "eps_root": 0.0, "weight_decay": 0.0001, "nesterov": False},
    ),
    "amsgrad": Optimizer(
        "optax.amsgrad",
        "Adam with a non-decreasing second moment (Reddi et al. 2018)",
        {"b1": 0.9, "b2": 0.999, "eps": 1e-08, "eps_root": 0.0, "bias_correction_mu": True, "bias_correction_nu": True},
    ),
    "lamb": Optimizer(
        "optax.lamb",
        "Adam with a trust ratio per layer (You et al. 2019)",
        {"b1": 0.9, "b2": 0.999, "eps": 1e-06, "eps_root": 0.0, "weight_decay": 0.0},
    ),
    "lion": Optimizer(
        "optax.lion",
        "sign of an interpolated momentum (Chen et al. 2023)",
        {"b1": 0.9, "b2": 0.99, "weight_decay": 0.001},
    ),
    "muon": Optimizer(
        "optax.contrib.muon",
        "orthogonalised momentum for matrices, Adam for the rest (Jordan et al. 2024)",
        {
            "ns_steps": 5,
            "beta": 0.95,
            "eps": 1e-08,
            "weight_decay": 0.0,
            "nesterov": True,
            "adaptive": False,
            "preconditioning": "frobenius",
            "adam_b1": 0.9,
            "adam_b2": 0.999,
            "adam_eps_root": 0.0,
            "adam_weight_decay": 0.0,
            "consistent_rms": None,
        },
    ),
    "nadam": Optimizer(
        "optax.nadam",
        "Adam with Nesterov momentum (Dozat 2016)",
        {"b1": 0.9, "b2": 0.999, "eps": 1e-08, "eps_root": 0.0, "nesterov": True},
    ),
    "nadamw": Optimizer(
        "optax.nadamw",
        "AdamW with Nesterov momentum",
        {"b1": 0.9, "b2": 0.999, "eps": 1e-08, "eps_root": 0.0, "weight_decay": 0.0001, "nesterov": True},
    ),
    "radam": Optimizer(
        "optax.radam",
        "Adam with rectified variance (Liu et al. 2019)",
        {"b1": 0.9, "b2": 0.999, "eps": 1e-08, "eps_root": 0.0, "threshold": 5.0, "nesterov": False},
    ),
    "rmsprop": Optimizer(
        "optax.rmsprop",
        "gradients over their running root mean square (Tieleman & Hinton 2012)",
        {
            "decay": 0.9,
            "eps": 1e-08,
            "initial_scale": 0.0,
            "eps_in_sqrt": True,
            "centered": False,
            "momentum": None,
            "nesterov": False,
            "bias_correction": False,
        },
    ),
    "sgd": Optimizer(
        "optax.sgd",
        "gradient descent, with momentum and Nesterov's form",
        {"momentum": None, "nesterov": False},
    ),
    "yogi": Optimizer(
        "optax.yogi",
        "Adam with additive second moments (Zaheer et al. 2018)",
        {"b1": 0.9, "b2": 0.999, "eps": 0.001},
    ),
}
