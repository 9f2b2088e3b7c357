"""Measure sharpness at the initial weights and the largest rate that is stable there."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree
from numpy.typing import NDArray

from lrfind.engine.execution import compile_program
from lrfind.engine.step import TrainState

BASIS = 10
"""Number of Lanczos vectors, each float32 of shape (parameters,).

Six already give the largest eigenvalue of an initial fully connected network to four digits.
"""

ROUNDS = 2
"""Largest number of restarts: at most 21 Hessian-vector products in all."""

TOLERANCE = 0.02
"""Largest residual over eigenvalue.

Some eigenvalue lies that close to the result, the largest one if it is separated; the result never exceeds the largest.
"""


@dataclass(frozen=True)
class Stability:
    """Sharpness and the stability limit that follows from it.

    Attributes:
        sharpness: largest eigenvalue of the Hessian, in loss per squared weight, or of the preconditioned Hessian of an
            adaptive optimiser, in 1 / rate.
        limit: rate above which the optimiser diverges on a quadratic of that sharpness.
        rule: formula of the limit, such as ``"2 / lambda_max"``.
        products: number of Hessian-vector products; each costs about two gradients.
    """

    sharpness: float
    limit: float
    rule: str
    products: int


def stability(
    loss: Callable[..., tuple[jax.Array, tuple[Any, Any]]],
    train: TrainState,
    batch: Any,
    key: Any,
    name: str,
    options: Mapping[str, Any],
    platform: str,
    factors: Any = None,
) -> Stability | None:
    """Return the sharpness of a batch's training loss and the largest stable rate.

    The sharpness is ``lambda_max(H)`` for SGD and ``lambda_max(P^-1/2 H P^-1/2)`` for Adam, H the Hessian and ``P =
    sqrt(nu / (1 - b2^count) + eps_root) + eps`` the fixed preconditioner. Parameters without a gradient so far (nu = 0)
    are left out: Adam has not moved them, and eps alone would multiply their curvature by 1e8. Clipping and weight
    decay are ignored. For parameters with their own factor f on the rate, P is divided by f.

    Args:
        loss: function ``(params, state, batch, key, train) -> (loss, (state, metrics))``.
        train: training state; for Adam after some steps, which may have rate zero.
        batch: batch as the loss takes it; for Adam, rows that `train` has seen.
        key: raw key of the loss.
        name: name of the optimiser in optax.
        options: keywords of the optimiser; others have optax's defaults.
        platform: ``"cpu"``, ``"gpu"`` or ``"tpu"``.
        factors: factor on each parameter's rate, a pytree of numbers; None for one rate.

    Returns:
        Sharpness and limit; None for an optimiser without a formula, a loss without a second derivative, or an
        eigenvalue that was not found or is not positive.

    Reference:
        Cohen et al. 2021, "Gradient descent on neural networks typically occurs at the edge of stability",
        arXiv:2103.00065, for SGD; Cohen et al. 2022, arXiv:2207.14484, for Adam.
    """
    formula = rule_of(name, options)
    scale: Any = np.float32(1)
    if formula is not None and name != "sgd":
        scale = preconditioner(train.optimizer, train.params, **settings(name, options, "b2", "eps", "eps_root"))
    if formula is None or scale is None:
        return None
    factor, rule = formula
    if factors is not None:
        per_weight = jax.tree.map(lambda value, leaf: np.full(np.shape(leaf), value, np.float32), factors, train.params)
        scale = scale * np.sqrt(ravel_pytree(per_weight)[0])
    # On the device once, not at every product.
    inputs = jax.device_put((scale, train.params, train.state, batch, key))
    size = sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(train.params))
    try:
        lowered = jax.jit(partial(hessian_product, loss)).lower(jax.ShapeDtypeStruct((size,), np.float32), *inputs)
    except (TypeError, ValueError, NotImplementedError):
        return None  # What JAX raises where a rule or a callback has no derivative of its own.
    run = compile_program(lowered, "quick" if platform == "cpu" else "full")
    sharpness, products = largest_eigenvalue(lambda vector: np.asarray(run(vector, *inputs)), size)
    if sharpness is None or not 0 < sharpness < math.inf:
        return None
    return Stability(sharpness, factor / sharpness, rule, products)


def rule_of(name: str, options: Mapping[str, Any]) -> tuple[float, str] | None:
    """Return the largest stable rate times sharpness and its formula; None if there is none.

    At this rate an eigenvalue of the optimiser's linear recurrence on a quadratic reaches -1: 2 for gradient descent,
    ``2 (1 + beta)`` for heavy-ball momentum beta, ``2 (1 + beta) / (1 + 2 beta)`` for Nesterov momentum, ``2 (1 + b1) /
    (1 - b1)`` for Adam, whose momentum is an average.

    Args:
        name: name of the optimiser in optax.
        options: keywords of the optimiser.

    Reference:
        Cohen et al. 2021, appendix B; Cohen et al. 2022.
    """
    if name == "sgd":
        own = settings(name, options, "momentum", "nesterov")
        if not own["momentum"]:
            return 2.0, "2 / lambda_max"
        beta = float(own["momentum"])
        if own["nesterov"]:
            return 2 * (1 + beta) / (1 + 2 * beta), "2 (1 + beta) / (1 + 2 beta) / lambda_max"
        return 2 * (1 + beta), "2 (1 + beta) / lambda_max"
    if name in ("adam", "adamw"):
        own = settings(name, options, "b1", "nesterov")
        if own["nesterov"] or own["b1"] >= 1:
            return None
        factor = 2 * (1 + own["b1"]) / (1 - own["b1"])
        return factor, f"{factor:.4g} / lambda_max (preconditioned)"
    return None


def settings(name: str, options: Mapping[str, Any], *keywords: str) -> dict[str, Any]:
    """Return the values of an optimiser's keywords, with optax's defaults.

    Args:
        name: name of the optimiser in optax.
        options: keywords that the user set.
        *keywords: names of the keywords to return.
    """
    known = inspect.signature(getattr(optax, name)).parameters
    return {keyword: options.get(keyword, known[keyword].default) for keyword in keywords}


def preconditioner(optimizer: Any, params: Any, b2: float, eps: float, eps_root: float) -> jax.Array | None:
    """Return ``P^-1/2`` of the Adam in an optimiser state, shape (parameters,).

    It is 0 where nu is 0.

    Several parameter groups have one Adam each; parameters without one are frozen.

    Args:
        optimizer: optimiser state, a pytree.
        params: parameters, a pytree.
        b2: decay of the second moment.
        eps: term added outside of the root.
        eps_root: term added inside of the root.

    Returns:
        The scale; None without an Adam, before its first step, or if two of them share a parameter.
    """

    def is_adam(node: Any) -> bool:
        return isinstance(node, optax.ScaleByAdamState)

    adams = [node for node in jax.tree.leaves(optimizer, is_leaf=is_adam) if is_adam(node)]
    if not adams or int(adams[0].count) == 0:
        return None
    moments = [moment for adam in adams for moment in jax.tree_util.tree_leaves_with_path(adam.nu)]
    known = dict(moments)
    if len(known) < len(moments):
        return None
    still = [(path, jnp.zeros_like(leaf)) for path, leaf in jax.tree_util.tree_leaves_with_path(params)]
    nu = ravel_pytree([known.get(path, none) for path, none in still])[0].astype(np.float32)
    root = jnp.sqrt(nu / (1 - b2 ** int(adams[0].count)) + eps_root) + eps
    return jnp.where(nu > 0, root**-0.5, 0)


def hessian_product(
    loss: Callable[..., Any], vector: jax.Array, scale: Any, params: Any, state: Any, batch: Any, key: Any
) -> jax.Array:
    """Return the product ``scale H scale vector`` with the Hessian H of a loss.

    Forward over reverse mode: the directional derivative of the gradient, for the cost of two gradients.
    """
    point, unravel = ravel_pytree(params)
    gradient = jax.grad(lambda weights: loss(unravel(weights), state, batch, key, True)[0])
    direction = (scale * vector).astype(point.dtype)
    image: jax.Array = scale * jax.jvp(gradient, (point,), (direction,))[1]
    return image.astype(vector.dtype)


Vector = NDArray[np.float32]
"""Float32 array of shape (size,)."""


def largest_eigenvalue(product: Callable[[Vector], Vector], size: int) -> tuple[float | None, int]:
    """Return the algebraically largest eigenvalue of a symmetric matrix, given by its products.

    Uses ARPACK's restarted Lanczos iteration from a fixed start until the residual is below `TOLERANCE`.

    Args:
        product: function from a vector of shape (size,) to matrix times vector.
        size: number of rows of the matrix.

    Returns:
        The eigenvalue, None if it was not found or a product is not finite; and the number of products.
    """
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh  # type: ignore[import-untyped]

    products = 0

    def counted(vector: Vector) -> Vector:
        nonlocal products
        products += 1
        image = product(vector.ravel().astype(np.float32))
        if not np.isfinite(image).all():
            raise FloatingPointError("a Hessian-vector product is not finite")
        return image

    try:
        if size <= BASIS:  # No more products than Lanczos takes, and exact.
            matrix = np.stack([counted(row) for row in np.eye(size, dtype=np.float32)])
            return float(np.linalg.eigvalsh(matrix)[-1]), products
        options: dict[str, Any] = {"ncv": BASIS, "maxiter": ROUNDS, "tol": TOLERANCE}
        options["v0"] = np.random.default_rng(0).standard_normal(size).astype(np.float32)
        if "rng" in inspect.signature(eigsh).parameters:  # SciPy 1.17 or newer draws where a basis closes early.
            options["rng"] = np.random.default_rng(0)
        operator = LinearOperator((size, size), matvec=counted, dtype=np.float32)
        values = eigsh(operator, k=1, which="LA", return_eigenvectors=False, **options)
    except (ArpackError, FloatingPointError):
        return None, products
    return float(values[0]), products
