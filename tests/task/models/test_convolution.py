"""The 3x3 convolution: by hand, and both forms against each other."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lrfind.task.models import convolutional
from lrfind.task.models.convolutional import by_convolution, by_product, convolve, on_cpu, outs, pick

RNG = np.random.default_rng(5)
KERNEL = RNG.standard_normal((3, 3, 2, 4)).astype(np.float32)
SHAPES = [(5, 6), (4, 4), (1, 3), (1, 1)]


def images(shape: tuple[int, int]) -> Any:
    return RNG.standard_normal((2, *shape, 2)).astype(np.float32)


def by_hand(x: Any, train_loop: Any, stride: int) -> Any:
    """Pixel by pixel."""
    framed = np.pad(x.astype(float), ((0, 0), (1, 1), (1, 1), (0, 0)))
    rows, columns = range(0, x.shape[1], stride), range(0, x.shape[2], stride)
    return np.stack(
        [
            np.stack([np.einsum("nijc,ijco->no", framed[:, i : i + 3, j : j + 3], train_loop) for j in columns], axis=1)
            for i in rows
        ],
        axis=1,
    )


@pytest.mark.parametrize("form", [by_product, by_convolution])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_it_is_what_the_pixels_say(shape: tuple[int, int], stride: int, form: Any) -> None:
    x = images(shape)
    found = jax.jit(form, static_argnums=2)(x, KERNEL, stride)
    assert found.shape == (2, outs(shape[0], stride), outs(shape[1], stride), 4)
    np.testing.assert_allclose(found, by_hand(x, KERNEL, stride), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("stride", [1, 2])
def test_both_forms_have_one_gradient_and_one_curvature(stride: int) -> None:
    x, direction = images((5, 6)), RNG.standard_normal(KERNEL.shape).astype(np.float32)

    def slopes(form: Any) -> Any:
        def loss(x: Any, train_loop: Any) -> Any:
            return jnp.sum(jnp.tanh(form(x, train_loop, stride)))

        gradient = jax.grad(loss, (0, 1))
        return gradient(x, KERNEL), jax.jvp(lambda train_loop: gradient(x, train_loop), (KERNEL,), (direction,))[1]

    found = jax.jit(lambda: [jax.tree.leaves(slopes(form)) for form in (by_product, by_convolution)])()
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


def test_the_form_is_chosen_by_the_platform_in_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    x = images((4, 4))

    def names() -> set[str]:
        program = jax.make_jaxpr(lambda x: convolve(x, KERNEL, 2))(x)
        return {equation.primitive.name for equation in program.jaxpr.eqns}

    assert on_cpu()  # tests run there
    assert "conv_general_dilated" not in names()
    monkeypatch.setattr(convolutional, "on_cpu", lambda: False)
    jax.clear_caches()
    assert "conv_general_dilated" in names()


def test_every_second_pixel() -> None:
    x = images((5, 6))
    assert pick(x, 1) is x
    np.testing.assert_array_equal(pick(x, 2), x[:, ::2, ::2])
