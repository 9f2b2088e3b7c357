"""Sharpness: how strongly the loss curves where the training starts, and the rate that a quadratic so curved allows."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree
from numpy.typing import NDArray

from lrfind.engine import compiler
from lrfind.engine.step import TrainState

BASIS = 10
"""Lanczos vectors, each as long as the parameters, in single precision. At the start of fully connected networks the
largest eigenvalue stands apart from the rest: there six vectors gave it to four digits."""

ROUNDS = 2
"""Times that the basis is filled before giving up, after at most 21 products."""

TOLERANCE = 0.02
"""Residual over eigenvalue that will do: an eigenvalue of the matrix is that close to the one found, the largest one
where it stands apart. What is found is never above the largest."""


@dataclass(frozen=True)
class Stability:
    """The sharpness and what follows from it.

    Attributes:
        sharpness: largest eigenvalue of the Hessian, or of the preconditioned one for an adaptive method; in units of
            loss over squared weight, or of one over rate.
        limit: the rate above which the optimiser leaves a quadratic of that sharpness.
        rule: how the limit follows, e.g. ``"2 / lambda_max"``.
        products: Hessian-vector products that were taken; one costs about as much as two gradients.
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
    """Sharpness of a batch's training loss and the largest stable rate on a quadratic of that sharpness.

    ``lambda_max(H)`` for SGD (Cohen et al. 2021, arXiv:2103.00065), and ``lambda_max(P^-1/2 H P^-1/2)`` for Adam, with
    its preconditioner ``P = sqrt(nu / (1 - b2^count) + eps_root) + eps`` held still (Cohen et al. 2022,
    arXiv:2207.14484). Weights that had no gradient yet (nu = 0) do not take part: Adam has not moved them, and its eps
    alone would make any curvature along them count a hundred millionfold. Clipping and weight decay are left out. Where
    parameters have rates of their own, f times the rate, P is divided by f.

    Args:
        loss: ``(params, state, batch, key, train) -> (loss, (state, metrics))``.
        train: where to look; for Adam after some steps, which may be at rate zero.
        batch: one batch, as the loss takes it; for Adam of rows that `train` has seen.
        key: raw key of the loss.
        name: the optimiser's name in optax.
        options: its options; those left out have optax's defaults.
        platform: ``"cpu"``, ``"gpu"`` or ``"tpu"``.
        factors: what each parameter's rate is multiplied by, a tree of numbers; None where all have the same rate.

    Returns:
        None for an optimiser without a rule, where the loss has no second derivative, and where the eigenvalue was not
        found or is not positive.
    """
    found = rule_of(name, options)
    if found is None:
        return None
    factor, rule = found
    scale: Any = np.float32(1)
    if name != "sgd":
        own = settings(name, options, "b2", "eps", "eps_root")
        scale = preconditioner(train.optimizer, train.params, **own)
        if scale is None:
            return None
    if factors is not None:
        each = jax.tree.map(lambda factor, leaf: np.full(np.shape(leaf), factor, np.float32), factors, train.params)
        scale = scale * np.sqrt(ravel_pytree(each)[0])
    # On the device once, not at every product.
    inputs = jax.device_put((scale, train.params, train.state, batch, key))
    size = sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(train.params))
    try:
        lowered = jax.jit(curved(loss)).lower(jax.ShapeDtypeStruct((size,), np.float32), *inputs)
    except (TypeError, ValueError, NotImplementedError):
        return None  # What JAX raises where a rule or a callback has no derivative of its own.
    run = compiler.compile(lowered, "quick" if platform == "cpu" else "full")
    sharpness, products = largest_eigenvalue(lambda vector: np.asarray(run(vector, *inputs)), size)
    if sharpness is None or not 0 < sharpness < math.inf:
        return None
    return Stability(sharpness, factor / sharpness, rule, products)


def rule_of(name: str, options: Mapping[str, Any]) -> tuple[float, str] | None:
    """The largest stable rate on a quadratic times its sharpness, and how to write it; None where there is no formula.

    The rates at which an eigenvalue of the optimiser's linear recurrence reaches -1 (Cohen et al. 2021, appendix B, and
    2022): 2 for gradient descent, ``2 (1 + beta)`` for heavy-ball momentum, ``2 (1 + beta) / (1 + 2 beta)`` for
    Nesterov's, and ``2 (1 + b1) / (1 - b1)`` for Adam, whose momentum is an average.
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
    """The values of an optimiser's keywords, optax's default where the options do not say."""
    known = inspect.signature(getattr(optax, name)).parameters
    return {keyword: options.get(keyword, known[keyword].default) for keyword in keywords}


def preconditioner(optimizer: Any, params: Any, b2: float, eps: float, eps_root: float) -> jax.Array | None:
    """``P^-1/2`` of the Adam somewhere in an optimiser's state, shape (parameters,), 0 where nu is.

    Of the Adams of several groups, each has its own parameters; those that none has are frozen. None where there is no
    Adam, two have the same parameter, or none has made a step.
    """

    def is_adam(node: Any) -> bool:
        return isinstance(node, optax.ScaleByAdamState)

    adams = [node for node in jax.tree.leaves(optimizer, is_leaf=is_adam) if is_adam(node)]
    if not adams or int(adams[0].count) == 0:
        return None
    moments = [found for adam in adams for found in jax.tree_util.tree_leaves_with_path(adam.nu)]
    known = dict(moments)
    if len(known) < len(moments):
        return None
    still = [(path, jnp.zeros_like(leaf)) for path, leaf in jax.tree_util.tree_leaves_with_path(params)]
    nu = ravel_pytree([known.get(path, none) for path, none in still])[0].astype(np.float32)
    root = jnp.sqrt(nu / (1 - b2 ** int(adams[0].count)) + eps_root) + eps
    return jnp.where(nu > 0, root**-0.5, 0)


def curved(loss: Callable[..., tuple[jax.Array, tuple[Any, Any]]]) -> Callable[..., jax.Array]:
    """``(vector, scale, params, state, batch, key) -> scale H scale vector``, H the Hessian of the loss by `params`.

    Forward over reverse: the derivative of the gradient along a direction, of the price of two gradients and without H.
    """

    def product(vector: jax.Array, scale: jax.Array, params: Any, state: Any, batch: Any, key: Any) -> jax.Array:
        point, unravel = ravel_pytree(params)

        gradient = jax.grad(lambda weights: loss(unravel(weights), state, batch, key, True)[0])
        direction = (scale * vector).astype(point.dtype)
        image: jax.Array = scale * jax.jvp(gradient, (point,), (direction,))[1]
        return image.astype(vector.dtype)

    return product


Vector = NDArray[np.float32]


def largest_eigenvalue(product: Callable[[Vector], Vector], size: int) -> tuple[float | None, int]:
    """The largest (not the largest in size) eigenvalue of a symmetric matrix that is known by its products alone.

    ARPACK's restarted Lanczos iteration, from a start that is always the same, until the residual is small enough.

    Args:
        product: matrix times vector, shape (size,).
        size: rows of the matrix.

    Returns:
        The eigenvalue, None where it was not found or a product is not finite; and how many products were taken.
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
