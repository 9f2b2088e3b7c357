"""The choice of execution: by program and platform."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from lrfind.engine.execution import choose, primitives
from lrfind.types import Execution

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
    assert choose(program, "cpu") == Execution("loop", "each")
    assert choose(program, "gpu") == choose(program, "tpu") == Execution("scan", "vmap")


def test_everything_else_is_scanned() -> None:
    program = jax.make_jaxpr(jax.grad(lambda x: jnp.tanh(x @ x).sum()))(X)
    assert choose(program, "cpu") == Execution("scan", "each")
    assert choose(program, "gpu") == Execution("scan", "vmap")


def test_all_operations_are_seen() -> None:
    program = jax.make_jaxpr(lambda x: lax.cond(x.sum() > 0, jnp.sin, jnp.cos, x))(X)
    assert {"cond", "sin", "cos", "reduce_sum", "gt"} <= primitives(program)
