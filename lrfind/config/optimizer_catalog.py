"""The optimisers of optax by name, with their keywords and defaults.

Generated from the signatures of optax 0.2.8; `tests/config/test_optimizer_catalog.py` holds it against the installed
optax and prints a fresh one where they differ. Kept as data so that a config is checked without importing JAX.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Default = bool | int | float | str | tuple[str | float, ...] | None


@dataclass(frozen=True)
class Optimizer:
    """One optimiser of optax, which steps from gradient, parameters and the batch's loss.

    Attributes:
        target: its name in optax, e.g. ``"optax.adam"``; its first argument is the rate.
        summary: one line for `lrfind list`.
        options: keyword -> default, without the learning rate and without what YAML cannot say (masks, dtypes).
        mask: the keyword that says which parameters decay; None where there is none for all of them.
        given: keywords that optax asks for and no config needs to choose.
    """

    target: str
    summary: str
    options: dict[str, Default]
    mask: str | None = None
    given: Mapping[str, int] = field(default_factory=dict)


REFUSED = {
    "cocob": "it has no learning rate: bets on the gradients' signs set its steps, and the rate cancels out of them",
    "dpsgd": "it needs the gradient of every row by itself, and a training has the batch's",
    "lbfgs": "its line search evaluates the loss at other weights within a step, and chooses the rate itself",
    "mechanize": "it tunes the rate of another optimiser itself; sweep that one",
    "optimistic_adam": "optax has replaced it; use optimistic_adam_v2",
    "rprop": "its rate is only the size of the first step, and the steps themselves change it from then on",
    "sam": "it takes two gradients a step around another optimiser; sweep that one",
    "schedule_free": "it wraps another optimiser; use schedule_free_sgd or schedule_free_adamw",
    "sophia": "it estimates curvature from the loss function itself, which its step would have to be given",
}
"""What optax has besides, and why it is not here."""

OPTIMIZERS: dict[str, Optimizer] = {
    "acprop": Optimizer(
        "optax.contrib.acprop",
        "Adam that divides by the previous second moment (Zhuang et al. 2021)",
        {"b1": 0.9, "b2": 0.999, "eps": 1e-16, "eps_root": 1e-16, "weight_decay": 0.0},
        mask="mask",
    ),
    "adabelief": Optimizer(
        "optax.adabelief",
        "Adam around the expected gradient (Zhuang et al. 2020)",
        {"b1": 0.9, "b2": 0.999, "eps": 1e-16, "eps_root": 1e-16, "nesterov": False},
    ),
    "adadelta": Optimizer(
        "optax.adadelta",
        "updates scaled by past updates (Zeiler 2012)",
        {"rho": 0.9, "eps": 1e-06, "weight_decay": 0.0},
        mask="weight_decay_mask",
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
        mask="weight_decay_mask",
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
        "optax.adamax", "Adam with the infinity norm (Kingma & Ba 2014)", {"b1": 0.9, "b2": 0.999, "eps": 1e-08}
    ),
    "adamaxw": Optimizer(
        "optax.adamaxw",
        "Adamax with decoupled weight decay",
        {"b1": 0.9, "b2": 0.999, "eps": 1e-08, "weight_decay": 0.0001},
        mask="mask",
    ),
    "adamw": Optimizer(
        "optax.adamw",
        "Adam with decoupled weight decay (Loshchilov & Hutter 2017)",
        {"b1": 0.9, "b2": 0.999, "eps": 1e-08, "eps_root": 0.0, "weight_decay": 0.0001, "nesterov": False},
        mask="mask",
    ),
    "adan": Optimizer(
        "optax.adan",
        "adaptive Nesterov momentum (Xie et al. 2022)",
        {"b1": 0.98, "b2": 0.92, "b3": 0.99, "eps": 1e-08, "eps_root": 1e-08, "weight_decay": 0.0},
        mask="mask",
    ),
    "ademamix": Optimizer(
        "optax.contrib.ademamix",
        "Adam with a second, slow average of gradients (Pagliardini et al. 2024)",
        {"b1": 0.9, "b2": 0.999, "b3": 0.9999, "alpha": 5.0, "eps": 1e-08, "eps_root": 0.0, "weight_decay": 0.0},
        mask="mask",
    ),
    "adopt": Optimizer(
        "optax.contrib.adopt",
        "Adam that divides before it averages (Taniguchi et al. 2024)",
        {"b1": 0.9, "b2": 0.9999, "eps": 1e-06, "nesterov": False, "use_clipping": True},
    ),
    "amsgrad": Optimizer(
        "optax.amsgrad",
        "Adam with a non-decreasing second moment (Reddi et al. 2018)",
        {"b1": 0.9, "b2": 0.999, "eps": 1e-08, "eps_root": 0.0, "bias_correction_mu": True, "bias_correction_nu": True},
    ),
    "dadapt_adamw": Optimizer(
        "optax.contrib.dadapt_adamw",
        "AdamW times a rate that it estimates itself (Defazio & Mishchenko 2023)",
        {"betas": (0.9, 0.999), "eps": 1e-08, "estim_lr0": 1e-06, "weight_decay": 0.0},
    ),
    "dog": Optimizer(
        "optax.contrib.dog",
        "SGD times a rate from the distance to the start (Ivgi et al. 2023)",
        {"init_step": ("heuristic", 1e-06), "eps": 1e-08, "weight_decay": None},
        mask="mask",
    ),
    "dowg": Optimizer(
        "optax.contrib.dowg",
        "SGD times a rate from weighted distances (Khaled et al. 2023)",
        {"init_estim_sq_dist": None, "eps": 0.0001, "weight_decay": None},
        mask="mask",
    ),
    "fromage": Optimizer(
        "optax.fromage", "steps relative to each layer's weights (Bernstein et al. 2020)", {"min_norm": 1e-06}
    ),
    "galore": Optimizer(
        "optax.contrib.galore",
        "Adam on gradients projected to a low rank (Zhao et al. 2024)",
        {"rank": 128, "update_proj_gap": 200, "scale": 1.0, "weight_decay": 0.0},
        mask="mask",
    ),
    "lamb": Optimizer(
        "optax.lamb",
        "Adam with a trust ratio per layer (You et al. 2019)",
        {"b1": 0.9, "b2": 0.999, "eps": 1e-06, "eps_root": 0.0, "weight_decay": 0.0},
        mask="mask",
    ),
    "lars": Optimizer(
        "optax.lars",
        "momentum with a trust ratio per layer (You et al. 2017)",
        {"weight_decay": 0.0, "trust_coefficient": 0.001, "eps": 0.0, "momentum": 0.9, "nesterov": False},
        mask="weight_decay_mask",
    ),
    "lion": Optimizer(
        "optax.lion",
        "sign of an interpolated momentum (Chen et al. 2023)",
        {"b1": 0.9, "b2": 0.99, "weight_decay": 0.001},
        mask="mask",
    ),
    "madgrad": Optimizer(
        "optax.contrib.madgrad",
        "momentum on dual averages (Defazio & Jelassi 2021)",
        {"momentum": 0.9, "weight_decay": 0.0, "eps": 1e-06},
    ),
    "momo": Optimizer(
        "optax.contrib.momo",
        "momentum whose rate is a cap; update takes value= (Schaipp et al. 2023)",
        {"beta": 0.9, "lower_bound": 0.0, "weight_decay": 0.0, "adapt_lower_bound": False},
    ),
    "momo_adam": Optimizer(
        "optax.contrib.momo_adam",
        "Adam whose rate is a cap; update takes value= (Schaipp et al. 2023)",
        {"b1": 0.9, "b2": 0.999, "eps": 1e-08, "lower_bound": 0.0, "weight_decay": 0.0, "adapt_lower_bound": False},
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
        mask="mask",
    ),
    "noisy_sgd": Optimizer(
        "optax.noisy_sgd",
        "gradient descent with annealed noise (Neelakantan et al. 2015)",
        {"eta": 0.01, "gamma": 0.55},
        given={"key": 0},
    ),
    "novograd": Optimizer(
        "optax.novograd",
        "Adam with one second moment per layer (Ginsburg et al. 2019)",
        {"b1": 0.9, "b2": 0.25, "eps": 1e-06, "eps_root": 0.0, "weight_decay": 0.0},
    ),
    "optimistic_adam_v2": Optimizer(
        "optax.optimistic_adam_v2",
        "Adam on gradients corrected by their change (Daskalakis et al. 2017)",
        {"alpha": 1.0, "beta": 1.0, "b1": 0.9, "b2": 0.999, "eps": 1e-08, "eps_root": 0.0, "nesterov": True},
    ),
    "optimistic_gradient_descent": Optimizer(
        "optax.optimistic_gradient_descent",
        "gradients corrected by their change (Mokhtari et al. 2019)",
        {"alpha": 1.0, "beta": 1.0},
    ),
    "polyak_sgd": Optimizer(
        "optax.polyak_sgd",
        "Polyak's step size, of which the rate is a cap; update takes value= (Loizou et al. 2021)",
        {"scaling": 1.0, "f_min": 0.0, "eps": 0.0, "variant": "sps"},
    ),
    "prodigy": Optimizer(
        "optax.contrib.prodigy",
        "Adam times a rate that it estimates itself (Mishchenko & Defazio 2023)",
        {
            "betas": (0.9, 0.999),
            "beta3": None,
            "eps": 1e-08,
            "estim_lr0": 1e-06,
            "estim_lr_coef": 1.0,
            "weight_decay": 0.0,
            "safeguard_warmup": False,
        },
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
    "schedule_free_adamw": Optimizer(
        "optax.contrib.schedule_free_adamw",
        "AdamW that averages its iterates and is evaluated there (Defazio et al. 2024)",
        {"b1": 0.9, "b2": 0.999, "eps": 1e-08, "weight_decay": 0.0, "weight_lr_power": 2.0},
    ),
    "schedule_free_sgd": Optimizer(
        "optax.contrib.schedule_free_sgd",
        "SGD that averages its iterates and is evaluated there (Defazio et al. 2024)",
        {"b1": 0.9, "weight_decay": None, "weight_lr_power": 2.0},
    ),
    "sgd": Optimizer(
        "optax.sgd", "gradient descent, with momentum and Nesterov's form", {"momentum": None, "nesterov": False}
    ),
    "sign_sgd": Optimizer("optax.sign_sgd", "sign of the gradient (Bernstein et al. 2018)", {}),
    "signum": Optimizer("optax.signum", "sign of the momentum (Bernstein et al. 2018)", {"beta": 0.9}),
    "simplified_ademamix": Optimizer(
        "optax.contrib.simplified_ademamix",
        "one average in place of AdEMAMix's two (Morwani et al. 2025)",
        {"b1": 0.99, "b2": 0.95, "alpha": 0.0, "eps": 1e-08, "eps_root": 0.0, "weight_decay": 0.0},
        mask="mask",
    ),
    "sm3": Optimizer("optax.sm3", "memory-saving Adagrad (Anil et al. 2019)", {"momentum": 0.9}),
    "yogi": Optimizer(
        "optax.yogi", "Adam with additive second moments (Zaheer et al. 2018)", {"b1": 0.9, "b2": 0.999, "eps": 0.001}
    ),
}
