"""XLA is asked for what it knows."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lrfind.engine import execution as compiler
from tests.support.tasks import compilations


@pytest.mark.parametrize("effort", ["quick", "full"])
def test_a_program_is_compiled_once(effort: str) -> None:
    """Also with options: this JAX knows all that it is given."""
    lowered = jax.jit(lambda x: jnp.sin(x) + 1).lower(np.zeros(3, np.float32))
    with compilations() as found:
        program = compiler.compile_program(lowered, effort)  # type: ignore[arg-type]
    assert len(found) == 1
    np.testing.assert_allclose(program(np.ones(3, np.float32)), np.sin(1) + 1, rtol=1e-6)


def test_an_option_that_xla_does_not_know_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "QUICK_OPTIONS", {"xla_of_yesterday": True})
    lowered = jax.jit(lambda x: jnp.cos(x) + 1).lower(np.zeros(3, np.float32))
    assert compiler.compile_program(lowered, "quick")(np.zeros(3, np.float32)).tolist() == [2, 2, 2]
