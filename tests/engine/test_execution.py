"""The choice of execution: by program and platform."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from lrfind.core.result import Execution
from lrfind.engine.execution import QUICK_FLOPS, QUICK_STEPS, choose, equations, flops

X = jnp.ones((1, 1, 6, 6))


def convolution(x: Any) -> Any:
    return lax.conv(x, jnp.ones((1, 1, 3, 3)), (1, 1), "SAME")


@jax.custom_vjp
def with_own_gradient(x: Any) -> Any:
    return convolution(x)


with_own_gradient.defvjp(lambda x: (convolution(x), x), lambda x, g: (g,))


@jax.custom_jvp
def with_own_tangent(x: Any) -> Any:
    return convolution(x)


with_own_tangent.defjvp(lambda primals, tangents: (convolution(*primals), convolution(*tangents)))

CONVOLUTIONS: dict[str, Callable[[Any], Any]] = {
    "bare": convolution,
    "gradient": jax.grad(lambda x: convolution(x).sum()),
    "jit": lambda x: jax.jit(convolution)(x),
    "scan": lambda x: lax.scan(lambda carry, _: (convolution(carry), None), x, None, length=2)[0],
    "while": lambda x: lax.while_loop(lambda y: y.sum() < 0, convolution, x),
    "fori": lambda x: lax.fori_loop(0, x.size, lambda i, y: convolution(y), x),
    "cond": lambda x: lax.cond(x.sum() > 0, lambda y: y, convolution, x),
    "custom_vjp": with_own_gradient,
    "custom_jvp": with_own_tangent,
    "checkpoint": jax.checkpoint(convolution),
    "vmap": jax.vmap(lambda x: convolution(x[None])),
    "deep": lambda x: lax.scan(
        lambda c, _: (lax.cond(c.sum() > 0, jax.jit(convolution), jnp.sin, c), None), x, None, 2
    )[0],
}


@pytest.mark.parametrize("where", CONVOLUTIONS)
def test_a_convolution_is_looped_on_a_cpu_alone(where: str) -> None:
    program = jax.make_jaxpr(CONVOLUTIONS[where])(X)
    assert choose(program, "cpu") == Execution("loop", "each", "full")
    assert choose(program, "gpu") == choose(program, "tpu") == Execution("scan", "vmap", "full")


def test_everything_else_is_scanned() -> None:
    program = jax.make_jaxpr(jax.grad(lambda x: jnp.tanh(x @ x).sum()))(X)
    assert choose(program, "cpu") == Execution("scan", "each", "full")
    assert choose(program, "gpu") == Execution("scan", "vmap", "full")


def test_a_short_run_is_compiled_quickly_on_a_cpu_alone() -> None:
    large = jax.make_jaxpr(lambda x: x @ x)(jnp.ones((1000, 1000)))
    lane_steps = QUICK_FLOPS / 2e9
    assert choose(large, "cpu", lane_steps).compiler == "quick"
    assert choose(large, "cpu", lane_steps * 1.01).compiler == "full"
    assert choose(large, "gpu", 1).compiler == "full"
    small = jax.make_jaxpr(lambda x: x @ x)(jnp.ones((2, 2)))
    assert choose(small, "cpu", QUICK_STEPS).compiler == "quick"
    assert choose(small, "cpu", QUICK_STEPS + 1).compiler == "full"


def test_all_operations_are_seen() -> None:
    program = jax.make_jaxpr(lambda x: lax.cond(x.sum() > 0, jnp.sin, jnp.cos, x))(X)
    names = {equation.primitive.name for equation in equations(program.jaxpr)}
    assert {"cond", "sin", "cos", "reduce_sum", "gt"} <= names


A, B = jnp.ones((3, 5)), jnp.ones((5, 7))
IMAGES, FILTERS = jnp.ones((2, 4, 9, 9)), jnp.ones((8, 4, 3, 3))


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda: A @ B, 2 * 3 * 5 * 7),
        (lambda: jnp.einsum("bij,bjk->bik", jnp.ones((4, 3, 5)), jnp.ones((4, 5, 7))), 4 * 2 * 3 * 5 * 7),
        (lambda: lax.scan(lambda c, _: (c @ jnp.ones((3, 3)), None), jnp.ones((3, 3)), None, 6), 6 * 2 * 27),
        (lambda: lax.fori_loop(0, jnp.array(9), lambda i, c: c @ c, jnp.ones((3, 3))), 2 * 27),
        (lambda: lax.conv(IMAGES, FILTERS, (1, 1), "VALID"), 2 * (2 * 8 * 7 * 7) * (4 * 3 * 3)),
        (lambda: jnp.tanh(A), 0),
    ],
)
def test_products_are_counted(function: Callable[[], Any], expected: float) -> None:
    assert flops(jax.make_jaxpr(function)().jaxpr) == pytest.approx(expected)
